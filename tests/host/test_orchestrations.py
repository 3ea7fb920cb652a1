"""What orchestrators may do. Microsoft's documentation of each feature is named in the test's docstring, below
learn.microsoft.com/azure/azure-functions/durable/."""

from __future__ import annotations

import json

import pytest

from tests.host.driver import Host, fresh, until


def test_an_activity_gets_its_input_and_gives_its_result(host: Host) -> None:
    """durable-functions-sequence"""
    assert host.output("hello", {"word": "Ockham", "numbers": [1, 2.5, None, True]}) == {
        "word": "Ockham",
        "numbers": [1, 2.5, None, True],
    }


@pytest.mark.parametrize("value", [None, True, 0, 3.5, "", "text", [], {}, {"a": {"b": [1]}}, "ünïcödé ✓"])
def test_every_json_value_survives_the_way_to_an_activity_and_back(host: Host, value: object) -> None:
    """durable-functions-serialization-and-persistence"""
    assert host.output("hello", value) == value


def test_task_all_gathers_results_in_the_order_of_the_calls(host: Host) -> None:
    """durable-functions-cloud-backup (fan-out/fan-in)"""
    assert host.output("fan_out", 12) == sum(2 * n for n in range(12))


def test_a_sub_orchestration_knows_its_parent_and_bears_the_id_it_was_given(host: Host) -> None:
    """durable-functions-sub-orchestrations"""
    instance = host.start("nested")
    named, plain = host.settled(instance)["output"]
    assert named == {"instance": f"{instance}-named", "parent": instance}
    assert plain["parent"] == instance
    assert host.status(f"{instance}-named")["runtimeStatus"] == "Completed"


def test_an_activitys_failure_can_be_caught(host: Host) -> None:
    """durable-functions-error-handling"""
    caught = host.output("catches")
    assert caught.startswith("caught: Activity function 'fail' failed:  ValueError: a broken cup")


def test_an_orchestrators_exception_fails_it_with_its_message(host: Host) -> None:
    """durable-functions-error-handling"""
    assert host.failure("breaks") == "Orchestrator function 'breaks' failed: a broken plate"


def test_a_childs_failure_reaches_its_parent(host: Host) -> None:
    """durable-functions-sub-orchestrations"""
    assert "Orchestrator function 'breaks' failed: a broken plate" in host.failure("child_breaks")


def test_an_activity_is_tried_again_until_it_succeeds(host: Host, spot: str) -> None:
    """durable-functions-error-handling#automatic-retry-on-failure"""
    assert host.output("retries", spot) == "at last"


def test_retries_end_with_the_last_failure_and_the_orchestrator_goes_on(host: Host) -> None:
    """durable-functions-error-handling#automatic-retry-on-failure"""
    assert host.output("retries_in_vain") == "gave up"


def test_a_child_is_tried_again_until_it_succeeds(host: Host, spot: str) -> None:
    """durable-functions-error-handling#automatic-retry-on-failure"""
    assert host.output("retries_child", spot) == "at last"


def test_a_timer_wakes_the_orchestration_after_its_time(host: Host) -> None:
    """durable-functions-timers"""
    assert host.output("sleeps", 0.3) >= 0.3


def test_an_external_event_is_waited_for(host: Host) -> None:
    """durable-functions-external-events"""
    instance = host.start("waits")
    until(lambda: host.status(instance)["runtimeStatus"] == "Running")
    assert host.manage("POST", f"/instances/{instance}/raiseEvent/go", {"x": 1}).status == 202
    assert host.settled(instance)["output"] == {"x": 1}


def test_an_event_that_comes_before_it_is_waited_for_is_kept(host: Host) -> None:
    """durable-functions-external-events"""
    instance = host.start("waits")
    host.manage("POST", f"/instances/{instance}/raiseEvent/go", "early")
    assert host.settled(instance)["output"] == "early"


@pytest.mark.parametrize(("event", "outcome"), [(None, "gave up"), ("now", "went: now")])
def test_task_any_takes_the_first_and_a_cancelled_timer_holds_nobody_up(
    host: Host, event: str | None, outcome: str
) -> None:
    """durable-functions-timers#usage-for-timeout"""
    instance = host.start("waits_or_gives_up", 3600 if event else 0.2)
    if event:
        host.manage("POST", f"/instances/{instance}/raiseEvent/go", event)
    assert host.settled(instance)["output"] == outcome


def test_actions_are_awaited_strictly_in_the_order_in_which_the_orchestrator_returned_them(host: Host) -> None:
    """The extension's OutOfProcOrchestrationShim: what comes after an unsettled action is not begun."""
    assert host.output("old_and_new") == {"timer_won": True, "third_was_late": True}


def test_continue_as_new_begins_again_with_a_new_input_and_an_empty_history(host: Host) -> None:
    """durable-functions-eternal-orchestrations"""
    instance = host.start("counts_down", 3)
    status = host.settled(instance)
    assert status["output"] == "lift-off"
    assert status["customStatus"] == {"left": 0}
    assert [event["EventType"] for event in host.events(instance)].count("TaskCompleted") == 1


def test_custom_status_is_seen_while_it_runs_and_after(host: Host) -> None:
    """durable-functions-custom-orchestration-status"""
    instance = host.start("speaks")
    until(lambda: host.status(instance)["customStatus"] == "listening")
    host.manage("POST", f"/instances/{instance}/raiseEvent/word", "razor")
    assert host.settled(instance)["customStatus"] == {"heard": "razor"}


def test_a_custom_status_over_16_kb_fails_the_orchestration(host: Host) -> None:
    """durable-functions-custom-orchestration-status: 16 KB of UTF-16"""
    assert "18004 bytes of UTF-16; 16384 are allowed" in host.failure("talks_too_much")


def test_ids_are_the_same_in_every_replay_and_new_in_every_instance(host: Host) -> None:
    """durable-functions-code-constraints (new_uuid, is_replaying)"""
    first, second = (host.output("knows_itself") for _ in range(2))
    assert len({*first["uuids"], *second["uuids"]}) == 4
    assert first["replaying"] == [True, False]


def test_a_history_of_ten_thousand_events_goes_on(host: Host) -> None:
    """durable-functions-perf-and-scale"""
    assert host.output("batches", 10) == 5000


# What goes wrong, and how it shows.


def test_asking_for_another_activity_in_a_replay_fails_and_shows_both(host: Host, spot: str) -> None:
    """durable-functions-code-constraints"""
    message = host.failure("changes_its_mind", spot)
    assert "Non-deterministic" in message
    assert "activity echo" in message
    assert "activity double" in message


def test_giving_another_input_in_a_replay_fails_and_shows_both(host: Host, spot: str) -> None:
    """durable-functions-code-constraints"""
    message = host.failure("changes_its_input", spot)
    assert "first" in message
    assert "second" in message


def test_a_missing_activity_fails_the_orchestration_and_names_it(host: Host) -> None:
    """The extension's ThrowIfFunctionDoesNotExist"""
    message = host.failure("asks_for_what_is_missing")
    assert "The function 'no_such_activity' doesn't exist, is disabled, or is not an activity function." in message


def test_a_result_that_is_no_json_fails_the_activity(host: Host) -> None:
    """durable-functions-serialization-and-persistence"""
    assert "activity trigger output must be json serializable" in host.failure("gets_no_json")


def test_an_activity_over_the_function_timeout_fails_with_a_word(host: Host) -> None:
    """functions-host-json#functiontimeout"""
    assert "Timeout value of 5 s was exceeded by function: Functions.dawdle" in host.failure("is_too_slow", 6)


def test_a_child_whose_id_is_running_already_fails_with_a_word(host: Host) -> None:
    """On Azure the parent waits for ever; here it is told."""
    instance = fresh()
    host.start("waits", None, f"{instance}-named")
    parent = host.start("nested", None, instance)
    assert "already running" in str(host.settled(parent)["output"])


def test_inputs_and_outputs_stand_in_the_history_that_a_status_query_shows(host: Host) -> None:
    """durable-functions-http-api#get-instance-status (showHistory)"""
    instance = host.start("hello", "razor")
    host.settled(instance)
    kinds = [event["EventType"] for event in host.events(instance)]
    assert kinds == ["ExecutionStarted", "TaskCompleted", "ExecutionCompleted"]
    completed = host.events(instance)[1]
    assert completed["FunctionName"] == "echo"
    assert completed["Result"] == "razor"
    assert json.loads(json.dumps(completed))["ScheduledTime"] <= completed["Timestamp"]
