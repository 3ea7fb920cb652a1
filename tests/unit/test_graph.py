"""The table of step kinds: acyclic, closed, and in stages."""

from __future__ import annotations

import re
from collections import Counter
from graphlib import TopologicalSorter

import pytest

from isthmus.graph import BY_NAME, GRAPH, Kind, kinds_of

ORDER = ("reserve", "build", "verify")
EACH = pytest.mark.parametrize("kind", GRAPH, ids=[kind.name for kind in GRAPH])


def test_no_kind_is_there_twice() -> None:
    assert [name for name, count in Counter(kind.name for kind in GRAPH).items() if count > 1] == []
    assert len(BY_NAME) == len(GRAPH)


def test_the_graph_has_no_circle() -> None:
    order = list(TopologicalSorter({kind.name: kind.needs for kind in GRAPH}).static_order())
    assert set(order) == set(BY_NAME)


@EACH
def test_what_a_kind_needs_exists(kind: Kind) -> None:
    assert set(kind.needs) <= set(BY_NAME)
    assert len(set(kind.needs)) == len(kind.needs)
    assert kind.name not in kind.needs


@EACH
def test_a_kind_needs_nothing_of_a_later_stage(kind: Kind) -> None:
    assert all(ORDER.index(BY_NAME[need].stage) <= ORDER.index(kind.stage) for need in kind.needs)


@EACH
def test_a_step_of_a_corp_waits_for_no_other_corp_before_all_are_built(kind: Kind) -> None:
    if kind.stage != "build":
        return
    own = {other.name for other in kinds_of(kind.role or "consumer")} | {other.name for other in kinds_of("provider")}
    foreign = [need for need in kind.needs if kind.role is None and BY_NAME[need].role is not None]
    assert set(kind.needs) <= own
    assert foreign == []


@EACH
def test_a_kind_is_described(kind: Kind) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.name)
    assert kind.title
    assert kind.description.endswith(".")
    assert "\n" not in kind.description
    assert kind.azure


@EACH
def test_a_kind_may_take_longer_than_it_typically_does(kind: Kind) -> None:
    assert 0 < kind.typical < kind.deadline / 10


@EACH
def test_whatever_lives_in_a_group_needs_it_somehow(kind: Kind) -> None:
    needed, todo = set(), [kind.name]
    while todo:
        name = todo.pop()
        needed.add(name)
        todo += BY_NAME[name].needs
    assert kind.removal == "own" or kind.name == "proof" or "resource_group" in needed


def test_what_survives_its_group_is_removed_by_itself() -> None:
    own = {kind.name for kind in GRAPH if kind.removal == "own"}
    outside = {kind.name for kind in GRAPH if kind.azure in ("Key Vault secret", "Ockam enrolment ticket")}
    outside |= {kind.name for kind in GRAPH if kind.azure == "Microsoft.Authorization/roleAssignments"}
    assert own == outside | {"resource_group"}


@pytest.mark.parametrize(
    ("one", "other"), [("virtual_network", "private_endpoint"), ("openai_account", "model_deployment")]
)
def test_writes_that_azure_refuses_side_by_side_are_serialised(one: str, other: str) -> None:
    assert BY_NAME[one].serial == BY_NAME[other].serial is not None


def test_the_model_is_deployed_once_the_endpoint_has_settled() -> None:
    assert "private_endpoint" in BY_NAME["model_deployment"].needs


def test_the_ticket_is_issued_after_all_that_the_vm_needs_but_the_vm() -> None:
    assert {"network_interface", "reserved_ticket"} <= set(BY_NAME["ticket"].needs)
    assert "ticket" in BY_NAME["virtual_machine"].needs


def test_the_proof_needs_both_sides() -> None:
    assert set(BY_NAME["proof"].needs) == {"client_run", "probe_run"}


def test_the_provider_has_the_model_and_consumers_have_none_of_it() -> None:
    provider, consumer = ({kind.name for kind in kinds_of(role)} for role in ("provider", "consumer"))
    assert {"openai_account", "private_endpoint", "model_deployment", "api_key", "probe_run", "proof"} <= provider
    assert consumer - provider == {"key_access", "client_run"}
    assert provider | consumer == set(BY_NAME)
