"""A step kind is whole: graph row, body, ensure and remove, permission, route in the local cloud."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from activities.registry import ARM_KINDS, OTHER_KINDS, VERBS
from isthmus.bodies import RECIPES
from isthmus.graph import GRAPH, Kind
from isthmus.permissions import PERMISSIONS
from localcloud.azure import keyvault
from localcloud.azure.routes import ROUTES
from localcloud.azure.table import BY_TYPE
from tests.rules.indexed import indexed
from tests.rules.source import ROOT

EACH = pytest.mark.parametrize("kind", GRAPH, ids=[kind.name for kind in GRAPH])
NAMES = {kind.name for kind in GRAPH}
NOT_ARMS: dict[str, Callable[[], bool]] = {
    # Azure type in the graph -> how we know that the local cloud has it.
    "Key Vault secret": lambda: hasattr(keyvault, "Vault"),
    "Ockam enrolment ticket": lambda: (ROOT / "localcloud" / "ockam" / "__init__.py").exists(),
    "Microsoft.Authorization/roleAssignments": lambda: any(
        "roleassignments" in pattern.pattern.lower() and "PUT" in methods for methods, pattern, _ in ROUTES
    ),
    "Isthmus": lambda: True,
}


@EACH
def test_a_kind_can_be_ensured_and_removed(kind: Kind) -> None:
    ensure, remove = VERBS[kind.name]
    assert callable(ensure)
    assert callable(remove)


@EACH
def test_a_kind_has_a_body_and_a_permission(kind: Kind) -> None:
    assert kind.name in RECIPES
    assert kind.name in PERMISSIONS


@EACH
def test_a_kind_has_a_route_in_the_local_cloud(kind: Kind) -> None:
    row = BY_TYPE.get(kind.azure.lower())
    assert row is not None or NOT_ARMS[kind.azure]()
    assert row is None or row.writable


@EACH
def test_what_arm_keeps_is_made_by_the_one_way_to_arm(kind: Kind) -> None:
    assert (RECIPES[kind.name].id is not None) == (kind.name in ARM_KINDS)


@pytest.mark.parametrize("table", [VERBS, RECIPES, PERMISSIONS], ids=["VERBS", "RECIPES", "PERMISSIONS"])
def test_no_table_has_a_kind_that_the_graph_has_not(table: dict[str, object]) -> None:
    assert set(table) == NAMES


def test_no_kind_is_made_in_two_ways() -> None:
    assert not set(ARM_KINDS) & set(OTHER_KINDS)


def test_the_app_has_an_activity_for_every_kind_and_verb() -> None:
    index = indexed()
    activities = {function.name for function in index.of_kind("activityTrigger")}
    assert {f"{verb}_{kind.name}" for verb in ("ensure", "remove") for kind in GRAPH} <= activities
    assert index.warnings == []


@EACH
def test_a_kind_is_in_the_generated_page(kind: Kind) -> None:
    assert re.search(rf"^\| `{kind.name}` \|", (ROOT / "docs" / "resources.md").read_text(), re.MULTILINE)
