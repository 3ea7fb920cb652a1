"""When steps began, ended and were planned to, as seconds on one axis. Pure; `now` is passed in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from isthmus.pages.words import moment
from isthmus.timeleft import pace_of

Step = Mapping[str, Any]
TICKS = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 86400)
MOST_TICKS = 6
GOING = ("pending", "removing")
TAKEN_DOWN = ("removing", "removed")
USUAL_PACE = (0.5, 3.0)
"""Within these, the plan's own seconds are shown as they are."""


@dataclass(frozen=True)
class Axis:
    """`origin`: where it begins; `length`: seconds to its right end; `pace`: what a planned second became."""

    origin: datetime | None
    length: float
    pace: float
    now: float | None

    def percent(self, seconds: float) -> float:
        return min(max(100 * seconds / self.length, 0.0), 100.0) if self.length else 0.0

    @cached_property
    def ticks(self) -> list[float]:
        apart = next((tick for tick in TICKS if self.length / tick <= MOST_TICKS), TICKS[-1])
        return [apart * number for number in range(1, int(self.length / apart) + 1)]

    def span(self, step: Step, now: datetime) -> tuple[float, float] | None:
        """Begin and end of a step's bar, in seconds; None where it is not on this axis."""
        began = moment(step.get("started"))
        if self.origin is None or began is None or began < self.origin:
            return None
        begin = (began - self.origin).total_seconds()
        ended = moment(step.get("ended")) or (now if step["state"] in GOING else began)
        return begin, max((ended - self.origin).total_seconds(), begin)


def all_steps(document: Mapping[str, Any]) -> list[Step]:
    return [step for corp in document.get("corps") or [] for step in corp["steps"]]


def is_taken_down(steps: Iterable[Step]) -> bool:
    return any(step["state"] in TAKEN_DOWN for step in steps)


def axis(document: Mapping[str, Any], now: datetime) -> Axis:
    """Of the building; once something is taken down, of the taking down."""
    steps = all_steps(document)
    down = is_taken_down(steps)
    shown = [step for step in steps if not down or step["state"] in TAKEN_DOWN]
    begins = [began for step in shown if (began := moment(step.get("started")))]
    if not begins:
        return Axis(None, float(document.get("estimate_seconds") or 1), 1.0, None)
    going = any(step["state"] in GOING for step in shown)
    ends = [ended for step in shown if (ended := moment(step.get("ended")))]
    end = now if going else max([*ends, *begins])
    pace = shown_pace(steps)
    length = (end - min(begins)).total_seconds()
    planned = 0.0 if down else float(document.get("estimate_seconds") or 0) * pace
    longest = max(length, planned, 1.0) * 1.02
    return Axis(min(begins), longest, pace, length if going else None)


def shown_pace(steps: Collection[Step]) -> float:
    """How long things take here for each second that they usually take on Azure; 1 while that is about true."""
    pace = pace_of(steps)
    return 1.0 if USUAL_PACE[0] <= pace <= USUAL_PACE[1] else pace


def planned(document: Mapping[str, Any], pace: float) -> dict[str, tuple[float, float]]:
    """The critical path: step -> when it was planned to begin and end, one after the other."""
    steps = {step["id"]: step for step in all_steps(document)}
    times, end = {}, 0.0
    for step_id in document.get("critical_path") or []:
        if step_id in steps:
            begin, end = end, end + float(steps[step_id].get("typical") or 0) * pace
            times[step_id] = (begin, end)
    return times


def in_order(steps: Sequence[Step]) -> list[Step]:
    """By when each may begin at the earliest, so that rows stay where they are while things go on."""
    by_id = {step["id"]: step for step in steps}
    ends: dict[str, float] = {}

    def end(step_id: str) -> float:
        if step_id not in ends:
            ends[step_id] = 0.0
            step = by_id[step_id]
            before = max((end(need) for need in step.get("needs", ()) if need in by_id), default=0.0)
            ends[step_id] = before + float(step.get("typical") or 0)
        return ends[step_id]

    return sorted(steps, key=lambda step: (end(step["id"]) - float(step.get("typical") or 0), end(step["id"])))
