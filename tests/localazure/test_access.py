"""Who may do what: roles of ARM and their assignments, linked permissions, and the app's own role."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from isthmus import names
from isthmus.permissions import actions
from localcloud.azure import seed
from localcloud.azure.rbac import Role
from tests.localazure.arm import Arm
from tests.localazure.direct import Direct
from tests.localazure.resources import GROUP, PLACED, Example, build, examples, interface, regional

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"
WITHOUT = [
    ("Microsoft.Network/publicIPAddresses/join/action", "Microsoft.Network/natGateways"),
    ("Microsoft.Network/networkSecurityGroups/join/action", "Microsoft.Network/virtualNetworks"),
    ("Microsoft.Network/natGateways/join/action", "Microsoft.Network/virtualNetworks"),
    ("Microsoft.Network/virtualNetworks/subnets/join/action", "Microsoft.Network/networkInterfaces"),
    ("Microsoft.Network/virtualNetworks/subnets/join/action", "Microsoft.Network/privateEndpoints"),
    ("Microsoft.Network/networkInterfaces/join/action", "Microsoft.Compute/virtualMachines"),
    (f"{IDENTITIES}/assign/action", "Microsoft.Compute/virtualMachines"),
    ("Microsoft.Network/virtualNetworks/join/action", "Microsoft.Network/privateDnsZones/virtualNetworkLinks"),
    ("Microsoft.Network/privateDnsZones/join/action", "Microsoft.Network/privateEndpoints/privateDnsZoneGroups"),
]


class Person:
    """Somebody with a role of their own on the whole subscription."""

    def __init__(self, direct: Direct, *allowed: str, denied: tuple[str, ...] = ()) -> None:
        cloud = direct.azure.cloud
        self.caller = direct.azure.front.directory.register("somebody").caller
        self.role = cloud.access.roles[seed.define(cloud, Role("", "A role", allowed, denied, custom=True))]
        seed.grant(cloud, self.caller.object_id, self.role.id.rsplit("/", 1)[1], f"/subscriptions/{cloud.subscription}")
        self.arm = direct.arm(direct.token(caller=self.caller))


@pytest.fixture(scope="module")
def standing() -> Iterator[tuple[Direct, dict[str, Example]]]:
    with Direct() as direct:
        yield direct, build(direct.arm())


def test_a_role_that_is_taken_away_shuts_its_bearer_out_and_names_the_action(direct: Direct) -> None:
    arm = direct.arm()
    build(arm, "Microsoft.Resources/resourceGroups")
    cloud, principal = direct.azure.cloud, direct.azure.seed.identity.properties["principalId"]
    own = [a for a in cloud.access.assignments.values() if a.principal == principal]
    for assignment in own:
        del cloud.access.assignments[assignment.id.lower()]
    path, body = examples(arm.groups)["Microsoft.Network/networkSecurityGroups"]
    answer = arm.call("PUT", path, body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (403, "AuthorizationFailed")
    assert "'Microsoft.Network/networkSecurityGroups/write'" in error["message"]
    assert f"over scope '{path}'" in error["message"]


@pytest.mark.parametrize(("action", "kind"), WITHOUT, ids=[f"{kind} without {action}" for action, kind in WITHOUT])
def test_what_a_body_refers_to_takes_a_permission_of_its_own(standing: Any, action: str, kind: str) -> None:
    direct, whole = standing
    person = Person(direct, "*", denied=(action,))
    answer = person.arm.call("PUT", *whole[kind])
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (403, "LinkedAuthorizationFailed")
    assert f"'{action}'" in error["message"]


def test_without_the_right_to_approve_it_a_private_endpoint_s_connection_stays_pending(direct: Direct) -> None:
    whole = build(direct.arm(), *PLACED, "Microsoft.CognitiveServices/accounts")
    approval = "Microsoft.CognitiveServices/accounts/privateEndpointConnectionsApproval/action"
    person = Person(direct, "*", denied=(approval,))
    direct.advance(10)
    path, body = whole["Microsoft.Network/privateEndpoints"]
    shown = person.arm.put(path, body)["properties"]["privateLinkServiceConnections"][0]["properties"]
    assert shown["privateLinkServiceConnectionState"]["status"] == "Pending"


def test_a_reader_reads_and_does_nothing_else(standing: Any) -> None:
    direct, whole = standing
    reader = Person(direct, "*/read").arm
    path, body = whole["Microsoft.Network/networkSecurityGroups"]
    assert reader.call("GET", path).status_code == 200
    for method, given in (("PUT", body), ("DELETE", None), ("PATCH", {"tags": {}})):
        assert reader.refused(method, path, given) == (403, "AuthorizationFailed")


def test_a_role_on_one_group_ends_at_it(standing: Any) -> None:
    direct, whole = standing
    caller = direct.azure.front.directory.register("of one group").caller
    seed.grant(direct.azure.cloud, caller.object_id, CONTRIBUTOR, f"{direct.arm().groups}/{GROUP}")
    arm = direct.arm(direct.token(caller=caller))
    path, _ = whole["Microsoft.Network/networkSecurityGroups"]
    assert arm.call("GET", path).status_code == 200
    assert arm.refused("PUT", f"{arm.groups}/another", regional()) == (403, "AuthorizationFailed")
    assert arm.refused("PUT", f"{path}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}", {}) == (
        403,
        "AuthorizationFailed",
    )


def test_the_role_that_the_app_declares_is_enough_to_build_everything(direct: Direct) -> None:
    person = Person(direct, *actions("subscription"))
    whole = examples(person.arm.groups)
    not_built_by_the_app = {"Microsoft.Network/virtualNetworks/subnets"}
    comes_with_its_machine = {"Microsoft.Compute/disks"}
    build(person.arm, *(set(whole) - not_built_by_the_app - comes_with_its_machine))
    for kind in not_built_by_the_app:
        assert person.arm.refused("PUT", *whole[kind]) == (403, "AuthorizationFailed")


class Assignments:
    """Role assignments on one secret of the vault."""

    def __init__(self, direct: Direct) -> None:
        self.arm = direct.arm()
        build(self.arm, "Microsoft.Resources/resourceGroups")
        self.scope = f"{direct.azure.seed.vault.id}/secrets/one"
        self.role = names.role_definition(direct.azure.cloud.subscription, names.SECRETS_USER_ROLE)

    def path(self, name: str) -> str:
        return f"{self.scope}/providers/Microsoft.Authorization/roleAssignments/{name}"

    def identity(self, name: str = "node") -> str:
        path = f"{self.arm.groups}/{GROUP}/providers/{IDENTITIES}/{name}"
        return str(self.arm.put(path, regional())["properties"]["principalId"])

    def body(self, principal: str, **more: Any) -> dict[str, Any]:
        return {"properties": {"roleDefinitionId": self.role, "principalId": principal, **more}}

    def listed(self) -> list[Any]:
        where = f"{self.scope}/providers/Microsoft.Authorization/roleAssignments?$filter=atScope()"
        return [item for item in self.arm.get(where)["value"] if item["properties"]["scope"] == self.scope]


@pytest.fixture
def assignments(direct: Direct) -> Assignments:
    return Assignments(direct)


GUID = "7f3c1f0e-0000-4000-8000-000000000001"
SERVICE = {"principalType": "ServicePrincipal"}


def test_an_assignment_on_a_single_secret_is_made_listed_and_taken_away(assignments: Assignments) -> None:
    principal = assignments.identity()
    path, body = assignments.path(GUID), assignments.body(principal, **SERVICE)
    assert assignments.arm.call("PUT", path, body).status_code == 201
    assert assignments.arm.call("PUT", path, body).status_code == 200
    assert [item["properties"]["principalId"] for item in assignments.listed()] == [principal]
    assert assignments.arm.call("DELETE", path).status_code == 200
    assert assignments.arm.call("DELETE", path).status_code == 204
    assert assignments.listed() == []
    assert assignments.arm.refused("GET", path) == (404, "RoleAssignmentNotFound")


def test_a_list_at_a_scope_also_gives_what_it_inherits(assignments: Assignments) -> None:
    where = f"{assignments.scope}/providers/Microsoft.Authorization/roleAssignments?$filter=atScope()"
    assert len(assignments.arm.get(where)["value"]) > 1
    assert assignments.listed() == []


def test_a_new_identity_is_not_found_without_its_type_until_the_directory_has_heard_of_it(
    assignments: Assignments, direct: Direct
) -> None:
    principal = assignments.identity()
    path, untyped = assignments.path(GUID), assignments.body(principal)
    assert assignments.arm.refused("PUT", path, untyped) == (400, "PrincipalNotFound")
    direct.advance(20)
    assert assignments.arm.call("PUT", path, untyped).status_code == 201


def test_whom_an_assignment_is_for_can_t_be_changed(assignments: Assignments) -> None:
    first, second = assignments.identity("first"), assignments.identity("second")
    path = assignments.path(GUID)
    assignments.arm.call("PUT", path, assignments.body(first, **SERVICE))
    refusal = assignments.arm.refused("PUT", path, assignments.body(second, **SERVICE))
    assert refusal == (400, "RoleAssignmentUpdateNotPermitted")


def test_the_same_assignment_under_another_name_is_refused(assignments: Assignments) -> None:
    principal = assignments.identity()
    assignments.arm.call("PUT", assignments.path(GUID), assignments.body(principal, **SERVICE))
    other = assignments.path(GUID.replace("1", "2"))
    answer = assignments.arm.call("PUT", other, assignments.body(principal, **SERVICE))
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "RoleAssignmentExists")
    assert GUID in answer.text


def test_an_assignment_s_name_is_a_guid_and_its_role_exists(assignments: Assignments) -> None:
    principal = assignments.identity()
    body = assignments.body(principal, **SERVICE)
    assert assignments.arm.refused("PUT", assignments.path("mine"), body) == (400, "InvalidRoleAssignmentId")
    body["properties"]["roleDefinitionId"] = assignments.role[:-4] + "0000"
    assert assignments.arm.refused("PUT", assignments.path(GUID), body) == (404, "RoleDefinitionDoesNotExist")


def test_an_assignment_outlives_its_identity_s_group(assignments: Assignments) -> None:
    assignments.arm.call("PUT", assignments.path(GUID), assignments.body(assignments.identity(), **SERVICE))
    assignments.arm.delete(f"{assignments.arm.groups}/{GROUP}")
    assert len(assignments.listed()) == 1


def test_a_role_is_found_by_its_name_and_tells_its_permissions(direct: Direct) -> None:
    arm = direct.arm()
    where = f"{arm.groups.rpartition('/')[0]}/providers/Microsoft.Authorization/roleDefinitions"
    (found,) = arm.get(f"{where}?$filter=roleName eq 'Reader'")["value"]
    assert (found["name"], found["properties"]["permissions"][0]["actions"]) == (READER, ["*/read"])
    assert arm.get(f"{where}/{READER}")["properties"]["type"] == "BuiltInRole"
    assert arm.refused("GET", f"{where}/{GUID}") == (404, "RoleDefinitionDoesNotExist")


def test_a_caller_can_ask_what_it_may_do_itself(direct: Direct) -> None:
    person = Person(direct, "Microsoft.Network/*/read")
    scope = person.arm.groups.rpartition("/")[0]
    held = person.arm.get(f"{scope}/providers/Microsoft.Authorization/permissions")["value"]
    assert [line["actions"] for line in held] == [["Microsoft.Network/*/read"]]


def test_a_public_address_on_an_interface_takes_the_right_to_join_it(standing: Any) -> None:
    direct, whole = standing
    person = Person(direct, "*", denied=("Microsoft.Network/publicIPAddresses/join/action",))
    subnet = f"{whole['Microsoft.Network/virtualNetworks'][0]}/subnets/nodes"
    public = {"id": whole["Microsoft.Network/publicIPAddresses"][0]}
    path = f"{person.arm.groups}/{GROUP}/providers/Microsoft.Network/networkInterfaces/open"
    refusal = person.arm.refused("PUT", path, interface(subnet, publicIPAddress=public))
    assert refusal == (403, "LinkedAuthorizationFailed")


def test_the_app_s_seeded_role_is_not_an_owner_s(direct: Direct) -> None:
    arm: Arm = direct.arm()
    group = f"{arm.groups}/{GROUP}"
    build(arm, "Microsoft.Resources/resourceGroups")
    path = f"{group}/providers/Microsoft.Authorization/roleAssignments/{GUID}"
    body = {"properties": {"roleDefinitionId": "x", "principalId": "y"}}
    assert arm.refused("PUT", path, body) == (403, "AuthorizationFailed")
