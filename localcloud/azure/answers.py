"""Where the model's words come from: a small built-in text, or any server that speaks OpenAI's API."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

Messages = list[dict[str, Any]]
Answerer = Callable[[Messages], Awaitable[str]]

STAND_IN = "(This text comes from a local stand-in for Azure OpenAI, not from a model.)"
RAZOR = (
    "Ockham's Razor is the principle that among explanations that fit the evidence equally well, the one with the "
    "fewest assumptions is to be preferred. It is named after William of Ockham, a Franciscan friar of the 14th "
    "century, "
    "and is usually put as: entities should not be multiplied beyond necessity. It is a rule of thumb for "
    "choosing what "
    "to try first, not a proof that the simpler explanation is true."
)
GENERIC = "I can't think: I am the part of a local cloud that stands where the model would."
CODE = re.compile(r"\bcode\b[^A-Z0-9]{0,40}?([A-Z0-9][A-Z0-9-]{5,63})\b")


async def built_in(messages: Messages) -> str:
    """Answers the walkthrough's question; repeats a code when it is asked to ("... the code ABC123")."""
    asked = " ".join(str(message.get("content") or "") for message in messages)
    text = RAZOR if re.search(r"oc(k|c)h?am", asked, re.IGNORECASE) else GENERIC
    code = CODE.search(asked)
    return f"{text} {STAND_IN}" + (f" {code[1]}" if code else "")


def from_server(url: str, model: str, key: str | None = None) -> Answerer:
    """Asks an OpenAI-compatible server; `url`: its base, such as http://127.0.0.1:11434/v1."""

    async def answer(messages: Messages) -> str:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                f"{url.rstrip('/')}/chat/completions", json={"model": model, "messages": messages}, headers=headers
            ) as response,
        ):
            response.raise_for_status()
            body = await response.json()
        return f"{body['choices'][0]['message']['content']} (Answered by {model} for the local cloud.)"

    return answer
