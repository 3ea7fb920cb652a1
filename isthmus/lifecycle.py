"""The phases of an environment, and what may follow what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Phase = Literal["requested", "planning", "building", "verifying", "ready", "failed", "deleting", "gone"]

OVER = frozenset({"deleting", "gone"})
"""Phases of a life whose name may be given to another one."""
STOP_EVENT = "stop"
"""The event that rouses a sleeping orchestration, so that it sees the record's stop at once."""

FOLLOWS: dict[Phase, frozenset[Phase]] = {
    "requested": frozenset({"planning", "failed", "deleting"}),
    "planning": frozenset({"building", "failed", "deleting"}),
    "building": frozenset({"verifying", "failed", "deleting"}),
    "verifying": frozenset({"ready", "failed", "deleting"}),
    "ready": frozenset({"deleting"}),
    "failed": frozenset({"requested", "deleting"}),
    "deleting": frozenset({"gone", "failed"}),
    # What comes to light after the end is taken down too.
    "gone": frozenset({"deleting"}),
}

RUNNING: frozenset[Phase] = frozenset({"requested", "planning", "building", "verifying"})
"""An orchestration is at work and owns the teardown, if one becomes necessary."""
SETTLED: frozenset[Phase] = frozenset({"ready", "failed", "gone"})


def whose(job: Mapping[str, Any]) -> dict[str, str]:
    """What every activity is given: whose work it does, and the id that is told with it."""
    return {key: job[key] for key in ("environment", "generation", "correlation_id") if key in job}


def may_follow(now: Phase, then: Phase) -> bool:
    """Staying is always allowed: what runs at least once says the same thing twice."""
    return now == then or then in FOLLOWS[now]


def is_over(record: Mapping[str, Any]) -> bool:
    """Whether the life no longer bears its name: it is gone, or it was asked to go."""
    asked = record["stop"] and record["stop"]["why"] != "failure"
    return record["phase"] in OVER or bool(asked)


def allowed(record: Mapping[str, Any]) -> dict[str, bool]:
    """What may be done with a life now: action -> whether it would be taken."""
    phase, going = record["phase"], is_over(record)
    kept = phase == "failed" and record["on_failure"] == "keep" and not record["teardown"]
    return {
        "cancel": phase in RUNNING and not going,
        "retry": kept and not going,
        "renew": (phase in RUNNING or phase == "ready" or kept) and not going,
        "delete": phase not in OVER,
    }
