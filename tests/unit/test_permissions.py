"""The app's role: complete against what the local cloud demands, and no wider than it says."""

from __future__ import annotations

import re

import pytest

from isthmus.graph import BY_NAME, GRAPH, Kind
from isthmus.permissions import AZURES_ROLES, BESIDE_STEPS, GROUPS, PERMISSIONS, actions, role_definition
from localcloud.azure.rbac import BUILT_IN
from localcloud.azure.table import BY_TYPE

ARM = [kind for kind in GRAPH if kind.azure.lower() in BY_TYPE]


def test_every_step_kind_says_what_it_needs() -> None:
    assert set(PERMISSIONS) == set(BY_NAME)


@pytest.mark.parametrize("kind", ARM, ids=[kind.name for kind in ARM])
def test_a_kind_may_look_at_write_and_remove_its_own_type(kind: Kind) -> None:
    name, azure = kind.name, kind.azure
    type_ = GROUPS if name == "resource_group" else azure
    assert {f"{type_}/{verb}" for verb in ("read", "write", "delete")} <= set(PERMISSIONS[name].actions)


LINKED = [
    (kind.name, reference.action)
    for kind in ARM
    for reference in BY_TYPE[kind.azure.lower()].references
    # No interface of ours has a public address or a security group of its own.
    if not (kind.name == "network_interface" and "subnets" not in reference.action)
]


@pytest.mark.parametrize(("kind", "action"), LINKED)
def test_a_kind_may_do_to_others_what_its_body_refers_to(kind: str, action: str) -> None:
    assert action in PERMISSIONS[kind].actions


def test_the_linked_actions_are_really_checked_here() -> None:
    assert len(LINKED) >= 8


@pytest.mark.parametrize("action", actions("subscription") + actions("vault"))
def test_an_action_is_spelled_out_to_its_end(action: str) -> None:
    assert re.fullmatch(r"Microsoft\.\w+(/\w+)+/(read|write|delete|action)", action)


def test_role_assignments_are_made_on_the_vault_only() -> None:
    beyond = [action for action in actions("subscription") if action.startswith("Microsoft.Authorization")]
    assert beyond == ["Microsoft.Authorization/locks/read", "Microsoft.Authorization/permissions/read"]
    assert all(action.startswith("Microsoft.Authorization/roleAssignments/") for action in actions("vault"))


def test_nothing_reads_secrets_or_keys_of_others() -> None:
    keys = [action for action in actions("subscription") if "key" in action.lower() or "secret" in action.lower()]
    assert keys == ["Microsoft.CognitiveServices/accounts/listKeys/action"]


def test_what_is_done_beside_steps_is_in_the_role() -> None:
    assert {action for more in BESIDE_STEPS.values() for action in more} <= set(actions("subscription"))


def test_the_roles_that_azure_defines_are_azures() -> None:
    assert all(BUILT_IN[guid].name == name for name, guid in AZURES_ROLES.items())


def test_a_role_definition_is_what_the_azure_command_takes() -> None:
    role = role_definition("Name", "Words.", "vault", ["/subscriptions/s"])
    assert role["IsCustom"] is True
    assert role["Actions"] == actions("vault")
    assert role["AssignableScopes"] == ["/subscriptions/s"]
