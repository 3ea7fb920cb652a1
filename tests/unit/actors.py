"""Activities for orchestrators under test: the real bookkeeping on records in memory, and steps that do as told."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from activities import bookkeeping, drift
from activities.records import Records
from isthmus import names
from isthmus.outcomes import Outcome, pending, ready, stopped
from tests.unit.driver import Driver
from tests.unit.fakes import Cloud, Container
from tests.unit.samples import AI, CORRELATION, LIFE, plan, record, spec

FOUND = {"client_id": "c", "principal_id": "p", "address": "10.0.0.4", "endpoint": "e", "secret": "s"}
PROOF = {"result": "passed", "answer": "Entities should not be multiplied.", "checks": []}
Told = Outcome | Exception | Callable[[], Outcome]


class World:
    """One environment whose steps do what `tell` says, and otherwise become ready.

    slow: every step is written first and ready at the second look, as with Azure
    bare: the plan's steps want nothing, which no orchestrator looks at
    """

    def __init__(
        self,
        *,
        slow: bool = False,
        bare: bool = False,
        on_failure: str = "rollback",
        corps: list[dict[str, Any]] | None = None,
    ) -> None:
        wish = spec(on_failure=on_failure, **({"corps": [AI, *corps]} if corps else {}))
        self.plan = plan(wish)
        if bare:
            self.plan["steps"] = [step | {"wanted": {}, "resource": None} for step in self.plan["steps"]]
        self.slow = slow
        self.on_failure = on_failure
        self.records = Records(Container())
        self.records.create(LIFE, record(spec=wish.public(), plan=self.plan, on_failure=on_failure))
        self.calls: list[tuple[float, str, str]] = []
        self.inputs: list[tuple[str, Any]] = []
        self.phases: list[str] = []
        self.broken: dict[str, Exception] = {}
        self.planned: list[Outcome] = []
        self._told: dict[tuple[str, str], list[Told]] = {}
        self._seen: set[tuple[str, str]] = set()
        self.driver = Driver(self.act)

    def tell(self, verb: str, step_id: str, *outcomes: Told) -> None:
        """What that step says, call by call; the last word is repeated for ever."""
        self._told[(verb, step_id)] = list(outcomes)

    def start(self, attempt: int = 1) -> str:
        life = {"environment": LIFE[0], "generation": LIFE[1], "correlation_id": CORRELATION}
        job = life | {"attempt": attempt, "on_failure": self.on_failure}
        instance = names.provision_instance(*LIFE, attempt)
        self.driver.start("provision_environment", job, instance)
        return instance

    def provision(self) -> Any:
        """From request to end: the orchestration's output."""
        instance = self.start()
        self.driver.run()
        running = self.driver.instances[instance]
        assert running.episode.status == "Completed", running.output
        return running.output

    def act(self, name: str, given: dict[str, Any], seconds: float) -> Any:
        self.inputs.append((name, given))
        if name in self.broken:
            raise self.broken[name]
        verb, _, kind = name.partition("_")
        if verb in ("ensure", "remove") and "step" in given:
            return dict(self._step(verb, given["step"]["id"], kind, seconds))
        return getattr(self, f"_{name}")(given)

    def _step(self, verb: str, step_id: str, kind: str, seconds: float) -> Outcome:
        self.calls.append((seconds, verb, step_id))
        told = self._told.get((verb, step_id))
        if told:
            word = told.pop(0) if len(told) > 1 else told[0]
            if isinstance(word, Exception):
                raise word
            return word() if callable(word) else word
        first = (verb, step_id) not in self._seen
        self._seen.add((verb, step_id))
        if verb == "ensure" and first and (self.record.get("stop") or {}):
            return stopped()
        if self.slow and first:
            return pending("asked for", wrote=True)
        return ready(FOUND | ({"proof": PROOF} if kind == "proof" else {}) if verb == "ensure" else None)

    def _plan_environment(self, given: dict[str, Any]) -> Any:
        return self.planned.pop(0) if self.planned else ready({"plan": self.plan})

    def _set_phase(self, given: dict[str, Any]) -> Any:
        self.phases.append(given["phase"])
        return bookkeeping.set_phase(self.records, LIFE, given["phase"], given["details"])

    def _save_progress(self, given: dict[str, Any]) -> Any:
        return bookkeeping.save_progress(self.records, LIFE, given["part"], given["lines"], given["changed"])

    def _begin_teardown(self, given: dict[str, Any]) -> Any:
        found = (given.get("why", ""), given.get("found_at", ""))
        return bookkeeping.begin_teardown(Cloud(), self.records, LIFE, *found)  # type: ignore[arg-type]

    @property
    def record(self) -> dict[str, Any]:
        document = self.records.load(LIFE)
        assert document is not None
        return document

    def stop(self, why: Any = "delete") -> None:
        """What a DELETE does: the flag in the record, then the event for whoever sleeps."""
        bookkeeping.ask_for_stop(self.records, LIFE, why, "asked for")
        for instance, running in list(self.driver.instances.items()):
            if not running.episode.over:
                self.driver.raise_event(instance, "stop")

    def when(self, verb: str, step_id: str) -> list[float]:
        """Seconds at which that step was called."""
        return [seconds for seconds, said, called in self.calls if (said, called) == (verb, step_id)]

    def steps(self, verb: str) -> list[str]:
        """Steps in the order in which they were first called."""
        return list(dict.fromkeys(step for _, said, step in self.calls if said == verb))

    def histories(self) -> dict[str, Any]:
        """Every instance's history, as it is kept for replays."""
        return {
            instance: {"name": running.instance.name, "input": running.instance.input, "history": running.history}
            for instance, running in self.driver.instances.items()
        }

    def written(self) -> str:
        """Everything that any history holds."""
        return json.dumps(self.histories())


class Swept(World):
    """A world in which a sweep finds what it is told."""

    due: list[Any] = []  # noqa: RUF012
    dry_run = False

    def _find_expired(self, given: dict[str, Any]) -> Any:
        return {"dry_run": self.dry_run, "due": self.due, "left_alone": [{"name": "x", "reason": "y"}]}

    def _end_sweep(self, given: dict[str, Any]) -> Any:
        return given["report"]


class Drifting(World):
    """A world in which one thing of the provider's is not as planned, and shall be repaired."""

    def _find_ready(self, given: dict[str, Any]) -> Any:
        return drift.find_ready(self.records)

    def _look_for_drift(self, given: dict[str, Any]) -> Any:
        step = {"step": "ai-corp/network_security_group", "repairable": True, "what": "changed", "detail": "a rule"}
        return {"findings": [step] if given["corp"] == "ai-corp" else [], "unseen": []}

    def _note_drift(self, given: dict[str, Any]) -> Any:
        return drift.note_drift(self.records, LIFE, given)

    def _end_repair(self, given: dict[str, Any]) -> Any:
        return drift.end_repair(self.records, LIFE, given)
