"""A status document -> how long it will still take: the longest chain of what is not done, at the pace seen so far."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from isthmus.lifecycle import RUNNING

Status = Mapping[str, Any]
TELLING = 0.1
"""Once steps worth so much of all the work have ended, their pace says more than the table's typical durations."""


def time_left(status: Status, now: datetime) -> timedelta | None:
    """None where nothing is being built, or nothing is planned yet."""
    steps = {step["id"]: step for corp in status.get("corps", ()) for step in corp["steps"]}
    if status["phase"] not in RUNNING or not steps:
        return None
    pace = pace_of(steps.values())
    left = {step_id: _own(step, now, pace) for step_id, step in steps.items()}
    ends: dict[str, float] = {}

    def end_of(step_id: str) -> float:
        if step_id not in ends:
            before = (end_of(need) for need in steps[step_id].get("needs", ()) if need in steps)
            ends[step_id] = left[step_id] + max(before, default=0.0)
        return ends[step_id]

    # The stages stand one after the other, which the needs don't say but the critical path does.
    path = sum(left[step_id] for step_id in status.get("critical_path") or () if step_id in left)
    return timedelta(seconds=max([path, *map(end_of, steps)]))


def _own(step: Mapping[str, Any], now: datetime, pace: float) -> float:
    """Seconds that a step itself still takes."""
    if step["state"] not in ("waiting", "pending"):
        return 0.0
    typical = float(step.get("typical") or 0.0) * pace
    if step["state"] == "pending" and step.get("started"):
        return max(typical - since(step["started"], now), 0.0)
    return typical


def pace_of(steps: Collection[Mapping[str, Any]]) -> float:
    """Seconds that a typical second has taken so far."""
    whole = sum(float(step.get("typical") or 0.0) for step in steps)
    ended = [step for step in steps if step["state"] == "ready" and step.get("took") is not None]
    typical = sum(float(step.get("typical") or 0.0) for step in ended)
    return sum(float(step["took"]) for step in ended) / typical if typical and typical >= TELLING * whole else 1.0


def since(moment: str, now: datetime) -> float:
    """Seconds since a moment in ISO 8601; never less than none, whatever the clocks say."""
    return max((now - datetime.fromisoformat(moment)).total_seconds(), 0.0)
