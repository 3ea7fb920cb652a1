"""How answers and problems look: JSON, and problem details (RFC 9457) where something is wrong."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import azure.functions as func

from isthmus.problems import CONTENT_TYPE, Finding, Problem

LOOK_AGAIN = {"Retry-After": "10"}
"""Seconds after which something new may be seen of what is under way."""


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> func.HttpResponse:
    return func.HttpResponse(
        json.dumps(body, indent=1), status_code=status, mimetype="application/json", headers=dict(headers or {})
    )


def conditional(req: func.HttpRequest, body: Any, headers: Mapping[str, str]) -> func.HttpResponse:
    """200 with an ETag, or 304 to whoever has the same document already."""
    text = json.dumps(body, indent=1)
    tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    more = dict(headers) | {"ETag": tag, "Cache-Control": "no-cache"}
    known = {word.strip().removeprefix("W/") for word in (req.headers.get("If-None-Match") or "").split(",")}
    if known & {tag, "*"}:
        return func.HttpResponse(status_code=304, headers=more)
    return func.HttpResponse(text, mimetype="application/json", headers=more)


def problem(
    status: int,
    kind: str,
    title: str,
    detail: str,
    findings: tuple[Finding, ...] = (),
    headers: Mapping[str, str] | None = None,
) -> func.HttpResponse:
    return refusal(Problem(status, kind, title, detail, findings), headers)


def refusal(found: Problem, headers: Mapping[str, str] | None = None) -> func.HttpResponse:
    text = json.dumps(found.as_json(), indent=1)
    return func.HttpResponse(text, status_code=found.status, mimetype=CONTENT_TYPE, headers=dict(headers or {}))


def bad_request(findings: list[Finding]) -> func.HttpResponse:
    return refusal(unfit_request(findings))


def unfit_request(findings: list[Finding]) -> Problem:
    detail = f"{len(findings)} finding{'s' if len(findings) > 1 else ''}; nothing was done."
    return Problem(400, "bad-request", "The request can't be carried out", detail, tuple(findings))


def no_such(name: str) -> Problem:
    return Problem(404, "no-such-environment", "No such environment", f"There is no environment named {name!r}.")
