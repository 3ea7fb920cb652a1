"""provision_environment and build_corp, driven by replay on a virtual clock."""

from __future__ import annotations

import json

import pytest

from isthmus.outcomes import failed, pending, ready, stopped
from localcloud.host.events import seconds_of
from tests.unit.actors import PROOF, World
from tests.unit.driver import ACTIVITY_SECONDS, START
from tests.unit.samples import LIFE, consumers

NO = failed("QuotaExceeded", "no more", hint="Ask for more.")


def test_an_environment_in_which_all_goes_well_is_ready_with_its_proof() -> None:
    world = World()
    assert world.provision() == {"phase": "ready"}
    assert world.phases == ["planning", "building", "verifying", "ready"]
    assert (world.record["phase"], world.record["proof"]) == ("ready", PROOF)
    assert set(world.steps("ensure")) == {step["id"] for step in world.plan["steps"]}
    assert world.steps("remove") == []


def test_a_step_is_begun_after_all_that_it_needs() -> None:
    world = World(slow=True, corps=consumers(2))
    world.provision()
    for step in world.plan["steps"]:
        begun = world.when("ensure", step["id"])[0]
        assert all(world.when("ensure", need)[-1] < begun for need in step["needs"])


def test_secrets_are_reserved_before_any_corp_is_begun_and_the_proof_comes_last() -> None:
    world = World()
    world.provision()
    order = world.steps("ensure")
    assert {step.split("/")[1] for step in order[:3]} == {"reserved_ticket", "reserved_key"}
    assert order[-1] == "ai-corp/proof"


def test_corps_are_built_at_the_same_time() -> None:
    world = World(slow=True, corps=consumers(3))
    world.provision()
    begun = {corp["name"]: world.when("ensure", f"{corp['name']}/resource_group")[0] for corp in world.plan["corps"]}
    assert len(set(begun.values())) == 1
    three = world.driver.seconds
    one = World(slow=True, corps=consumers(1))
    one.provision()
    assert three < one.driver.seconds + 10  # the stagger of the questions


def test_it_takes_about_as_long_as_the_plan_estimates() -> None:
    world = World(slow=True)
    world.provision()
    assert world.plan["estimate_seconds"] <= world.driver.seconds < 1.5 * world.plan["estimate_seconds"]


def test_children_have_instance_ids_of_their_own() -> None:
    world = World()
    world.provision()
    assert set(world.driver.instances) == {
        "env-demo-abc234",
        "env-demo-abc234-ai-corp-1",
        "env-demo-abc234-health-corp-1",
    }


def test_each_child_gets_its_own_slice_and_no_other() -> None:
    world = World()
    world.provision()
    given = json.loads(world.driver.instances["env-demo-abc234-ai-corp-1"].instance.input)
    given = json.loads(given) if isinstance(given, str) else given
    assert {step["corp"] for step in given["steps"]} == {"ai-corp"}
    assert {step["stage"] for step in given["steps"]} == {"build"}


def test_a_step_is_given_the_outputs_of_what_it_needs() -> None:
    world = World()
    world.tell("ensure", "ai-corp/private_endpoint", ready({"address": "10.0.0.9"}))
    world.provision()
    given = next(given for name, given in world.inputs if name == "ensure_client_run")
    assert given["outputs"]["ai-corp/private_endpoint"] == {"address": "10.0.0.9"}
    assert set(given["outputs"]) == set(given["step"]["needs"])


def test_a_pending_step_is_looked_at_when_the_service_said() -> None:
    world = World()
    world.tell("ensure", "ai-corp/openai_account", pending("creating", 17.0, wrote=True), ready())
    world.provision()
    first, second = world.when("ensure", "ai-corp/openai_account")
    assert second - first == pytest.approx(17.0 + ACTIVITY_SECONDS, abs=0.3)


def test_waiting_for_one_step_holds_up_no_other() -> None:
    world = World()
    world.tell("ensure", "ai-corp/openai_account", pending("creating", 60.0, wrote=True), ready())
    world.provision()
    assert world.when("ensure", "ai-corp/virtual_machine")[0] < 10 < world.when("ensure", "ai-corp/private_endpoint")[0]


def test_how_often_a_step_was_written_is_told_to_its_activity() -> None:
    world = World()
    again = pending("again", 1.0, wrote=True)
    world.tell("ensure", "ai-corp/public_ip", again, again, ready())
    world.provision()
    given = [given["writes"] for name, given in world.inputs if name == "ensure_public_ip"]
    assert [writes for writes in given if given.count(writes)][-1] == 2


def test_progress_is_written_down_for_every_part() -> None:
    world = World()
    world.provision()
    parts = world.records.parts(LIFE)
    assert set(parts) == {"reserve", "ai-corp", "health-corp", "verify"}
    lines = [line for part in parts.values() for line in part]
    assert {line["state"] for line in lines} == {"ready"}
    assert len(lines) == len(world.plan["steps"])


def test_planning_that_must_wait_is_tried_again() -> None:
    world = World()
    world.planned = [pending("throttled", 30.0), pending("throttled")]
    assert world.provision() == {"phase": "ready"}
    assert world.driver.seconds > 40.0


def test_planning_that_fails_takes_down_nothing_that_was_never_built() -> None:
    world = World()
    world.planned = [NO]
    assert world.provision()["phase"] == "gone"
    assert world.steps("ensure") == []
    assert world.record["error"]["code"] == "QuotaExceeded"


FAILING = [
    "ai-corp/reserved_key",
    "ai-corp/public_ip",
    "health-corp/virtual_machine",
    "health-corp/client_run",
    "ai-corp/proof",
]


@pytest.mark.parametrize("step", FAILING)
def test_a_failure_wherever_it_happens_is_rolled_back_and_told(step: str) -> None:
    world = World(slow=True)
    world.tell("ensure", step, NO)
    assert world.provision() == {"phase": "gone", "left": []}
    assert set(world.steps("remove")) == {step["id"] for step in world.plan["steps"]}
    assert world.record["phase"] == "gone"
    assert (world.record["error"]["code"], world.record["error"]["hint"]) == ("QuotaExceeded", "Ask for more.")
    whole: dict[str, object] = {
        "left": [],
        "error": None,
        "steps": len(world.plan["steps"]),
        "tries": 1,
        "next_try": None,
    }
    assert world.record["teardown"] == whole


@pytest.mark.parametrize("step", FAILING)
def test_with_keep_what_was_built_stays(step: str) -> None:
    world = World(on_failure="keep")
    world.tell("ensure", step, NO)
    assert world.provision() == {"phase": "failed"}
    assert world.steps("remove") == []
    assert world.record["phase"] == "failed"
    assert world.record["error"]["code"] == "QuotaExceeded"


def test_a_failure_in_one_corp_stops_the_others() -> None:
    world = World(slow=True)
    world.tell("ensure", "ai-corp/network_security_group", NO)
    world.provision()
    assert "health-corp/virtual_machine" not in world.steps("ensure")
    assert world.record["stop"] == {"why": "failure", "detail": "ai-corp/network_security_group failed"}
    assert world.record["error"]["code"] == "QuotaExceeded"


def test_what_runs_beside_a_failure_is_let_finish_before_it_is_taken_down() -> None:
    world = World()
    world.tell("ensure", "ai-corp/openai_account", pending("creating", 200.0, wrote=True), ready())
    world.tell("ensure", "ai-corp/public_ip", NO)
    world.provision()
    assert len(world.when("ensure", "ai-corp/openai_account")) == 2
    assert min(seconds for seconds, verb, _ in world.calls if verb == "remove") > 200.0


def test_a_failed_proof_is_kept_as_evidence() -> None:
    world = World(on_failure="keep")
    refused = failed("ProofFailed", "These checks failed: answer (health-corp).")
    refused["evidence"] = {"proof": {"result": "failed"}}
    world.tell("ensure", "ai-corp/proof", refused)
    world.provision()
    assert world.record["proof"] == {"result": "failed"}
    assert world.record["error"]["code"] == "ProofFailed"


def test_nothing_is_ready_without_a_proof() -> None:
    world = World(on_failure="keep")
    world.plan["steps"] = [step for step in world.plan["steps"] if step["kind"] != "proof"]
    assert world.provision() == {"phase": "failed"}
    assert world.record["error"]["code"] == "NoProof"


def test_a_step_that_is_never_ready_fails_at_its_deadline() -> None:
    world = World()
    world.tell("ensure", "ai-corp/nat_gateway", pending("creating", 90.0))
    world.provision()
    assert world.record["error"]["code"] == "DeadlineExceeded"
    assert world.record["phase"] == "gone"
    seconds = [s for s, verb, step in world.calls if (verb, step) == ("ensure", "ai-corp/nat_gateway")]
    assert 800 < seconds[-1] - seconds[0] <= 900


def test_a_step_whose_activity_breaks_takes_the_environment_down() -> None:
    world = World()
    world.tell("ensure", "health-corp/public_ip", RuntimeError("a bug"))
    assert world.provision()["phase"] == "gone"
    assert world.record["error"]["code"] == "InternalError"


def test_a_corps_orchestration_that_breaks_takes_the_environment_down_and_keeps_quiet_about_details() -> None:
    world = World()
    world.broken["ensure_virtual_network"] = ValueError("a bug with CANARY in its message")
    assert world.provision()["phase"] == "gone"
    assert "CANARY" not in json.dumps(world.record["error"])


@pytest.mark.parametrize("seconds", [0.0, 0.3, 1.0, 4.0, 30.0, 90.0, 130.0])
def test_a_delete_at_any_moment_ends_in_gone(seconds: float) -> None:
    world = World(slow=True)
    world.driver.at(seconds, world.stop)
    instance = world.start()
    world.driver.run()
    running = world.driver.instances[instance]
    assert running.output == {"phase": "gone", "left": []}
    assert world.record["phase"] == "gone"


def test_a_delete_wins_over_keep() -> None:
    world = World(slow=True, on_failure="keep")
    world.driver.at(30.0, world.stop)
    assert world.provision()["phase"] == "gone"


def test_a_delete_wakes_who_sleeps_and_begins_nothing_new() -> None:
    world = World(slow=True)
    world.driver.at(30.0, world.stop)
    world.provision()
    known = {step for seconds, verb, step in world.calls if verb == "ensure" and seconds <= 30.5}
    assert {step for _, verb, step in world.calls if verb == "ensure"} == known


def test_a_delete_in_a_long_sleep_is_acted_on_at_once() -> None:
    world = World()
    world.tell("ensure", "ai-corp/openai_account", stopped())
    world.tell("ensure", "health-corp/nat_gateway", pending("creating", 600.0, wrote=True), ready())
    world.driver.at(100.0, world.stop)
    world.provision()
    # What runs is let finish, so the end comes when it does and not a look later.
    assert min(seconds for seconds, verb, _ in world.calls if verb == "remove") == pytest.approx(602, abs=5)


def test_the_custom_status_is_the_phase_and_small() -> None:
    world = World()
    world.provision()
    custom = world.driver.instances["env-demo-abc234"].episode.custom
    assert custom is not None
    assert json.loads(custom) == {"phase": "ready"}


def test_no_history_holds_an_operation_s_url() -> None:
    world = World(slow=True)
    world.provision()
    assert "https://management" not in world.written()


def test_ten_consumers_finish_in_the_same_few_rounds() -> None:
    world = World(corps=consumers(10))
    assert world.provision() == {"phase": "ready"}
    assert world.driver.seconds < 40.0


def test_a_timer_that_nobody_needs_any_more_holds_up_no_end() -> None:
    """A delete comes while the walk sleeps for a question that is to be asked much later."""
    world = World()
    for step in world.plan["steps"]:
        step["delay"] = 600.0 if step["kind"] == "client_run" else 0.0
    world.driver.at(60.0, world.stop)
    assert world.provision()["phase"] == "gone"
    assert "health-corp/client_run" not in world.steps("ensure")
    ended = [event for event in world.driver.instances["env-demo-abc234"].history if event["EventType"] == 1]
    assert seconds_of(ended[0]["Timestamp"]) - START < 100.0
