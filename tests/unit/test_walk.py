"""The walk: which steps are due, and what comes of them. Time stands still until a test moves it."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from isthmus.outcomes import Outcome, failed, pending, ready, stopped
from isthmus.walk import LONGEST_LOOK, SHORTEST_LOOK, Walk

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def step(name: str, *needs: str, **more: Any) -> dict[str, Any]:
    plain = {"kind": name, "serial": None, "delay": 0.0, "typical": 20.0, "deadline": 100.0}
    return plain | {"id": name, "needs": list(needs)} | more


def due(walk: Walk, seconds: float = 0.0) -> list[str]:
    return [progress.step["id"] for progress in walk.due(at(seconds))]


def take(walk: Walk, name: str, outcome: Outcome, seconds: float = 0.0) -> None:
    walk.take(name, outcome, at(seconds))


def test_everything_that_needs_nothing_begins_at_once() -> None:
    assert due(Walk([step("a"), step("b"), step("c", "a")])) == ["a", "b"]


def test_a_step_begins_when_all_its_needs_are_ready() -> None:
    walk = Walk([step("a"), step("b"), step("c", "a", "b")])
    take(walk, "a", ready())
    assert due(walk) == ["b"]
    take(walk, "b", ready())
    assert due(walk) == ["c"]


def test_what_is_known_from_before_counts_as_ready() -> None:
    walk = Walk([step("a", "earlier")], {"earlier": {"id": "E"}})
    (progress,) = walk.due(START)
    assert walk.request(progress)["outputs"] == {"earlier": {"id": "E"}}


def test_a_request_carries_the_outputs_of_its_needs_and_of_nothing_else() -> None:
    walk = Walk([step("a"), step("b"), step("c", "a")], {"x": {"y": 1}})
    take(walk, "a", ready({"id": "A"}))
    take(walk, "b", ready({"id": "B"}))
    (progress,) = walk.due(START)
    given = {"step": step("c", "a"), "outputs": {"a": {"id": "A"}}, "writes": 0, "attempts": 0}
    assert walk.request(progress) == given


def test_writes_are_counted_and_told() -> None:
    walk = Walk([step("a")])
    for _ in range(2):
        take(walk, "a", pending("x", wrote=True))
    given = walk.request(walk.progress["a"])
    assert (given["writes"], given["attempts"]) == (2, 2)


def test_what_changed_since_then_is_what_is_told() -> None:
    walk = Walk([step("a"), step("b"), step("c", "a")])
    before = walk.states()
    take(walk, "a", pending("x"))
    assert walk.changed(before) == ["a"]
    before = walk.states()
    take(walk, "a", pending("y"))
    assert walk.changed(before) == []
    take(walk, "b", ready())
    take(walk, "a", ready())
    assert walk.changed(before) == ["a", "b"]


@pytest.mark.parametrize(
    ("outcome", "pause"),
    [
        (pending("x", 7.0), 7.0),
        (pending("x", 0.0), 0.0),
        (pending("x"), 20.0),
        (pending("x", wrote=True), 20.0),
    ],
)
def test_the_first_look_again_is_when_the_service_said_or_at_the_typical_time(outcome: Outcome, pause: float) -> None:
    walk = Walk([step("a")])
    take(walk, "a", outcome)
    assert walk.next_due() == at(pause)


@pytest.mark.parametrize(("typical", "pause"), [(20.0, 2.0), (1.0, SHORTEST_LOOK), (900.0, LONGEST_LOOK)])
def test_later_looks_come_after_a_tenth_of_it_within_bounds(typical: float, pause: float) -> None:
    walk = Walk([step("a", typical=typical, deadline=5000.0)])
    take(walk, "a", pending("x"))
    take(walk, "a", pending("x"), 1000.0)
    assert walk.next_due() == at(1000.0 + pause)


def test_after_a_second_write_the_typical_time_counts_anew() -> None:
    walk = Walk([step("a")])
    take(walk, "a", pending("x", wrote=True))
    take(walk, "a", pending("y", wrote=True), 30.0)
    assert walk.next_due() == at(50.0)


def test_a_pending_step_is_due_when_its_time_has_come_and_not_before() -> None:
    walk = Walk([step("a")])
    take(walk, "a", pending("x", 5.0))
    assert due(walk, 4.9) == []
    assert due(walk, 5.0) == ["a"]


def test_the_next_look_is_the_earliest_of_all() -> None:
    walk = Walk([step("a"), step("b")])
    take(walk, "a", pending("x", 9.0))
    take(walk, "b", pending("x", 4.0))
    assert walk.next_due() == at(4.0)


def test_a_delay_is_waited_for_from_the_moment_that_the_needs_are_met() -> None:
    walk = Walk([step("a"), step("b", "a", delay=6.0)])
    due(walk)
    take(walk, "a", ready(), 10.0)
    assert due(walk, 10.0) == []
    assert not walk.done
    assert walk.next_due() == at(16.0)
    assert due(walk, 16.0) == ["b"]


def test_steps_of_one_serial_word_go_one_after_the_other() -> None:
    walk = Walk([step("a", serial="net"), step("b", serial="net"), step("c", serial="other")])
    assert due(walk) == ["a", "c"]
    take(walk, "a", pending("x", 5.0))
    assert due(walk, 1.0) == ["c"]
    assert due(walk, 5.0) == ["a", "c"]
    take(walk, "a", ready(), 5.0)
    assert due(walk, 5.0) == ["b", "c"]


@pytest.mark.parametrize("retry_after", [None, 3600.0])
def test_a_step_that_is_not_ready_at_its_deadline_has_failed(retry_after: float | None) -> None:
    walk = Walk([step("a", deadline=100.0)])
    take(walk, "a", pending("creating", retry_after))
    take(walk, "a", pending("creating", retry_after), 99.0)
    assert walk.next_due() <= at(100.0)
    assert due(walk, 100.0) == []
    assert walk.done
    assert walk.error is not None
    assert walk.error["code"] == "DeadlineExceeded"
    assert "creating" in walk.error["message"]
    assert walk.error["retryable"]
    assert walk.progress["a"].ended == at(100.0)


def test_the_deadline_runs_from_the_first_call_and_not_from_the_walks_beginning() -> None:
    walk = Walk([step("a"), step("b", "a")])
    take(walk, "a", pending("x", 90.0))
    take(walk, "a", ready(), 95.0)
    take(walk, "b", pending("x", 1.0), 95.0)
    assert due(walk, 190.0) == ["b"]


def test_after_a_failure_nothing_new_begins_and_what_runs_is_let_finish() -> None:
    walk = Walk([step("a"), step("b"), step("c"), step("d", "b")])
    take(walk, "a", failed("Bad", "no"))
    take(walk, "b", pending("x", 5.0))
    assert due(walk, 1.0) == []
    assert not walk.done
    assert walk.next_due() == at(5.0)
    assert due(walk, 5.0) == ["b"]
    take(walk, "b", ready({"id": 1}), 5.0)
    assert due(walk, 5.0) == []
    assert walk.done
    assert not walk.complete
    assert walk.own_outputs() == {"b": {"id": 1}}


def test_with_keep_going_only_what_needs_the_failed_step_is_left() -> None:
    walk = Walk([step("a"), step("b"), step("c", "a"), step("d", "b"), step("e", "c")], keep_going=True)
    take(walk, "a", failed("Bad", "no"))
    assert due(walk) == ["b"]
    take(walk, "b", ready())
    assert due(walk) == ["d"]
    take(walk, "d", ready())
    assert walk.done
    assert [line["state"] for line in walk.lines()] == ["failed", "ready", "waiting", "ready", "waiting"]


def test_a_stop_begins_nothing_new_and_lets_finish_what_runs() -> None:
    walk = Walk([step("a"), step("b")])
    take(walk, "a", pending("x", 5.0))
    walk.stopping = True
    assert due(walk) == []
    assert not walk.done
    assert due(walk, 5.0) == ["a"]
    take(walk, "a", ready(), 5.0)
    assert walk.done
    assert walk.error is None


def test_a_step_that_was_told_to_stop_is_skipped_and_stops_the_walk() -> None:
    walk = Walk([step("a"), step("b")])
    take(walk, "a", stopped())
    assert walk.progress["a"].state == "skipped"
    assert walk.stopping
    assert walk.error is None
    assert due(walk) == []
    assert walk.done


def test_the_first_error_is_the_plans_first_and_not_the_clocks() -> None:
    walk = Walk([step("a"), step("b")])
    take(walk, "b", failed("Second", "no"))
    take(walk, "a", failed("First", "no"), 1.0)
    assert walk.error is not None
    assert walk.error["code"] == "First"


def test_an_empty_walk_is_done_and_complete() -> None:
    walk = Walk([])
    assert (walk.done, walk.complete, walk.error) == (True, True, None)


def test_a_walk_that_waits_for_what_it_will_never_have_is_done_and_not_complete() -> None:
    walk = Walk([step("a", "nowhere")])
    assert due(walk) == []
    assert walk.done
    assert not walk.complete


def test_outputs_hold_what_was_known_and_what_was_found() -> None:
    walk = Walk([step("a")], {"x": {"y": 1}})
    take(walk, "a", ready({"z": 2}))
    assert walk.outputs() == {"x": {"y": 1}, "a": {"z": 2}}
    assert walk.own_outputs() == {"a": {"z": 2}}


def test_states_change_with_what_is_worth_writing_down_and_with_nothing_else() -> None:
    walk = Walk([step("a")])
    seen = [walk.states()]
    for outcome in (pending("x", wrote=True), pending("y"), pending("z", wrote=True), ready()):
        take(walk, "a", outcome)
        seen.append(walk.states())
    assert [one != other for one, other in itertools.pairwise(seen)] == [True, False, True, True]


def test_a_line_says_when_it_began_and_ended_and_what_came_of_it() -> None:
    walk = Walk([step("a")])
    take(walk, "a", pending("creating", wrote=True), 1.0)
    take(walk, "a", ready({"id": 1}), 21.5)
    assert walk.lines() == [
        {
            "id": "a",
            "state": "ready",
            "started": "2026-01-01T00:00:01.000+00:00",
            "ended": "2026-01-01T00:00:21.500+00:00",
            "attempts": 2,
            "writes": 1,
            "detail": "",
            "outputs": {"id": 1},
            "error": None,
        }
    ]


NOT_LET_IN = failed("ForbiddenByRbac", "not let in", hint="Give it the role.")


def test_what_does_not_pass_in_its_time_is_the_failure_that_it_was_and_not_a_deadline() -> None:
    walk = Walk([step("a")])
    for seconds in (0.0, 300.0, 599.0):
        take(walk, "a", pending("not let in", trouble=NOT_LET_IN, patience=600.0), seconds)
        assert walk.progress["a"].state == "pending"
    take(walk, "a", pending("not let in", trouble=NOT_LET_IN, patience=600.0), 600.0)
    assert walk.error == NOT_LET_IN


def test_what_is_waited_for_until_the_deadline_gives_that_failure_its_hint() -> None:
    walk = Walk([step("a", deadline=100.0)])
    take(walk, "a", pending("not let in", trouble=NOT_LET_IN, patience=None))
    assert due(walk, 100.0) == []
    assert walk.error is not None
    assert (walk.error["code"], walk.error["hint"]) == ("DeadlineExceeded", "Give it the role.")


def test_a_step_that_is_stuck_is_not_looked_at_hundreds_of_times() -> None:
    walk = Walk([step("a", typical=15.0, deadline=900.0)])
    seconds, looks = 0.0, 0
    while not walk.done:
        for name in due(walk, seconds):
            looks += 1
            take(walk, name, pending("creating"), seconds)
        seconds = seconds if walk.done else (walk.next_due() - START).total_seconds()
    assert looks <= 100


def test_to_ask_what_is_due_can_end_the_last_thing_that_was_under_way() -> None:
    walk = Walk([step("a", deadline=10.0)])
    due(walk, 0.0)
    take(walk, "a", pending("creating"), 0.0)
    assert not walk.done
    assert due(walk, 11.0) == []
    assert walk.done
