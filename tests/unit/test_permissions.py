"""The app's role: complete against what the local cloud demands, and no wider than it says."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest

from isthmus.graph import BY_NAME, GRAPH, Existing, Kind
from isthmus.names import SECRETS_USER_ROLE
from isthmus.permissions import (
    ASSIGNMENTS,
    AZURES_ROLES,
    BESIDE_STEPS,
    EXISTING,
    GROUPS,
    PERMISSIONS,
    Scope,
    actions,
    lacking,
    needed,
    role_definition,
    vault_condition,
)
from isthmus.spec import Corp
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
    known = {role.name: guid for guid, role in BUILT_IN.items()}
    held = {"Key Vault Secrets Officer", "Storage Blob Data Owner"}
    assert {name: known[name] for name in held} == {name: AZURES_ROLES[name] for name in held}
    assert len(set(AZURES_ROLES.values())) == len(AZURES_ROLES)
    assert all(str(uuid.UUID(guid)) == guid for guid in AZURES_ROLES.values())


def test_the_right_to_assign_roles_is_limited_to_the_one_that_is_assigned() -> None:
    clauses = vault_condition().split(" AND\n")
    for clause, verb, source in zip(clauses, ("write", "delete"), ("@Request", "@Resource"), strict=True):
        assert clause.startswith(f"((!(ActionMatches{{'{ASSIGNMENTS}/{verb}'}})) OR (")
        asked = f"{source}[{ASSIGNMENTS}"
        assert f"{asked}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{SECRETS_USER_ROLE}}}" in clause
        assert f"{asked}:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase" in clause
        assert clause.count("(") == clause.count(")")
    assert BUILT_IN[SECRETS_USER_ROLE].name == "Key Vault Secrets User"


def test_a_role_definition_is_what_the_azure_command_takes() -> None:
    role = role_definition("vault", ["/subscriptions/s"])
    assert role["IsCustom"] is True
    assert role["Actions"] == actions("vault")
    assert role["AssignableScopes"] == ["/subscriptions/s"]


NONE: frozenset[Existing] = frozenset()
ALL: frozenset[Existing] = frozenset({"subnet", "egress", "zone"})


@pytest.mark.parametrize("scope", ["subscription", "vault"])
def test_the_walkthrough_needs_the_whole_role(scope: Scope) -> None:
    assert needed(scope, [("provider", NONE), ("consumer", NONE)]) == actions(scope)


@pytest.mark.parametrize(
    ("existing", "spared"),
    [
        ({"egress"}, {"publicIPAddresses/write", "natGateways/join/action", "publicIPAddresses/join/action"}),
        (
            {"subnet", "egress"},
            {"virtualNetworks/write", "virtualNetworks/subnets/join/action", "networkSecurityGroups/read"},
        ),
        (
            {"zone"},
            {"privateDnsZones/write", "privateDnsZones/join/action", "privateDnsZones/virtualNetworkLinks/write"},
        ),
    ],
)
def test_what_exists_spares_rights_on_the_subscription(existing: Any, spared: set[str]) -> None:
    existing = frozenset(existing)
    left = needed("subscription", [("provider", existing), ("consumer", existing - {"zone"})])
    assert not {f"Microsoft.Network/{action}" for action in spared} & set(left)
    assert set(left) < set(actions("subscription"))
    # One corp with a network of its own, and the rights are needed after all.
    assert {"Microsoft.Network/virtualNetworks/write", "Microsoft.Network/natGateways/write"} <= set(
        needed("subscription", [("provider", existing), ("consumer", NONE)])
    )


def test_a_landing_zone_leaves_nothing_of_networks_but_what_is_ours() -> None:
    left = needed("subscription", [("provider", ALL), ("consumer", ALL - {"zone"})])
    types = {action.split("/")[1] for action in left if action.startswith("Microsoft.Network/")}
    looks = {"locations", "privateDnsOperationStatuses", "privateDnsOperationResults"}
    assert types - looks == {"networkInterfaces", "privateEndpoints"}


def test_every_right_at_what_exists_is_for_a_field_of_a_request_and_says_why() -> None:
    for right in EXISTING:
        assert right.field in Corp.model_fields
        assert right.actions
        assert right.why.endswith(".")


@pytest.mark.parametrize(
    ("held", "missing"),
    [
        ([], ["a/read", "a/join/action"]),
        ([{"actions": ["A/Read"]}], ["a/join/action"]),
        ([{"actions": ["a/*"], "notActions": ["*/action"]}], ["a/join/action"]),
        ([{"actions": ["*"]}], []),
        ([{"actions": ["*/read"]}, {"actions": ["a/join/*"]}], []),
    ],
)
def test_what_is_lacking_is_what_nobody_gave(held: list[Any], missing: list[str]) -> None:
    assert lacking(["a/read", "a/join/action"], held) == missing
