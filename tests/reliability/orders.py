"""An environment's people and accidents in any order: what Hypothesis draws, and what must hold after each."""

from __future__ import annotations

import re
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from activities.records import Life
from isthmus import names
from localcloud.azure.faults import Fault
from localcloud.azure.front import Incoming
from tests.localazure.engine import Engine
from tests.localazure.live import HostDiedError
from tests.reliability.canaries import Ear, hits
from tests.reliability.life import Judgement
from tests.reliability.operations import undisturbed

NAMES = ("demo", "other")
LEASE = 60
"""Minutes."""
LONG = 12 * 3600.0
"""Seconds after which everything that was begun has come to an end of some kind."""
OURS = re.compile(rf"{names.PREFIX}-([a-z]+)-([a-z2-7]{{6}})-")
REFUSED = ("natGateways", "virtualMachines", "deployments", "privateEndpoints")
ONCE = {"deleted accounts": "Microsoft.CognitiveServices/accounts", "deleted secrets": "secrets"}
"""On its way to its end a thing is counted as another kind."""


class Orders(RuleBasedStateMachine):
    """One subscription, two names, and whatever befalls them."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine()
        self.lives: list[Life] = []

    @initialize(name=st.sampled_from(NAMES), keep=st.booleans())
    def begin(self, name: str, keep: bool) -> None:
        self.create(name, keep)

    @rule(name=st.sampled_from(NAMES), keep=st.booleans())
    def create(self, name: str, keep: bool) -> None:
        before = self.engine.records.bearer(name)
        digest = f"{len(self.lives)}"
        wish = {"name": name, "lease_minutes": LEASE, "on_failure": "keep" if keep else "rollback"}
        life = self.engine.ask(names.generation(name, before, digest), **wish)
        if life not in self.lives:
            self.lives.append(life)

    @rule(seconds=st.sampled_from([1, 7, 20, 60, 200, 900]))
    def time_passes(self, seconds: float) -> None:
        self.engine.hub.run(until=self.engine.hub.seconds + seconds)

    @rule()
    def the_host_dies(self) -> None:
        self.engine.hub.die()

    @rule(after=st.booleans(), calls=st.integers(1, 30))
    def the_host_will_die_in_a_call(self, after: bool, calls: int) -> None:
        seen = 0

        def around(incoming: Incoming, serve: Any) -> Any:
            nonlocal seen
            seen += 1
            if seen != calls:
                return serve()
            if after:
                serve()
            raise HostDiedError

        self.engine.session.around = around

    @rule(kind=st.sampled_from(REFUSED))
    def something_is_refused(self, kind: str) -> None:
        fault = Fault("PUT", f"/{kind}/", status=403, code="RequestDisallowedByPolicy", message="no", count=0)
        self.engine.azure.front.faults.append(fault)

    @rule()
    def everything_is_mended(self) -> None:
        self.engine.azure.front.faults.clear()

    @precondition(lambda self: self.lives)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        self.engine.cancel(data.draw(st.sampled_from(self.lives)))

    @precondition(lambda self: self.lives)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        self.engine.delete(data.draw(st.sampled_from(self.lives)))

    @precondition(lambda self: self.lives)
    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        self.engine.retry(data.draw(st.sampled_from(self.lives)))

    @precondition(lambda self: self.lives)
    @rule(data=st.data(), minutes=st.sampled_from([5, 90]))
    def renew(self, data: st.DataObject, minutes: int) -> None:
        self.engine.renew(data.draw(st.sampled_from(self.lives)), minutes)

    @rule(expired=st.booleans())
    def sweep(self, expired: bool) -> None:
        if expired:
            self.engine.hub.run(until=self.engine.hub.seconds + LEASE * 60)
        self.engine.sweep()

    @invariant()
    def nothing_is_there_twice(self) -> None:
        alive, there = Counter[str](), Counter[str]()
        for kind, count in self.engine.census().items():
            there[ONCE.get(kind, kind)] += count
        for life in self.lives:
            if self.engine.phase(life) != "gone":
                alive += undisturbed().there
        assert not there - alive, f"too many: {dict(there - alive)}"

    @invariant()
    def nothing_of_ours_is_without_its_record(self) -> None:
        known = {f"{'-'.join(life)}" for life in self.lives if self.engine.phase(life) != "gone"}
        everything = self.engine.azure.census()
        for kind, items in everything.items():
            if kind in ("seeded", "containers", "blobs", "operations"):
                continue
            for item in items:
                found = OURS.search(item)
                assert found is not None, f"{kind} {item} is nobody's"
                assert f"{found[1]}-{found[2]}" in known, f"{kind} {item} has no life"

    @invariant()
    def no_orchestration_broke(self) -> None:
        assert [one.output for one in self.engine.hub.instances.values() if one.status == "Failed"] == []
        assert self.engine.bugs == []

    def teardown(self) -> None:
        """Whatever happened: mended and asked to go, everything goes."""
        engine = self.engine
        with engine:
            engine.azure.front.faults.clear()
            engine.session.around = lambda incoming, serve: serve()
            engine.hub.run(until=engine.hub.seconds + LONG)
            for life in self.lives:
                assert engine.phase(life) in ("ready", "failed", "gone"), f"{life} is stuck: {engine.phase(life)}"
                engine.delete(life)
            engine.hub.run(until=engine.hub.seconds + LONG)
            engine.settle()
            assert {life: engine.phase(life) for life in self.lives} == dict.fromkeys(self.lives, "gone")
            assert engine.census() == {}
            assert hits(engine, Ear()) == []


@dataclass(frozen=True)
class InAnyOrder:
    """Some lives in an order that Hypothesis draws from the seed."""

    seed: int
    examples: int = 5

    def __str__(self) -> str:
        return f"in any order, seed {self.seed}"

    def live(self) -> Judgement:
        judgement = Judgement(str(self))
        drawn = settings(
            max_examples=self.examples,
            stateful_step_count=15,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            # Lives are long: to make a failing order shorter takes minutes, and its steps are printed anyway.
            phases=[Phase.generate],
            print_blob=False,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                run_state_machine_as_test(seed(self.seed)(type("Drawn", (Orders,), {})), settings=drawn)
            except Exception as error:
                judgement.wrong.append(_told(error))
        return judgement


def _told(error: Exception) -> str:
    """What did not hold, and the steps that led there."""
    here = [frame.line for frame in traceback.extract_tb(error.__traceback__) if frame.filename == __file__]
    steps = "\n".join(getattr(error, "__notes__", [])).splitlines()
    order = [line for line in steps if line.startswith("state.") and not line.startswith(INVARIANTS)]
    return f"{type(error).__name__} {error} at {here[-1] if here else 'no line of ours'}: {'; '.join(order)}"


INVARIANTS = ("state.no_orchestration_broke(", "state.nothing_")
