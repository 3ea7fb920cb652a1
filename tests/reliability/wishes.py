"""What people ask for while something goes on: a cancellation at every episode, a retry after every failure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from localcloud.azure.faults import Fault
from tests.localazure.engine import Engine
from tests.reliability.life import READY, Judgement, judge_build, judge_end, run
from tests.reliability.operations import Operation, operations, rehearsal

AGAIN = ("runcommands",)
"""What a new attempt asks anew, since an old answer proves nothing."""


@dataclass(frozen=True)
class Cancelled:
    """Its cancellation is asked for when the n-th episode is committed."""

    episode: int

    def __str__(self) -> str:
        return f"cancelled after episode {self.episode}"

    def live(self) -> Judgement:
        judgement = Judgement(str(self))
        with Engine() as engine:
            life = engine.ask()
            taken: list[bool] = []

            def after(number: int) -> None:
                if number == self.episode:
                    taken.append(engine.cancel(life))

            engine.hub.after_episode = after
            run(engine, judgement)
            record = engine.record(life)
            judgement.came_to = record["phase"]
            if taken != [True]:
                judgement.wrong.append(f"the cancellation was not taken: {taken}")
            elif (record["stop"] or {}).get("why") != "cancel":
                judgement.wrong.append(f"it was stopped by {record['stop']}")
            judge_end(engine, life, judgement)
        return judgement


@dataclass(frozen=True)
class Retried:
    """A creation is refused for good, what there is is kept, the cause is mended, and it is tried again."""

    operation: Operation

    def __str__(self) -> str:
        return f"kept and retried: {self.operation.name}"

    def live(self) -> Judgement:
        judgement = Judgement(str(self))
        code = "RequestDisallowedByPolicy"
        refusal = Fault("PUT", self.operation.path, status=403, code=code, message="no", count=0)
        with Engine(refusal) as engine:
            life = engine.ask(on_failure="keep")
            run(engine, judgement)
            record = engine.record(life)
            if (record["phase"], (record["error"] or {}).get("code")) != ("failed", code):
                judgement.wrong.append(f"it came to {record['phase']}: {record['error']}")
            engine.azure.front.faults.clear()
            if not engine.retry(life):
                judgement.wrong.append("the retry was refused")
            run(engine, judgement)
            judge_build(engine, life, judgement, READY)
            if twice := _put_twice(engine):
                judgement.wrong.append(f"put again though it was ready: {', '.join(twice)}")
            engine.delete(life)
            run(engine, judgement)
            judge_end(engine, life, judgement)
        return judgement


def _put_twice(engine: Engine) -> list[str]:
    put = Counter(
        entry["path"].lower()
        for entry in engine.requests()
        if entry["method"] == "PUT" and entry["status"] < 400 and entry["host"] == "management.azure.com"
    )
    return [path for path, times in put.items() if times > 1 and not any(word in path for word in AGAIN)]


def wishes() -> Iterator[Cancelled | Retried]:
    """A cancellation at every episode before it is ready, and a retry after the refusal of every creation."""
    # The last episode is the one that makes it ready: then there is nothing to cancel any more.
    yield from (Cancelled(number) for number in range(1, rehearsal("delete").ready_episodes))
    creations = (one for one in operations() if one.method == "PUT" and one.service == "arm")
    yield from (Retried(one) for one in creations)
