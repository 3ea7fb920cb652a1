"""Two who want something of one environment at the same moment: one of them wins, and the end is clean."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from isthmus import names
from localcloud.azure.faults import Fault
from tests.localazure.engine import Engine

Life = tuple[str, str]
REFUSED = Fault("PUT", "/natGateways/", status=403, code="RequestDisallowedByPolicy", message="no", count=0)


def kept(engine: Engine) -> Life:
    """One that failed and was kept, and whose cause is mended."""
    engine.azure.front.faults.append(REFUSED)
    life = engine.ask(on_failure="keep")
    engine.run()
    engine.azure.front.faults.clear()
    assert engine.phase(life) == "failed"
    return life


def meanwhile(engine: Engine, do: Callable[[], object]) -> None:
    """Does it between the next reading of a record and its writing."""

    def before(name: str) -> None:
        if name.endswith("record.json"):
            engine.container.before_write = lambda name: None
            do()

    engine.container.before_write = before


def gone(engine: Engine, life: Life) -> None:
    engine.run()
    engine.settle()
    assert (engine.phase(life), engine.census(), engine.bugs) == ("gone", {}, [])


@pytest.mark.parametrize("seconds", [0.0, 0.3, 5.0, 60.0])
def test_a_retry_while_it_is_deleted_is_refused_and_changes_nothing(seconds: float) -> None:
    with Engine() as engine:
        life, taken = kept(engine), []
        engine.delete(life)
        engine.hub.at(engine.hub.seconds + seconds, lambda: taken.append(engine.retry(life)))
        gone(engine, life)
        assert taken == [False]


def test_a_delete_that_comes_between_a_retry_s_look_and_its_writing_wins() -> None:
    with Engine() as engine:
        life = kept(engine)
        meanwhile(engine, lambda: engine.delete(life))
        assert not engine.retry(life)
        gone(engine, life)


def test_a_retry_that_comes_between_a_delete_s_look_and_its_writing_is_ended() -> None:
    with Engine() as engine:
        life, taken = kept(engine), []
        meanwhile(engine, lambda: taken.append(engine.retry(life)))
        engine.delete(life)
        assert taken == [True]
        gone(engine, life)


def test_two_retries_at_once_are_one_attempt() -> None:
    with Engine() as engine:
        life, taken = kept(engine), []
        meanwhile(engine, lambda: taken.append(engine.retry(life)))
        taken.append(engine.retry(life))
        engine.run()
        assert sorted(taken) == [False, True]
        assert (engine.phase(life), engine.record(life)["attempt"]) == ("ready", 2)
        engine.delete(life)
        gone(engine, life)


@pytest.mark.parametrize("seconds", [1.0, 40.0, 90.0])
def test_a_cancel_a_delete_and_another_delete_at_once_have_one_owner(seconds: float) -> None:
    with Engine() as engine:
        life = engine.ask()
        for act in (engine.cancel, engine.delete, engine.delete):
            engine.hub.at(seconds, lambda act=act: act(life))  # type: ignore[misc]
        gone(engine, life)
        down = [one for one in engine.hub.instances.values() if one.name == "teardown_environment"]
        assert len(down) == 1


def test_whoever_asks_again_while_it_is_deleted_gets_a_life_of_its_own() -> None:
    with Engine() as engine:
        first, later = engine.ask(), []
        engine.run()
        engine.delete(first)
        again = names.generation("demo", first[1], "again")
        engine.hub.at(engine.hub.seconds + 20, lambda: later.append(engine.ask(again)))
        engine.run()
        assert (engine.phase(first), later, engine.phase(later[0])) == ("gone", [("demo", again)], "ready")
        engine.delete(later[0])
        gone(engine, later[0])


def test_two_who_ask_at_once_are_given_the_same_life() -> None:
    with Engine() as engine:
        lives: list[Life] = []

        def before(name: str) -> None:
            if name.startswith("environments/"):
                engine.container.before_write = lambda name: None
                lives.append(engine.ask("def567"))

        engine.container.before_write = before
        lives.append(engine.ask())
        engine.run()
        assert lives == [("demo", "def567")] * 2
        assert engine.phase(lives[0]) == "ready"
        engine.delete(lives[0])
        gone(engine, lives[0])


@pytest.mark.parametrize("seconds", [5.0, 60.0, 120.0])
def test_a_sweep_a_retry_and_a_death_while_it_is_built_leave_it_be(seconds: float) -> None:
    with Engine() as engine:
        life, taken = engine.ask(lease_minutes=60), []
        engine.hub.at(seconds, engine.sweep)
        engine.hub.at(seconds, lambda: taken.append(engine.retry(life)))
        engine.hub.at(seconds + 0.1, engine.hub.die)
        engine.run()
        assert (engine.phase(life), engine.bugs, taken) == ("ready", [], [False])
        engine.delete(life)
        gone(engine, life)
