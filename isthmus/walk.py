"""The walk through a plan: which steps are due, and what came of them. Pure; the clock is passed in.

An orchestrator asks `due`, calls those activities, gives their outcomes to `take`, sleeps until `next_due`,
and goes round again until `done`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from isthmus.outcomes import STOPPED, Failed, Outcome, Pending, failed

Verb = Literal["ensure", "remove"]
SHORTEST_LOOK = 1.0
"""Seconds: the first look again after a write, where the service did not say, is at the typical duration;
later ones come after a tenth of it, but not sooner than this."""
LONGEST_LOOK = 30.0
LATER_LOOK = 1.1
"""Each look at something under way comes so many times later than the one before: what is stuck is not looked at
hundreds of times, and what takes long is noticed a tenth late at most."""


@dataclass
class Progress:
    """What is known of one step. Times are of the orchestration's clock. `trouble`: the last that it met and may get
    over; `since`: when each, by its code, was first met."""

    step: Mapping[str, Any]
    state: Literal["waiting", "pending", "ready", "failed", "skipped"] = "waiting"
    due: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    attempts: int = 0
    writes: int = 0
    looks: int = 0
    detail: str = ""
    outputs: dict[str, Any] = field(default_factory=dict)
    error: Failed | None = None
    trouble: Failed | None = None
    since: dict[str, datetime] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The step's line in the record."""
        return {
            "id": self.step["id"],
            "state": self.state,
            "started": _text(self.started),
            "ended": _text(self.ended),
            "attempts": self.attempts,
            "writes": self.writes,
            "detail": self.detail,
            "outputs": self.outputs,
            "error": self.error,
        }


class Walk:
    """Steps in any order, each with `id`, `kind`, `needs` (step ids), `serial`, `delay`, `typical`, `deadline`.

    A need that is no step of this walk must be in `known`: outputs of steps that were ready before.
    After a failure nothing new is begun; what is under way is let finish.
    """

    def __init__(
        self,
        steps: Iterable[Mapping[str, Any]],
        known: Mapping[str, Mapping[str, Any]] | None = None,
        *,
        keep_going: bool = False,
    ) -> None:
        self.progress: dict[str, Progress] = {step["id"]: Progress(step) for step in steps}
        self.known: dict[str, Mapping[str, Any]] = dict(known or {})
        self.keep_going = keep_going
        self.stopping = False

    def due(self, now: datetime) -> list[Progress]:
        """The steps to call now, in the plan's order."""
        self._expire(now)
        busy = self._busy()
        found = []
        for progress in self.progress.values():
            if progress.state == "pending" and progress.due is not None and progress.due <= now:
                found.append(progress)
            elif progress.state == "waiting" and self._may_begin(progress, now, busy):
                found.append(progress)
                if progress.step["serial"]:
                    busy.add(progress.step["serial"])
        return found

    def _busy(self) -> set[str]:
        """The serial words of what is under way."""
        return {p.step["serial"] for p in self.progress.values() if p.state == "pending" and p.step["serial"]}

    def _may_begin(self, progress: Progress, now: datetime, busy: set[str]) -> bool:
        if self._halted or progress.step["serial"] in busy or not self._needs_met(progress):
            return False
        if progress.due is None:
            progress.due = now + timedelta(seconds=progress.step["delay"])
        return progress.due <= now

    def _needs_met(self, progress: Progress) -> bool:
        return all(
            need in self.known or (need in self.progress and self.progress[need].state == "ready")
            for need in progress.step["needs"]
        )

    @property
    def _halted(self) -> bool:
        return self.stopping or (not self.keep_going and any(p.state == "failed" for p in self.progress.values()))

    def request(self, progress: Progress) -> dict[str, Any]:
        """The activity's input: the step, what its needs found out, how often it was written and looked at."""
        outputs = {need: dict(self.outputs_of(need)) for need in progress.step["needs"]}
        tried = {"writes": progress.writes, "attempts": progress.attempts}
        return {"step": dict(progress.step), "outputs": outputs, **tried}

    def outputs_of(self, step_id: str) -> Mapping[str, Any]:
        return self.known[step_id] if step_id in self.known else self.progress[step_id].outputs

    def take(self, step_id: str, outcome: Outcome, now: datetime) -> None:
        """Notes what an activity said of a step."""
        progress = self.progress[step_id]
        progress.started = progress.started or now
        progress.attempts += 1
        progress.writes += outcome["wrote"]
        if outcome["state"] == "pending":
            outcome = self._with_patience(progress, outcome, now)
        if outcome["state"] == "pending":
            first = progress.state == "waiting" or outcome["wrote"]
            progress.looks = 0 if first else progress.looks + 1
            progress.state, progress.detail = "pending", outcome["detail"]
            pause = timedelta(seconds=self._pause(progress, outcome["retry_after"], first))
            # Whatever the service asks for: nobody waits past the deadline.
            progress.due = min(now + pause, self._deadline(progress, now))
            return
        progress.ended, progress.detail = now, ""
        if outcome["state"] == "ready":
            progress.state, progress.outputs = "ready", outcome["outputs"]
        elif outcome["code"] == STOPPED:
            progress.state, self.stopping = "skipped", True
        else:
            progress.state, progress.error = "failed", outcome

    @staticmethod
    def _with_patience(progress: Progress, outcome: Pending, now: datetime) -> Pending | Failed:
        """The outcome, or the failure that it is because it has not passed for so long."""
        trouble = progress.trouble = outcome.get("trouble")
        if trouble is None:
            return outcome
        patience, since = outcome.get("patience"), progress.since.setdefault(trouble["code"], now)
        worn = patience is not None and now - since >= timedelta(seconds=patience)
        return trouble if worn else outcome

    @staticmethod
    def _pause(progress: Progress, asked: float | None, first: bool) -> float:
        typical = float(progress.step["typical"])
        if first:
            return typical if asked is None else asked
        usual = max(typical / 10, SHORTEST_LOOK) if asked is None else asked
        return max(asked or 0.0, min(usual * LATER_LOOK ** (progress.looks - 1), LONGEST_LOOK))

    @staticmethod
    def _deadline(progress: Progress, now: datetime) -> datetime:
        return (progress.started or now) + timedelta(seconds=progress.step["deadline"])

    def _expire(self, now: datetime) -> None:
        for progress in self.progress.values():
            if progress.state != "pending":
                continue
            if self._deadline(progress, now) <= now:
                progress.state, progress.ended = "failed", now
                progress.error = failed(
                    "DeadlineExceeded",
                    f"Not ready after {progress.step['deadline']:.0f} seconds; last seen: {progress.detail}",
                    hint=(progress.trouble["hint"] if progress.trouble else "")
                    or "Look at it in the portal; retry when it has settled.",
                    retryable=True,
                )

    @property
    def done(self) -> bool:
        """Nothing is under way, and nothing more can begin."""
        if any(p.state == "pending" for p in self.progress.values()):
            return False
        return self._halted or not any(p.state == "waiting" for p in self.progress.values()) or self._stuck

    @property
    def _stuck(self) -> bool:
        """What waits, waits for something that failed (with `keep_going`)."""
        return not any(p.state == "waiting" and self._needs_met(p) for p in self.progress.values())

    def next_due(self) -> datetime:
        """When to look at the walk again; only of a walk that is not done and in which nothing is due."""
        busy = self._busy()
        return min(
            p.due
            for p in self.progress.values()
            if p.due is not None
            # What waits for its turn begins when the one before it ends, whatever its own time says.
            and (p.state == "pending" or (p.state == "waiting" and not self._halted and p.step["serial"] not in busy))
        )

    @property
    def error(self) -> Failed | None:
        """The first failure, in the plan's order."""
        return next((p.error for p in self.progress.values() if p.error is not None), None)

    @property
    def complete(self) -> bool:
        """Every step is ready."""
        return all(p.state == "ready" for p in self.progress.values())

    def outputs(self) -> dict[str, Mapping[str, Any]]:
        """What is known of every step that is ready, for the walks that come after."""
        return self.known | self.own_outputs()

    def own_outputs(self) -> dict[str, Mapping[str, Any]]:
        """What this walk itself found out, by step id."""
        return {p.step["id"]: p.outputs for p in self.progress.values() if p.state == "ready"}

    def states(self) -> list[tuple[str, int]]:
        """Changes whenever there is something new to write down."""
        return [(p.state, p.writes) for p in self.progress.values()]

    def changed(self, before: list[tuple[str, int]]) -> list[str]:
        """Ids of the steps of which there is something new since `states` said that."""
        return [step for step, was, now in zip(self.progress, before, self.states(), strict=True) if was != now]

    def lines(self) -> list[dict[str, Any]]:
        """Every step's line for the record."""
        return [progress.as_json() for progress in self.progress.values()]


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds") if moment else None
