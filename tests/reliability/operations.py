"""What the app asks of Azure: every operation of an undisturbed life, by method and kind of thing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from activities.records import Life
from tests.localazure.engine import Engine

Stage = Literal["build", "teardown"]
STAGES: tuple[Stage, ...] = ("build", "teardown")
Ending = Literal["delete", "sweep"]
LEASE = 480 * 60.0
"""Seconds that an environment lives where its request does not say."""
NAME = "[^/]+"
PART = re.compile(r"isthmus-[a-z0-9-]+")


@dataclass(frozen=True)
class Operation:
    """name: as figures show it; path: regular expression for host and path; calls: in an undisturbed life; preflight:
    asked before anything is written, and never again."""

    stage: Stage
    method: str
    name: str
    path: str
    calls: int = 1
    preflight: bool = False

    @property
    def writes(self) -> bool:
        return self.method != "GET"

    @property
    def service(self) -> str:
        """arm, vault, or model (which the VMs ask, not the app)."""
        host = self.path.split("/", 1)[0]
        return "vault" if "vault" in host else "model" if "openai" in host else "arm"

    @property
    def of_vms(self) -> bool:
        """Asked by the programs in the VMs, which have their own patience. (The app's client ends its path with /.)"""
        return self.service == "model" or (self.service == "vault" and self.name == "secrets/*" and not self.writes)

    @property
    def begins(self) -> bool:
        """It begins an asynchronous operation."""
        at_once = ("Microsoft.ManagedIdentity", "Microsoft.Authorization")
        group = self.name == "resourcegroups"
        if self.service != "arm" or self.method not in ("PUT", "DELETE") or self.name.startswith(at_once):
            return False
        return self.method == "DELETE" if group else True

    def __str__(self) -> str:
        return f"{self.stage}: {self.method} {self.name}"


def _expire(engine: Engine, life: Life) -> None:
    engine.hub.at(engine.hub.seconds + LEASE, engine.sweep)


ENDINGS: dict[Ending, Callable[[Engine, Life], None]] = {
    "delete": lambda engine, life: engine.delete(life),
    "sweep": _expire,
}
"""How a life comes to its end."""


@dataclass(frozen=True)
class Rehearsal:
    """How many requests and episodes an undisturbed life takes: until it is ready, and whole."""

    ready_requests: int
    ready_episodes: int
    requests: int
    episodes: int


@cache
def rehearsal(ending: Ending) -> Rehearsal:
    with Engine() as engine:
        life = engine.ask()
        engine.run()
        ready = engine.azure.front.logged, engine.hub.episodes
        ENDINGS[ending](engine, life)
        engine.run()
        return Rehearsal(*ready, engine.azure.front.logged, engine.hub.episodes)


@dataclass(frozen=True)
class Undisturbed:
    """An undisturbed life. `there`: the census when it was ready; seconds and requests until then."""

    operations: tuple[Operation, ...]
    there: Counter[str]
    seconds: float
    requests: int


@cache
def undisturbed() -> Undisturbed:
    with Engine() as engine:
        life = engine.ask()
        engine.run()
        there, seconds, built = engine.census(), engine.hub.seconds, engine.azure.front.logged
        engine.delete(life)
        engine.run()
        counted: Counter[tuple[Stage, str, str, str]] = Counter()
        for entry in engine.requests():
            stage: Stage = "build" if entry["number"] <= built else "teardown"
            counted[(stage, entry["method"], *_kind(entry))] += 1
        first = next(entry["number"] for entry in engine.requests() if entry["method"] == "PUT")
        later = {(entry["method"], *_kind(entry)) for entry in engine.requests() if entry["number"] >= first}
        operations = tuple(Operation(*what, calls, what[1:] not in later) for what, calls in counted.items())
        return Undisturbed(operations, there, seconds, built)


def _kind(entry: dict[str, Any]) -> tuple[str, str]:
    """Name and pattern of what was asked."""
    host, path = entry["host"], entry["path"]
    if "/providers/" in path:
        namespace, *rest = path.rsplit("/providers/", 1)[1].split("/")
        types, names = rest[0::2], rest[1::2]
        if not types:
            return f"providers/{namespace}", rf"{host}/subscriptions/{NAME}/providers/{namespace}$"
        if types[-1].lower() in ("operations", "operationresults"):
            return f"{namespace}/{types[-1]}", rf"{host}/.*/providers/{namespace}/locations/{NAME}/{types[-1]}/"
        listed = types[-1:] if len(types) > len(names) else []
        below = "/".join([*(f"{kind}/{NAME}" for kind in types[: len(names)]), *listed])
        what = "/".join([namespace, *types]) + (" list" if listed and entry["method"] == "GET" else "")
        return what, rf"{host}/.*/providers/{namespace}/{below}$"
    if "/resourcegroups/" in path.lower():
        return "resourcegroups", rf"{host}/subscriptions/{NAME}/resourcegroups/{NAME}$"
    return PART.sub("*", path.lstrip("/")), rf".*{re.escape(host.partition('.')[2])}{PART.sub(NAME, path)}$"


def operations() -> tuple[Operation, ...]:
    return undisturbed().operations
