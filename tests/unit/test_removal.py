"""The order of a teardown: access and members, then groups, then what Azure keeps, the secrets last."""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.plan import removal_steps
from tests.unit.samples import AI, consumers, plan, spec

WHOLES = st.builds(lambda count: plan(spec(corps=[AI, *consumers(count)])), st.integers(1, 5))


def before(steps: list[dict[str, Any]]) -> dict[str, set[str]]:
    """Step id -> all that must be gone before it, directly or not."""
    needs = {step["id"]: set(step["needs"]) for step in steps}
    for name in TopologicalSorter(needs).static_order():
        needs[name] |= {further for need in needs[name] for further in needs[need]}
    return needs


def by_kind(steps: list[dict[str, Any]], *kinds: str) -> list[dict[str, Any]]:
    return [step for step in steps if step["kind"] in kinds]


@given(WHOLES)
@settings(max_examples=5)
def test_everything_that_was_planned_is_removed(whole: dict[str, Any]) -> None:
    assert {step["id"] for step in removal_steps(whole)} == {step["id"] for step in whole["steps"]}


@given(WHOLES)
@settings(max_examples=5)
def test_a_removal_has_an_end(whole: dict[str, Any]) -> None:
    assert len(before(removal_steps(whole))) == len(whole["steps"])


@given(WHOLES)
@settings(max_examples=5)
def test_access_and_members_go_before_their_group(whole: dict[str, Any]) -> None:
    steps = removal_steps(whole)
    first = before(steps)
    for step in by_kind(steps, "secret_access", "key_access", "ticket", "api_key"):
        assert step["id"] in first[f"{step['corp']}/resource_group"]
        assert step["needs"] == []


@given(WHOLES)
@settings(max_examples=5)
def test_what_lies_in_a_group_is_looked_at_when_the_group_is_gone(whole: dict[str, Any]) -> None:
    steps = removal_steps(whole)
    for step in steps:
        if step["removal"] == "with group":
            assert step["needs"] == [f"{step['corp']}/resource_group"]


@given(WHOLES)
@settings(max_examples=5)
def test_a_secret_goes_when_nobody_has_access_to_it_any_more(whole: dict[str, Any]) -> None:
    steps = removal_steps(whole)
    first = before(steps)
    for step in by_kind(steps, "reserved_ticket"):
        assert first[step["id"]] >= {f"{step['corp']}/secret_access", f"{step['corp']}/ticket"}
    readers = {step["id"] for step in by_kind(steps, "key_access", "api_key")}
    assert first["ai-corp/reserved_key"] >= readers


@given(WHOLES)
@settings(max_examples=5)
def test_the_groups_of_all_corps_go_at_the_same_time(whole: dict[str, Any]) -> None:
    steps = removal_steps(whole)
    first = before(steps)
    groups = {step["id"] for step in by_kind(steps, "resource_group")}
    assert all(not first[group] & groups for group in groups)


@given(WHOLES)
@settings(max_examples=5)
def test_what_is_removed_by_itself_goes_in_the_reverse_order_of_needs(whole: dict[str, Any]) -> None:
    steps = removal_steps(whole)
    first = before(steps)
    own = {step["id"] for step in steps if step["removal"] == "own"}
    for step in whole["steps"]:
        if step["id"] in own:
            # Whatever it needed and is removed by itself goes later, never earlier.
            assert not [need for need in step["needs"] if need in own and need in first[step["id"]]]
            for need in set(step["needs"]) & own:
                assert step["id"] in first[need]


def test_a_removal_waits_for_no_stagger_and_no_serial_writes() -> None:
    steps = removal_steps(plan(spec(corps=[AI, *consumers(3)])))
    assert {step["delay"] for step in steps} == {0.0}
    assert {step["serial"] for step in steps} == {None}


def test_a_plan_is_not_changed_by_being_turned_round() -> None:
    whole = plan()
    removal_steps(whole)
    assert whole == plan()


def test_a_plan_without_a_group_is_removed_all_the_same() -> None:
    whole = plan()
    whole["steps"] = [step for step in whole["steps"] if step["kind"] != "resource_group"]
    assert len(before(removal_steps(whole))) == len(whole["steps"])
