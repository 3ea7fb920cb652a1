"""Troubles other than faults by rule: activities run twice, permissions are missing, chaos."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from isthmus import permissions
from localcloud.azure import seed
from localcloud.azure.faults import Effect, Fault
from localcloud.azure.front import Incoming
from localcloud.azure.model import Answer
from tests.localazure.engine import Engine
from tests.reliability.life import AGES, READY, Judgement, judge_build, judge_end, run, through

CHANCES = (0.01, 0.05, 0.20)
ATTEMPTS = 6
Do = Callable[[], Any]


@dataclass(frozen=True)
class InARow:
    """Every activity is run twice, and the second result counts."""

    def __str__(self) -> str:
        return "every activity twice in a row"

    def live(self) -> Judgement:
        def arrange(engine: Engine) -> None:
            def around(name: str, given: dict[str, Any], do: Do) -> Any:
                do()
                return do()

            engine.around = around

        return through(str(self), arrange)


@dataclass(frozen=True)
class AtOnce:
    """While an activity is at its n-th request, the same activity is run from beginning to end."""

    request: int
    after: bool

    def __str__(self) -> str:
        return f"every activity twice at once, the other {'after' if self.after else 'before'} request {self.request}"

    def live(self) -> Judgement:
        def arrange(engine: Engine) -> None:
            other: list[Do] = []
            seen = 0

            def activity(name: str, given: dict[str, Any], do: Do) -> Any:
                nonlocal seen
                seen = 0
                other[:] = [do]
                return do()

            def request(incoming: Incoming, serve: Callable[[], Answer]) -> Answer:
                nonlocal seen
                seen += 1
                if seen != self.request or not other:
                    return serve()
                again = other.pop()
                if self.after:
                    answer = serve()
                    again()
                    return answer
                again()
                return serve()

            engine.around, engine.session.around = activity, request

        return through(str(self), arrange)


@dataclass(frozen=True)
class Afterwards:
    """Everything that was ever called is called once more when the environment is gone."""

    def __str__(self) -> str:
        return "every activity once more when all is gone"

    def live(self) -> Judgement:
        judgement = Judgement(str(self))
        calls: list[tuple[str, dict[str, Any]]] = []

        def around(name: str, given: dict[str, Any], do: Do) -> Any:
            calls.append((name, given))
            return do()

        with Engine() as engine:
            engine.around = around
            life = engine.ask()
            run(engine, judgement)
            judge_build(engine, life, judgement, READY)
            engine.delete(life)
            run(engine, judgement)
            engine.settle()
            for name, given in list(calls):
                engine.act(name, given)
                engine.direct.advance(60.0)
            judge_end(engine, life, judgement)
        return judgement


UNSEEN = {
    "Microsoft.Compute/disks/write": "the local Azure makes a VM's disk without asking",
    "Microsoft.Compute/disks/delete": "the local Azure ends a VM's disk without asking",
    **{
        action: "the local Azure asks for an operation's signature only"
        for action in permissions.BESIDE_STEPS["operations under way"]
    },
}
"""Permissions that can't be missed here, and why."""


@dataclass(frozen=True)
class Denied:
    """One permission of the app's role is missing. `scope`: of which of its two roles."""

    action: str
    scope: permissions.Scope

    def __str__(self) -> str:
        return f"denied: {self.action}"

    def live(self) -> Judgement:
        judgement = Judgement(str(self))
        with Engine() as engine:
            roles = {role.name: role for role in engine.azure.cloud.access.roles.values()}
            held = {"subscription": roles[seed.PROVISIONER.name], "vault": roles[seed.VAULT_ACCESS.name]}
            for scope, role in held.items():
                role.actions = tuple(permissions.actions(scope))  # type: ignore[arg-type]
            whole = held[self.scope].actions
            held[self.scope].actions = tuple(action for action in whole if action != self.action)
            life = engine.ask()
            run(engine, judgement)
            if engine.phase(life) == "ready":
                engine.delete(life)
                run(engine, judgement)
            record = engine.record(life)
            errors = [record.get("error") or {}, (record.get("teardown") or {}).get("error") or {}]
            told = next((error for error in errors if error), {})
            judgement.came_to = str(told.get("code") or record["phase"])
            if not told:
                judgement.wrong.append("nobody missed it")
            elif not any(self.action.lower() in str(error).lower() for error in errors):
                judgement.wrong.append(f"{told['code']} does not name it: {told['message'][:200]} ({told['hint']})")
            held[self.scope].actions = whole
            engine.hub.at(engine.hub.seconds + AGES, lambda: engine.delete(life))
            run(engine, judgement)
            judge_end(engine, life, judgement)
        return judgement


@dataclass(frozen=True)
class NoAccess:
    """A VM's role on one of its secrets never lets it in. `secret`: ticket or api-key."""

    secret: str

    def __str__(self) -> str:
        return f"denied: the VMs' access to {self.secret}"

    def live(self) -> Judgement:
        judgement = Judgement(str(self))
        fault = Fault("PUT", f"{self.secret}/providers/.*/roleAssignments/", effect="slow", seconds=AGES, count=0)
        with Engine(fault) as engine:
            life = engine.ask()
            run(engine, judgement)
            judge_build(engine, life, judgement, "ProofFailed")
            evidence = str(engine.record(life).get("proof"))
            if "ForbiddenByRbac" not in evidence:
                judgement.wrong.append(f"the proof does not name it: {evidence[:300]}")
            judge_end(engine, life, judgement)
        return judgement


def denials() -> Iterator[Denied | NoAccess]:
    """Every permission that the app declares, and each role of the VMs."""
    scopes: tuple[permissions.Scope, ...] = ("subscription", "vault")
    for scope in scopes:
        yield from (Denied(action, scope) for action in permissions.actions(scope) if action not in UNSEEN)
    yield from (NoAccess("-ticket"), NoAccess("-api-key"))


@dataclass(frozen=True)
class Chaos:
    """Every request goes wrong with this chance, from request to end."""

    chance: float
    seed: int

    def __str__(self) -> str:
        return f"chaos {self.chance:.0%}, seed {self.seed}"

    def faults(self) -> list[Fault]:
        share = self.chance / 5
        effects: tuple[Effect, ...] = ("reset", "lost", "half")
        broken = [self._fault(number, share, effect=effect) for number, effect in enumerate(effects)]
        busy = self._fault(3, share, status=429, code="TooManyRequests", headers={"Retry-After": "20"})
        return [*broken, busy, self._fault(4, share, status=503, code="ServiceUnavailable")]

    def _fault(self, number: int, share: float, **more: Any) -> Fault:
        return Fault(count=0, probability=share, seed=self.seed * 10 + number, **more)

    def live(self) -> Judgement:
        judgement = Judgement(str(self))
        faults = self.faults()
        random.Random(self.seed).shuffle(faults)
        with Engine(*faults) as engine:
            life = engine.ask()
            run(engine, judgement)
            judge_build(engine, life, judgement, None)
            for _ in range(ATTEMPTS):
                if engine.phase(life) == "gone":
                    break
                engine.hub.at(engine.hub.seconds + 60, lambda: engine.delete(life))
                run(engine, judgement)
            engine.azure.front.faults.clear()
            judge_end(engine, life, judgement)
        return judgement
