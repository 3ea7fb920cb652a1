"""teardown_environment and clean_up, driven by replay on a virtual clock."""

from __future__ import annotations

from typing import Any

import pytest

from isthmus import names
from isthmus.outcomes import failed, pending, ready
from isthmus.plan import removal_steps
from tests.unit.actors import World
from tests.unit.samples import LIFE, consumers

NO = failed("ScopeLocked", "locked", hint="Remove the lock.")
JOB = {"environment": LIFE[0], "generation": LIFE[1]}


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


class Swept(World):
    """A world in which a sweep finds what it is told."""

    found: dict[str, Any] = {"expired": [], "stopping": [], "left_alone": []}  # noqa: RUF012

    def _find_expired(self, given: dict[str, Any]) -> Any:
        return self.found


@pytest.mark.parametrize("expired", [[], [JOB]])
def test_a_sweep_takes_down_what_has_expired_and_tells_what_it_left_alone(expired: list[Any]) -> None:
    world = Swept()
    world.records.change(LIFE, lambda document: document | {"phase": "ready"})
    world.found = {"expired": expired, "stopping": [], "left_alone": [{"group": "x", "reason": "y"}]}
    world.driver.start("clean_up", None, "clean-up")
    world.driver.run()
    running = world.driver.instances["clean-up"]
    assert running.episode.status == "Completed", running.output
    assert running.output == world.found | {"results": [{"phase": "gone", "left": []}] * len(expired)}


def test_a_sweep_asks_with_the_orchestrations_own_time() -> None:
    world = Swept()
    world.driver.start("clean_up", None, "clean-up")
    world.driver.run()
    ((_, given),) = world.inputs
    assert given["now"].startswith("2026-")
    assert given["now"].endswith("+00:00")
