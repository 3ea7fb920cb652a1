"""Lives of environments: what the status document says at any second, with the project's own plan behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any

from isthmus.existing import NOTHING
from isthmus.graph import BY_NAME, STAGES
from isthmus.proof import expected
from isthmus.spec import Spec
from tests.unit import samples
from tests.unit.golden import landing_zones

PLANNED = 4.0
"""Seconds from the request until the plan stands."""
REMOVAL = 5.0
"""Seconds that each step's removal takes."""
HINT = "Ask for another size."
BLOCKED = {
    "code": "ScopeLocked",
    "message": "lock keep (CanNotDelete) on isthmus-demo-abc234-ai-corp.",
    "hint": "Remove the lock that the message names, then ask again.",
    "request_id": None,
}
"""Why a teardown leaves something."""
REQUEST_ID = "11f3a7c2-0000-4000-8000-000000000001"


def at(seconds: float) -> str:
    return (samples.REQUESTED + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


@dataclass(frozen=True)
class Life:
    """`failing`: the id of a step that fails; `stopped`: when and why somebody ends it; `keep`: on_failure;
    `landing`: both corps stand in what a landing zone has."""

    consumers: int = 1
    failing: str | None = None
    stopped: tuple[float, str] | None = None
    keep: bool = False
    stuck: bool = False
    proof: str = "passed"
    name: str = "demo"
    landing: bool = False
    plan: dict[str, Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        corps = [samples.AI, *(samples.consumers(self.consumers) if self.consumers > 1 else [samples.HEALTH])]
        if self.landing:
            corps = landing_zones()["existing-subnets-and-zone"]
        object.__setattr__(self, "plan", samples.plan(Spec.model_validate({"name": self.name, "corps": corps})))

    @cached_property
    def times(self) -> dict[str, tuple[float, float]]:
        """Step id -> when it begins and ends if nothing goes wrong."""
        found: dict[str, tuple[float, float]] = {}
        floor = PLANNED
        for stage in STAGES:
            steps = [step for step in self.plan["steps"] if step["stage"] == stage]
            while left := [step for step in steps if step["id"] not in found]:
                for step in left:
                    if all(need in found for need in step["needs"]):
                        begin = max([floor, *(found[need][1] for need in step["needs"])]) + step["delay"]
                        found[step["id"]] = (begin, begin + step["typical"])
            floor = max(end for _, end in found.values())
        return found

    @property
    def built(self) -> float:
        """When everything is ready."""
        return max(end for _, end in self.times.values())

    @property
    def halt(self) -> float | None:
        """From when on nothing new begins."""
        if self.failing:
            return self.times[self.failing][1]
        return self.stopped[0] if self.stopped else None

    @property
    def removing(self) -> float | None:
        """When the teardown begins."""
        if self.halt is None or self.keep:
            return None
        busy = [end for begin, end in self.times.values() if begin < self.halt]
        return max([self.halt, *busy]) + 1

    @property
    def over(self) -> float:
        """When nothing changes any more."""
        if self.removing is not None:
            return self.removing + REMOVAL
        return self.built if self.halt is None else max(end for begin, end in self.times.values() if begin < self.halt)

    def phase(self, now: float) -> str:
        if self.removing is not None and now >= self.removing:
            return "deleting" if now < self.removing + REMOVAL else "failed" if self.stuck else "gone"
        if self.failing and now >= self.over - (0 if self.keep else REMOVAL + 1):
            return "failed"
        if now < PLANNED:
            return "requested" if now < 1 else "planning"
        verify = min(self.times[step["id"]][0] for step in self.plan["steps"] if step["stage"] == "verify")
        return "building" if now < verify else "verifying" if now < self.built else "ready"

    def status(self, now: float) -> dict[str, Any]:
        """The document of the contract."""
        phase = self.phase(now)
        steps = [self._step(step, now) for step in self.plan["steps"]] if now >= PLANNED else []
        left = [steps[0]["id"]] if self.stuck else []
        ended = self.removing is not None and now >= self.removing + REMOVAL
        return {
            "name": self.name,
            "generation": samples.GENERATION,
            "phase": phase,
            "attempt": 1,
            "question": self.plan["question"],
            "requested_at": at(0),
            "expires_at": self.plan["expires_at"],
            "updated_at": at(min(now, self.over)),
            "requested_by": None,
            "correlation_id": "c0ffee",
            "model": self.plan["model"],
            "estimate_seconds": self.plan["estimate_seconds"],
            "critical_path": self.plan["critical_path"],
            "progress": {
                "ready": sum(1 for step in steps if step["state"] == "ready"),
                "removed": sum(1 for step in steps if step["state"] == "removed"),
                "steps": len(steps),
            },
            "corps": [
                {
                    "name": corp["name"],
                    "role": corp["role"],
                    "resource_group": corp["group"],
                    "existing": corp.get("existing", NOTHING),
                    "steps": [step for step in steps if step["corp"] == corp["name"]],
                }
                for corp in (self.plan["corps"] if steps else [])
            ],
            "error": self._error() if self.failing and self.halt is not None and now >= self.halt else None,
            "proof": self._proof() if phase == "ready" else None,
            "teardown": {"left": left, "error": BLOCKED if left else None, "steps": len(steps)} if ended else None,
            "stop": self._stop(now),
            "actions": {
                "cancel": phase in ("building", "verifying"),
                "retry": phase == "failed" and self.keep,
                "renew": phase == "ready",
                "delete": phase != "gone",
            },
        }

    def _stop(self, now: float) -> dict[str, str] | None:
        if self.halt is None or now < self.halt:
            return None
        return {"why": self.stopped[1] if self.stopped else "failure", "detail": "asked for in a test"}

    def _step(self, step: dict[str, Any], now: float) -> dict[str, Any]:
        begin, end = self.times[step["id"]]
        state, started, ended, error = "waiting", None, None, None
        if now >= begin and (self.halt is None or begin < self.halt):
            state, started = "pending", begin
            if now >= end:
                state, ended = "ready", end
        if step["id"] == self.failing and state == "ready":
            state, error = "failed", self._error()
        if self.removing is not None and now >= self.removing:
            state, started, ended, error = "removing", self.removing, None, None
            if now >= self.removing + REMOVAL:
                state, ended = "removed", self.removing + REMOVAL
        return {
            "id": step["id"],
            "kind": step["kind"],
            "title": BY_NAME[step["kind"]].title,
            "corp": step["corp"],
            "state": state,
            "needs": step["needs"],
            "typical": step["typical"],
            "started": None if started is None else at(started),
            "ended": None if ended is None else at(ended),
            "took": None if ended is None or started is None else ended - started,
            "attempts": 1 if started is not None else 0,
            "waits_for": "Creating" if state == "pending" else None,
            "stays_until": None,
            "error": error,
            "portal": None,
        }

    def _error(self) -> dict[str, Any]:
        return {
            "code": "SkuNotAvailable",
            "message": "The size is not available.",
            "hint": HINT,
            "request_id": REQUEST_ID,
        }

    def _proof(self) -> dict[str, Any]:
        checks = [
            {"id": check.id, "corp": corp, "title": check.title, "state": "passed", "evidence": f"seen: {check.id}"}
            for check, corp in expected(self.plan["corps"])
        ]
        if self.proof == "incomplete":
            checks[-1] |= {"state": "not_checked", "evidence": "there is no network of its own here"}
        return {"result": self.proof, "answer": "Prefer the simplest.", "checks": checks}
