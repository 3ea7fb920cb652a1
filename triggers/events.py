"""The timer that sends lifecycle events, and who is told of a new environment's."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from activities.cloud import cloud
from activities.steps import records
from isthmus.errors import ConfigurationError
from isthmus.requests import receiver
from isthmus.spec import Spec

blueprint = df.Blueprint()
LEAD_MINUTES = 60
ENOUGH = 120.0
"""Seconds after which a run leaves the rest to the next one: well below the time that a function may take."""


@blueprint.timer_trigger(schedule="%ISTHMUS_EVENTS_SCHEDULE%", arg_name="timer")
async def send_events(timer: func.TimerRequest) -> None:
    await asyncio.to_thread(_send, os.environ)


def _send(environment: Mapping[str, str]) -> None:
    from activities import web  # brings an HTTP client, which no request needs
    from activities.outbox import Sender

    began = time.monotonic()
    with web.session(private=environment.get("ISTHMUS_EVENTS_PRIVATE", "").lower() == "allow") as session:
        Sender(
            cloud(),
            records(),
            session,
            environment.get("WEBSITE_HOSTNAME") or "isthmus",
            lead(environment),
            lambda: datetime.now(UTC),
            lambda: time.monotonic() - began > ENOUGH,
        ).run()


def lead(environment: Mapping[str, str]) -> timedelta:
    """How long before the end of a lease it is told of. Raises ConfigurationError."""
    text = environment.get("ISTHMUS_EXPIRING_MINUTES") or str(LEAD_MINUTES)
    if not text.isdecimal() or not int(text):
        raise ConfigurationError(f"ISTHMUS_EXPIRING_MINUTES is {text!r}; a number of minutes, 1 or more, is wanted.")
    return timedelta(minutes=int(text))


def receiver_of(spec: Spec, environment: Mapping[str, str]) -> dict[str, Any] | None:
    """Who is told of this environment's events: whom its request names, or else the settings; None: nobody. Raises
    ConfigurationError."""
    if spec.events:
        return spec.events.model_dump() | {"named_by": "request"}
    url, secret = environment.get("ISTHMUS_EVENTS_URL"), environment.get("ISTHMUS_EVENTS_SECRET")
    if not url:
        return None
    named = {"url": url} | ({"secret": secret} if secret else {})
    found, findings = receiver(named)
    if found is None:
        wrong = "; ".join(f"{one.pointer[1:]}: {one.detail}" for one in findings)
        raise ConfigurationError(f"ISTHMUS_EVENTS_URL and ISTHMUS_EVENTS_SECRET name no receiver: {wrong}")
    return found.model_dump() | {"named_by": "settings"}
