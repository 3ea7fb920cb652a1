"""Secrets, searched for in everything that is written down: raw, in base64 at any offset, in URLs and in JSON.

Every life of the reliability runs is searched when it has ended. What is no secret and must be found by the same search
is the control.
"""

from __future__ import annotations

import base64
import json
import logging
import urllib.parse
from collections.abc import Callable, Iterator

from tests.localazure.engine import Engine

SHORTEST = 12
"""Letters; a shorter word is no canary: it would be found by chance."""
SIGNATURE = "signature of an operation URL"
OPERATIONS = "/operations/"


class Ear(logging.Handler):
    """Hears everything that is logged, arguments and tracebacks included. `traces`: the spans so far, as JSON."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))
        self.heard: list[str] = []
        self.traces: Callable[[], list[str]] = list

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(self.format(record))


def forms(secret: str) -> set[str]:
    """How a secret may look where somebody wrote it down."""
    found = {secret, urllib.parse.quote(secret, safe=""), json.dumps(secret)[1:-1]}
    for offset in range(3):
        encoded = base64.b64encode(b"x" * offset + secret.encode()).decode().rstrip("=")
        # The first and last characters of a base64 run depend on the neighbours.
        found.add(encoded[4 if offset else 0 : -4])
    return found


def places(engine: Engine, ear: Ear) -> Iterator[tuple[str, str]]:
    """Everything that is written down or shown: (where, text)."""
    for name, (content, _) in engine.container.blobs.items():
        yield f"record {name}", content.decode()
    yield "history", "\n".join(engine.told)
    yield "inputs", json.dumps([[one.given, one.output] for one in engine.hub.instances.values()])
    yield "tracebacks", "\n".join(engine.bugs)
    yield "bodies sent to ARM", "\n".join(engine.azure.front.bodies)
    yield "Azure's own log", json.dumps(list(engine.azure.front.log))
    yield "logs", "\n".join(ear.heard)
    yield "traces", "\n".join(ear.traces())


def secrets(engine: Engine) -> dict[str, str]:
    """Value -> what it is: all that the vault, accounts, tokens and operations of this life ever had."""
    known = engine.azure.cloud.canaries | dict.fromkeys(engine.administrator.tickets(), "ticket")
    return {value: what for value, what in known.items() if len(value) >= SHORTEST}


def hits(engine: Engine, ear: Ear) -> list[str]:
    """Where a secret was found; and whether the search finds nothing at all."""
    searched = list(places(engine, ear))
    found = []
    for value, what in secrets(engine).items():
        looks = forms(value)
        for where, text in searched:
            # Operation URLs are signed, and kept where nobody but the app looks.
            kept = what == SIGNATURE and OPERATIONS in where
            if not kept and any(form in text for form in looks):
                found.append(f"{what} in {where}")
    if not any(control(engine) in text for _, text in searched):
        found.append("the search does not find its control")
    return found


def control(engine: Engine) -> str:
    """Stands in records, histories and bodies, and is no secret."""
    return engine.azure.cloud.subscription
