"""The plan: pure, deterministic, JSON; slices hold what is theirs; the critical path is the longest."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from graphlib import TopologicalSorter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus import names
from isthmus.graph import kinds_of
from isthmus.plan import STAGGER, critical_path, removal_steps, slice_of, stage, utc
from isthmus.spec import Spec
from isthmus.wanted import references
from tests.unit.golden import HUB, landing_zones
from tests.unit.samples import AI, GENERATION, consumers, plan, spec, step_of

PLANS = st.builds(lambda count: spec(corps=[AI, *consumers(count)]), st.integers(1, 6))


@given(PLANS, st.integers(1, 3))
@settings(max_examples=12)
def test_the_same_inputs_give_the_same_plan(wish: Spec, attempt: int) -> None:
    assert plan(wish, attempt=attempt) == plan(Spec.model_validate(wish.model_dump()), attempt=attempt)


@given(PLANS)
@settings(max_examples=12)
def test_a_plan_is_json_and_comes_back_as_it_was(wish: Spec) -> None:
    whole = plan(wish)
    assert json.loads(json.dumps(whole)) == whole


def test_making_a_plan_changes_nothing_that_it_was_made_from() -> None:
    wish = spec()
    before = wish.model_dump()
    whole = plan(wish)
    whole["model"]["name"] = whole["steps"][0]["wanted"]["secret"] = "changed"
    assert wish.model_dump() == before
    assert plan(wish)["model"]["name"] != "changed"


@given(PLANS)
@settings(max_examples=12)
def test_each_corp_has_the_steps_of_its_role_once(wish: Spec) -> None:
    whole = plan(wish)
    for corp in wish.corps:
        kinds = [step["kind"] for step in whole["steps"] if step["corp"] == corp.name]
        assert kinds == [kind.name for kind in kinds_of(corp.role)]
    ids = [step["id"] for step in whole["steps"]]
    assert len(set(ids)) == len(ids)


@given(PLANS)
@settings(max_examples=12)
def test_what_a_step_needs_is_in_the_plan_and_there_is_no_circle(wish: Spec) -> None:
    needs = {step["id"]: step["needs"] for step in plan(wish)["steps"]}
    assert {need for needed in needs.values() for need in needed} <= set(needs)
    assert list(TopologicalSorter(needs).static_order())


@given(PLANS)
@settings(max_examples=12)
def test_a_step_needs_every_step_whose_outputs_it_refers_to(wish: Spec) -> None:
    for step in plan(wish)["steps"]:
        assert {name for name, _ in references(step["wanted"])} <= set(step["needs"])


@given(PLANS)
@settings(max_examples=12)
def test_a_corps_slice_holds_its_own_steps_and_needs_no_other_corp(wish: Spec) -> None:
    whole = plan(wish)
    reserved = {step["id"] for step in stage(whole, "reserve")}
    for corp in wish.corps:
        mine = slice_of(whole, corp.name)
        assert {(step["corp"], step["stage"]) for step in mine} == {(corp.name, "build")}
        inside = {step["id"] for step in mine} | reserved
        assert all(set(step["needs"]) <= inside for step in mine)


@given(PLANS)
@settings(max_examples=12)
def test_stages_and_slices_together_are_the_whole_plan(wish: Spec) -> None:
    whole = plan(wish)
    parts = stage(whole, "reserve") + stage(whole, "verify")
    parts += [step for corp in whole["corps"] for step in slice_of(whole, corp["name"])]
    assert sorted(step["id"] for step in parts) == sorted(step["id"] for step in whole["steps"])


def test_another_generation_shares_no_resource_and_no_secret() -> None:
    one, other = (plan(generation=generation) for generation in ("aaaaaa", "bbbbbb"))
    resources = [{step["resource"] for step in whole["steps"]} - {None} for whole in (one, other)]
    secrets = [{step["wanted"].get("secret") for step in whole["steps"]} - {None} for whole in (one, other)]
    assert not resources[0] & resources[1]
    assert not secrets[0] & secrets[1]


def test_a_retry_builds_the_same_things() -> None:
    one, other = plan(attempt=1), plan(attempt=2)
    assert [step for step in one["steps"] if step["stage"] == "build"] == slice_of(other, "ai-corp") + slice_of(
        other, "health-corp"
    )


def test_everything_with_tags_says_whose_it_is_and_until_when() -> None:
    whole = plan()
    tagged = [step for step in whole["steps"] if "tags" in step["wanted"]]
    assert {step["kind"] for step in whole["steps"]} - {step["kind"] for step in tagged} == {
        "secret_access",
        "key_access",
        "dns_zone_group",
        "proof",
    }
    for step in tagged:
        tags = step["wanted"]["tags"]
        assert tags[names.TAG_ENVIRONMENT] == "demo"
        assert tags[names.TAG_GENERATION] == GENERATION
        assert tags[names.TAG_CORP] == step["corp"]
        assert tags[names.TAG_EXPIRES_AT] == whole["expires_at"] == "2026-05-04T20:00:00Z"
        assert len(tags[names.TAG_SPEC]) == 16
        assert all(len(value) <= 256 for value in tags.values())


def test_the_hash_in_the_tags_changes_with_what_is_wanted() -> None:
    def mark(whole: dict[str, Any]) -> str:
        return str(step_of(whole, "ai-corp/virtual_machine")["wanted"]["tags"][names.TAG_SPEC])

    assert mark(plan()) == mark(plan(spec(lease_minutes=60)))
    assert mark(plan()) != mark(plan(spec(vm_size="Standard_B2s")))


def test_questions_are_staggered_so_that_they_do_not_meet() -> None:
    whole = plan(spec(corps=[AI, *consumers(4)]))
    assert [step["delay"] for step in whole["steps"] if step["kind"] == "client_run"] == [
        0,
        STAGGER,
        2 * STAGGER,
        3 * STAGGER,
    ]
    assert all(step["delay"] == 0 for step in whole["steps"] if step["kind"] != "client_run")


def test_the_proof_waits_for_every_client() -> None:
    whole = plan(spec(corps=[AI, *consumers(3)]))
    proof = step_of(whole, "ai-corp/proof")
    assert {"ai-corp/probe_run", *(f"corp-{n}/client_run" for n in (1, 2, 3))} <= set(proof["needs"])


def test_things_of_two_corps_are_never_serialised_with_each_other() -> None:
    whole = plan(spec(corps=[AI, *consumers(2)]))
    assert all(step["serial"] is None or step["serial"].startswith(f"{step['corp']}/") for step in whole["steps"])


def small(*rows: tuple[str, float, list[str]]) -> list[dict[str, Any]]:
    return [
        {"id": name, "stage": "build", "typical": typical, "delay": 0.0, "needs": needs}
        for name, typical, needs in rows
    ]


@pytest.mark.parametrize(
    ("steps", "path", "seconds"),
    [
        (small(), [], 0.0),
        (small(("a", 3, [])), ["a"], 3.0),
        (small(("a", 3, []), ("b", 4, [])), ["b"], 4.0),
        (small(("a", 3, []), ("b", 4, ["a"]), ("c", 1, ["a"])), ["a", "b"], 7.0),
        (small(("a", 9, []), ("b", 1, []), ("c", 1, ["a", "b"])), ["a", "c"], 10.0),
        (small(("c", 1, ["b"]), ("b", 1, ["a"]), ("a", 1, [])), ["a", "b", "c"], 3.0),
        (small(("a", 2, ["elsewhere"])), ["a"], 2.0),
    ],
)
def test_the_critical_path_is_the_longest_chain(steps: list[dict[str, Any]], path: list[str], seconds: float) -> None:
    assert critical_path(steps) == (path, seconds)


def test_a_delay_counts_as_time() -> None:
    assert critical_path([{"id": "a", "stage": "build", "typical": 3, "delay": 2.0, "needs": []}]) == (["a"], 5.0)


@given(PLANS)
@settings(max_examples=12)
def test_the_critical_path_is_a_chain_of_needs_and_adds_up(wish: Spec) -> None:
    whole = plan(wish)
    path = whole["critical_path"]
    steps = [step_of(whole, step_id) for step_id in path]
    pairs = pairwise(steps)
    assert all(before["id"] in after["needs"] or before["stage"] != after["stage"] for before, after in pairs)
    assert path[-1] == "ai-corp/proof"
    assert sum(step["typical"] + step["delay"] for step in steps) == whole["estimate_seconds"]


def test_the_estimate_counts_each_stage_after_the_one_before() -> None:
    whole = plan()
    stages = [critical_path(stage(whole, name))[1] for name in ("reserve", "build", "verify")]
    assert whole["estimate_seconds"] == sum(stages)


def test_times_are_written_to_the_second_in_utc() -> None:
    assert utc(datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)) == "2026-01-02T03:04:05Z"


LANDING_ZONES = pytest.mark.parametrize("name", landing_zones())


@LANDING_ZONES
def test_in_a_landing_zone_each_step_still_needs_its_corps_group_and_nothing_that_is_not_built(name: str) -> None:
    whole = plan(spec(corps=landing_zones()[name]))
    needs = {step["id"]: step["needs"] for step in whole["steps"]}
    assert {need for needed in needs.values() for need in needed} <= set(needs)
    for step in whole["steps"]:
        if step["removal"] == "with group":
            assert f"{step['corp']}/resource_group" in _all_needs(needs, step["id"])


def _all_needs(needs: dict[str, list[str]], step_id: str) -> set[str]:
    found, todo = set(), [step_id]
    while todo:
        for need in needs[todo.pop()]:
            if need not in found:
                found.add(need)
                todo.append(need)
    return found


@LANDING_ZONES
def test_what_lies_outside_our_groups_or_is_written_there_is_removed_before_them(name: str) -> None:
    whole = plan(spec(corps=landing_zones()[name]))
    removal = {step["id"]: step for step in removal_steps(whole)}
    given = [corp for corp in landing_zones()[name] if "existing_private_dns_zone" in corp]
    for step in whole["steps"]:
        if step["kind"] in ("dns_zone_link", "dns_zone_group"):
            assert step["removal"] == ("own" if given else "with group")
            if given:
                assert step["id"] in removal[f"{step['corp']}/resource_group"]["needs"]
        if step["resource"] and step["resource"].startswith("/subscriptions/") and step["kind"] != "dns_zone_link":
            assert f"/resourceGroups/isthmus-demo-{GENERATION}-{step['corp']}" in step["resource"]


def test_a_link_in_a_zone_of_others_bears_the_lifes_name() -> None:
    link = step_of(plan(spec(corps=landing_zones()["existing-zone"])), "ai-corp/dns_zone_link")
    assert link["resource"].startswith(f"/subscriptions/{HUB}/")
    assert link["resource"].endswith(f"/virtualNetworkLinks/isthmus-demo-{GENERATION}")
    assert "resolutionPolicy" not in link["wanted"]["properties"]


def test_a_zone_of_ours_in_a_network_of_others_lets_other_names_stay_public() -> None:
    link = step_of(plan(spec(corps=landing_zones()["existing-subnets"])), "ai-corp/dns_zone_link")
    assert link["wanted"]["properties"]["resolutionPolicy"] == "NxDomainRedirect"
    assert link["wanted"]["properties"]["virtualNetwork"]["id"].endswith(
        "/landing/providers/Microsoft.Network/virtualNetworks/ai-corp"
    )
