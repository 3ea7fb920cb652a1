"""What the end-to-end tests do with environments: ask, follow, delete, count."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from localcloud.client import Answer, call
from localcloud.conductor import LocalCloud

Found = TypeVar("Found")
SECONDS = 120.0
PAUSE = 0.4
"""Seconds between two looks."""
SETTLED = ("ready", "failed", "gone")


def spec(name: str, **more: Any) -> dict[str, Any]:
    """A small request for two corps with the walkthrough's address spaces."""
    return {"name": name, "on_failure": "keep"} | more


def ask(cloud: LocalCloud, body: Any) -> Answer:
    return call("POST", f"{cloud.url}/api/environments", body)


def status(cloud: LocalCloud, name: str) -> dict[str, Any]:
    document: dict[str, Any] = call("GET", f"{cloud.url}/api/environments/{name}").json()
    return document


def settle(cloud: LocalCloud, name: str, phases: tuple[str, ...] = SETTLED, seconds: float = SECONDS) -> dict[str, Any]:
    """Looks until the environment is in one of the phases; fails the test when its time is over."""

    def settled() -> dict[str, Any] | None:
        document = status(cloud, name)
        return document if document.get("phase") in phases else None

    return until(settled, seconds, lambda: _still(status(cloud, name)))


def until(
    look: Callable[[], Found | None],
    seconds: float = SECONDS,
    words: Callable[[], str] = lambda: "nothing came of it",
    pause: float = PAUSE,
) -> Found:
    """Looks until there is something; fails the test with these words when its time is over."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, words()
        time.sleep(pause)  # between two looks at another process there is nothing to wait on but the clock
    return found


def build(cloud: LocalCloud, name: str, **more: Any) -> dict[str, Any]:
    """Asks for an environment and follows it until it settles."""
    answer = ask(cloud, spec(name, **more))
    assert answer.status == 202, answer.text
    return settle(cloud, name)


def delete(cloud: LocalCloud, name: str) -> dict[str, Any]:
    answer = call("DELETE", f"{cloud.url}/api/environments/{name}")
    assert answer.status == 202, answer.text
    return settle(cloud, name, ("gone", "failed"))


def census(cloud: LocalCloud) -> dict[str, list[str]]:
    found: dict[str, list[str]] = call("GET", f"{cloud.control}/localcloud/census").json()
    return found


def requests_seen(cloud: LocalCloud) -> list[dict[str, Any]]:
    """Every request that the local Azure has answered: method, path, status."""
    seen: list[dict[str, Any]] = call("GET", f"{cloud.control}/localcloud/requests").json()["requests"]
    return seen


def puts_to_arm(cloud: LocalCloud, name: str) -> list[str]:
    """Paths, in lower case, of every PUT of the environment's resources that ARM took."""
    return [
        seen["path"].lower()
        for seen in requests_seen(cloud)
        if seen["method"] == "PUT"
        and seen["host"] == "management.azure.com"
        and name in seen["path"]
        and seen["status"] < 300
    ]


def checks(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """The proof's checks by id and corp."""
    return {(check["id"], check["corp"]): check for check in document["proof"]["checks"]}


def _still(document: dict[str, Any]) -> str:
    return f"{document.get('name')} is still {document.get('phase')}: {_under_way(document)}"


def _under_way(document: dict[str, Any]) -> list[str]:
    steps = [step for corp in document.get("corps", []) for step in corp["steps"]]
    return [f"{step['id']} {step['state']} {step['waits_for']}" for step in steps if step["state"] != "ready"]
