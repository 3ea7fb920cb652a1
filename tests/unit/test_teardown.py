"""teardown_environment and clean_up, driven by replay on a virtual clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from isthmus import names
from isthmus.outcomes import failed, pending, ready
from isthmus.plan import removal_steps
from tests.unit.actors import Swept, World
from tests.unit.samples import LIFE, consumers

NO = failed("ScopeLocked", "locked", hint="Remove the lock.")
JOB = {"environment": LIFE[0], "generation": LIFE[1]}
DUE = JOB | {"why": "lease", "lease_ended": None}


def standing(**more: Any) -> World:
    """An environment that is ready."""
    world = World(**more)
    world.records.change(LIFE, lambda document: document | {"phase": "ready"})
    return world


def take_down(world: World) -> Any:
    instance = names.teardown_instance(*LIFE)
    world.driver.start("teardown_environment", JOB, instance)
    world.driver.run()
    running = world.driver.instances[instance]
    assert running.episode.status == "Completed", running.output
    return running.output


def test_everything_is_removed_and_the_record_says_gone() -> None:
    world = standing(slow=True, corps=consumers(2))
    assert take_down(world) == {"phase": "gone", "left": []}
    assert set(world.steps("remove")) == {step["id"] for step in world.plan["steps"]}
    assert world.record["phase"] == "gone"


def test_a_removal_begins_when_all_that_must_go_before_is_gone() -> None:
    world = standing(slow=True)
    take_down(world)
    for step in removal_steps(world.plan):
        begun = world.when("remove", step["id"])[0]
        assert all(world.when("remove", need)[-1] < begun for need in step["needs"])


def test_secrets_outlive_the_access_to_them() -> None:
    world = standing(slow=True)
    take_down(world)
    access = world.when("remove", "health-corp/secret_access")[-1]
    assert world.when("remove", "health-corp/reserved_ticket")[0] > access


def test_nothing_is_ensured_in_a_teardown() -> None:
    world = standing()
    take_down(world)
    assert world.steps("ensure") == []


def test_what_cannot_be_removed_is_named_and_the_rest_is_removed_all_the_same() -> None:
    world = standing()
    world.tell("remove", "ai-corp/resource_group", NO)
    out = take_down(world)
    assert out["phase"] == "failed"
    assert "ai-corp/resource_group" in out["left"]
    assert "ai-corp/virtual_machine" in out["left"]
    assert not [step for step in out["left"] if step.startswith("health-corp/")]
    assert world.record["phase"] == "failed"
    assert world.record["teardown"]["error"]["hint"] == "Remove the lock."


def test_a_second_teardown_finishes_what_the_first_left() -> None:
    world = standing()
    world.tell("remove", "ai-corp/resource_group", NO)
    take_down(world)
    world.tell("remove", "ai-corp/resource_group", ready())
    assert take_down(world) == {"phase": "gone", "left": []}


def test_a_purge_that_must_wait_is_waited_for() -> None:
    world = standing()
    world.tell("remove", "ai-corp/openai_account", pending("asked to be purged", 45.0, wrote=True), ready())
    assert take_down(world)["phase"] == "gone"
    assert world.driver.seconds > 45.0


def test_a_life_that_is_gone_is_not_taken_down_again() -> None:
    world = standing()
    take_down(world)
    before = len(world.calls)
    assert take_down(world) == {"phase": "gone", "left": []}
    assert len(world.calls) == before


def test_a_stop_flag_does_not_hold_up_a_teardown() -> None:
    world = World()
    world.stop()
    assert take_down(world)["phase"] == "gone"


def test_a_life_without_a_plan_is_taken_down_by_its_names() -> None:
    world = World()
    world.records.change(LIFE, lambda document: document | {"plan": None, "phase": "failed"})
    assert take_down(world)["phase"] == "gone"
    assert {"ai-corp/resource_group", "ai-corp/reserved_key"} <= set(world.steps("remove"))


def swept(world: Swept, purged: Any = None) -> dict[str, Any]:
    world.records.change(LIFE, lambda document: document | {"phase": "ready"})
    world.driver.start("clean_up", {"purged": purged} if purged else None, "clean-up")
    world.driver.run()
    running = world.driver.instances["clean-up"]
    assert running.episode.status == "Completed", running.output
    report: dict[str, Any] = running.output
    return report


@pytest.mark.parametrize("due", [[], [DUE]])
def test_a_sweep_takes_down_what_is_due_and_tells_what_it_left_alone(due: list[Any]) -> None:
    world = Swept()
    world.due = due
    report = swept(world, {"instances": 3, "until": "x"})
    assert report["taken_down"] == [DUE | {"phase": "gone", "left": []}] * len(due)
    assert (report["due"], report["left_alone"]) == (due, [{"name": "x", "reason": "y"}])
    assert report["purged"] == {"instances": 3, "until": "x"}


def test_a_dry_run_takes_nothing_down_and_says_what_it_would() -> None:
    world = Swept()
    world.due, world.dry_run = [DUE], True
    report = swept(world)
    assert (report["due"], report["taken_down"]) == ([DUE], [])
    assert (world.record["phase"], world.calls) == ("ready", [])


def test_a_teardown_that_breaks_does_not_keep_the_report_from_being_written() -> None:
    world = Swept()
    world.due = [DUE]
    world.broken["begin_teardown"] = RuntimeError("a bug")
    assert swept(world)["taken_down"] == [DUE | {"phase": None, "left": []}]


def test_a_sweep_asks_with_the_orchestrations_own_time() -> None:
    world = Swept()
    swept(world)
    given = dict(world.inputs)["find_expired"]
    assert given["now"].startswith("2026-")
    assert given["now"].endswith("+00:00")


def test_a_teardown_that_leaves_something_says_when_it_is_tried_again() -> None:
    world = World()
    world.tell("remove", "ai-corp/resource_group", failed("ScopeLocked", "a lock", hint="Remove it."))
    for tries, minutes in ((1, 15), (2, 30), (3, 60)):
        take_down(world)
        teardown = world.record["teardown"]
        assert teardown["tries"] == tries
        assert "ai-corp/resource_group" in teardown["left"]
        ended = datetime.fromtimestamp(world.driver.now, UTC)
        wait = datetime.fromisoformat(teardown["next_try"]) - ended
        assert timedelta(minutes=minutes, seconds=-10) < wait <= timedelta(minutes=minutes)
    world.tell("remove", "ai-corp/resource_group", ready())
    assert take_down(world)["phase"] == "gone"
    assert (world.record["teardown"]["tries"], world.record["teardown"]["next_try"]) == (4, None)
