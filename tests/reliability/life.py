"""One life of an environment under some trouble, from request to the empty subscription, and the judgement on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from activities.records import Life
from isthmus.errors import rule_of
from localcloud.azure.faults import Fault
from tests.localazure.engine import Engine
from tests.reliability.canaries import Ear, hits
from tests.reliability.operations import ENDINGS, LEASE, Ending, Stage, undisturbed

HEARD = Ear()
"""What is logged in a life that is overheard."""
READY = "ready"
"""What must come of a life: this, or the code of the failure after which everything is cleaned."""
AGES = 2 * 3600.0
"""Seconds: longer than any deadline."""
LONGEST = 4 * 3600.0
"""Virtual seconds after which a life is stuck."""
UNHURRIED = frozenset({"DeadlineExceeded", "OSProvisioningTimedOut", "ProofFailed", "RunCommandFailed"})
"""Codes that can't come soon: Azure's own patience, or that of the programs in the VMs, has to end first."""
SECONDS = 60.0
"""A terminal error fails its step within so many virtual seconds."""


@dataclass
class Judgement:
    """What came of a life. `wrong`: everything that is not as it must be, in words."""

    what: str
    came_to: str = ""
    wrong: list[str] = field(default_factory=list)
    duplicates: int = 0
    orphans: int = 0
    lost: int = 0
    leaks: int = 0
    seconds: float = 0.0
    requests: int = 0

    @property
    def fine(self) -> bool:
        return not self.wrong


class Staged:
    """Faults that hold while an environment is built, or while it is taken down."""

    def __init__(self, engine: Engine, stage: Stage, *faults: Fault) -> None:
        self.engine, self.stage, self.faults = engine, stage, faults
        if stage == "build":
            engine.azure.front.faults.extend(faults)
        inner = engine.around

        def around(name: str, given: dict[str, Any], do: Callable[[], Any]) -> Any:
            if name == "begin_teardown":
                self.turn()
            return inner(name, given, do)

        engine.around = around

    def turn(self) -> None:
        """A teardown begins."""
        known = self.engine.azure.front.faults
        if self.stage == "build":
            self.lift()
        else:
            known.extend(fault for fault in self.faults if fault not in known)

    def lift(self) -> None:
        known = self.engine.azure.front.faults
        known[:] = [fault for fault in known if fault not in self.faults]
        self.faults = ()

    @property
    def hit(self) -> int:
        return sum(fault.hit for fault in self.faults)


def through(
    what: str,
    arrange: Callable[[Engine], None],
    comes_to: str | None = READY,
    ending: Ending = "delete",
    wish: Mapping[str, Any] | None = None,
) -> Judgement:
    """A life from request to end under whatever `arrange` brought about. `wish`: what stands in the request."""
    judgement = Judgement(what)
    with Engine() as engine:
        arrange(engine)
        life = engine.ask(**(wish or {}))
        run(engine, judgement)
        judge_build(engine, life, judgement, comes_to)
        ENDINGS[ending](engine, life)
        run(engine, judgement)
        judge_end(engine, life, judgement, idle=LEASE if ending == "sweep" else 0.0)
    return judgement


def run(engine: Engine, judgement: Judgement) -> None:
    try:
        engine.run()
    except AssertionError as error:
        judgement.wrong.append(f"stuck: {error}")
    broken = [f"{one.name}: {one.output}" for one in engine.hub.instances.values() if one.status == "Failed"]
    judgement.wrong += [f"an orchestration broke: {line}" for line in broken if line not in " ".join(judgement.wrong)]


def judge_build(engine: Engine, life: Life, judgement: Judgement, comes_to: str | None) -> None:
    """Ready with all that there must be, or failed with the right code, a hint, and within seconds. None: either."""
    record = engine.record(life)
    error = record.get("error") or {}
    judgement.came_to = "ready" if record["phase"] == "ready" else str(error.get("code") or record["phase"])
    judgement.seconds, judgement.requests = engine.hub.seconds, engine.azure.front.logged
    if comes_to and judgement.came_to != comes_to:
        judgement.wrong.append(f"came to {judgement.came_to}, not to {comes_to}: {error.get('message', '')[:200]}")
    if judgement.came_to == READY:
        have, want = engine.census(), undisturbed().there
        judgement.duplicates, judgement.lost = _over(have, want), _over(want, have)
        if judgement.duplicates or judgement.lost:
            judgement.wrong.append(f"there are {dict(have - want)} too many and {dict(want - have)} too few")
    else:
        if not error.get("hint"):
            judgement.wrong.append(f"{error.get('code')} comes without a hint")
        if comes_to not in (READY, None, *UNHURRIED):
            _judge_haste(engine, life, judgement)


def _judge_haste(engine: Engine, life: Life, judgement: Judgement) -> None:
    """The step that failed did so soon after it was begun."""
    for line in (line for part in engine.records.parts(life).values() for line in part if line["state"] == "failed"):
        took = (datetime.fromisoformat(line["ended"]) - datetime.fromisoformat(line["started"])).total_seconds()
        usual = next(step["typical"] for step in engine.record(life)["plan"]["steps"] if step["id"] == line["id"])
        # What may pass is given its time; what can't fails at once.
        patience = rule_of(0, line["error"]["code"]).patience or 0.0
        if took > usual + patience + SECONDS:
            judgement.wrong.append(f"{line['id']} failed after {took:.0f} s only")


def judge_refused_teardown(engine: Engine, life: Life, judgement: Judgement, comes_to: str) -> None:
    """It ends, and says what is left and why."""
    record = engine.record(life)
    summary = record.get("teardown") or {}
    error = summary.get("error") or {}
    judgement.came_to = str(error.get("code") or record["phase"])
    if record["phase"] != "failed" or not summary.get("left"):
        judgement.wrong.append(f"the teardown came to {record['phase']}, and leaves {summary.get('left')}")
    elif error.get("code") != comes_to:
        judgement.wrong.append(f"the teardown failed with {error.get('code')}, not with {comes_to}")
    elif not error.get("hint"):
        judgement.wrong.append(f"{error.get('code')} comes without a hint")


def judge_end(engine: Engine, life: Life, judgement: Judgement, idle: float = 0.0) -> None:
    """Gone, and nothing left; no activity raised. `idle`: seconds in which there was nothing to do."""
    engine.settle()
    left = engine.census()
    judgement.orphans = sum(left.values())
    if engine.phase(life) != "gone":
        summary = engine.record(life).get("teardown") or {}
        why = (summary.get("error") or {}).get("code")
        judgement.wrong.append(f"it ended {engine.phase(life)}: {why}, left are {', '.join(summary.get('left') or [])}")
    if left:
        judgement.wrong.append(f"left over: {dict(left)}")
    if engine.hub.seconds - idle > LONGEST:
        judgement.wrong.append(f"it took {engine.hub.seconds:.0f} s")
    leaks = hits(engine, HEARD)
    judgement.leaks += len(leaks)
    judgement.wrong += [f"a secret is written down: {line}" for line in leaks[:3]]
    judgement.wrong += [f"a bug: {bug.strip().splitlines()[-1]}" for bug in engine.bugs[:1]]


def _over(more: Counter[str], less: Counter[str]) -> int:
    return sum((more - less).values())
