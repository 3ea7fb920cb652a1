"""Status documents -> one line for each change, in the order of the app's own times. What a log gets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cli.words import clock

Status = Mapping[str, Any]
STYLES = {"ready": "green", "removed": "dim", "failed": "red"}
ENDED = {"ready": "ready", "removed": "removed", "failed": "failed", "skipped": "not begun: it was stopped"}


@dataclass(frozen=True, order=True)
class Event:
    """`at`: ISO 8601, UTC. `who`: the corp, or the environment itself."""

    at: str
    who: str
    what: str
    style: str = ""

    def line(self, width: int) -> str:
        """`width`: of the column of corps."""
        return f"{self.at[:19]}Z  {self.who:<{width}}  {self.what}"


def width_of(status: Status) -> int:
    return max(len(name) for name in (status["name"], *(corp["name"] for corp in status.get("corps", ()))))


def changes(before: Status | None, after: Status) -> list[Event]:
    """What happened between two looks; without a first one, everything that the second tells."""
    known = {step["id"]: step for corp in (before or {}).get("corps", ()) for step in corp["steps"]}
    found = [
        event
        for corp in after.get("corps", ())
        for step in corp["steps"]
        for event in _of_step(known.get(step["id"], {}), step)
    ]
    return sorted([*_of_environment(before or {}, after), *found], key=lambda event: event.at)


def _of_environment(before: Status, after: Status) -> Iterator[Event]:
    name, at = after["name"], after["updated_at"]
    if not before:
        yield Event(after["requested_at"], name, f"requested, generation {after['generation']}")
    elif before.get("attempt") != after.get("attempt"):
        yield Event(at, name, f"attempt {after['attempt']}")
    stop = after.get("stop")
    if stop and stop != before.get("stop"):
        yield Event(at, name, f"stopping: {stop['why']}: {stop['detail']}", "yellow")
    if after.get("error") and after["error"] != before.get("error"):
        yield Event(at, name, error_text(after["error"]), "red")
    if before.get("phase", "requested") != after["phase"]:
        yield Event(at, name, after["phase"], "bold")


def _of_step(before: Mapping[str, Any], step: Mapping[str, Any]) -> Iterator[Event]:
    who, title, state = step["corp"], step["title"], step["state"]
    if step.get("started") and step["started"] != before.get("started"):
        yield Event(step["started"], who, f"{title}: {'being removed' if _leaves(step) else 'begun'}")
    if step.get("ended") and step["ended"] != before.get("ended"):
        took = f" after {clock(step['took'])}" if step.get("took") is not None else ""
        yield Event(
            step["ended"], who, f"{title}: {ENDED.get(state, state)}{took}{_error(step)}", STYLES.get(state, "")
        )


def _leaves(step: Mapping[str, Any]) -> bool:
    return step["state"] in ("removing", "removed")


def _error(step: Mapping[str, Any]) -> str:
    return f": {error_text(step['error'])}" if step.get("error") and step["state"] == "failed" else ""


def error_text(error: Mapping[str, Any]) -> str:
    """Code, message, hint and Azure's request id, in one line."""
    words = [f"{error['code']}: {error['message']}", error.get("hint") or ""]
    if error.get("request_id"):
        words.append(f"(request id {error['request_id']})")
    return " ".join(" ".join(words).split())
