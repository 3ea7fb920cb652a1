"""What the app's own identity must be allowed to do, by step kind: the source of its role definition.

`docs/role.json` and `infra/roles.json` are made from this table. Names are Azure's own; nothing here ends in `*`, so
that a new step kind has to say what it needs. The rights of the VMs' identities are not here: they are steps.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from isthmus.graph import Existing, Role, kinds_of
from isthmus.names import SECRETS_USER_ROLE

Scope = Literal["subscription", "vault"]

NETWORK = "Microsoft.Network"
COMPUTE = "Microsoft.Compute"
OPENAI = "Microsoft.CognitiveServices"
GROUPS = "Microsoft.Resources/subscriptions/resourceGroups"
IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"
ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"


@dataclass(frozen=True)
class Permission:
    """actions: of ARM, on the whole of `scope`: the subscription, since groups come and go, or the app's vault.

    data: whether the step also works on the vault's secrets, for which the app has a role that Azure defines
    """

    actions: tuple[str, ...] = ()
    scope: Scope = "subscription"
    data: bool = False


def _kept(resource_type: str, *more: str) -> Permission:
    """A resource that is looked at, written and removed, and the further actions that this takes."""
    return Permission((*(f"{resource_type}/{verb}" for verb in ("read", "write", "delete")), *more))


PERMISSIONS: dict[str, Permission] = {
    "reserved_ticket": Permission(data=True),
    "reserved_key": Permission(data=True),
    "resource_group": _kept(
        GROUPS,
        # What blocks its deletion is named.
        f"{GROUPS}/resources/read",
        "Microsoft.Authorization/locks/read",
    ),
    "network_security_group": _kept(f"{NETWORK}/networkSecurityGroups"),
    "public_ip": _kept(f"{NETWORK}/publicIPAddresses"),
    "nat_gateway": _kept(f"{NETWORK}/natGateways", f"{NETWORK}/publicIPAddresses/join/action"),
    "virtual_network": _kept(
        f"{NETWORK}/virtualNetworks",
        f"{NETWORK}/networkSecurityGroups/join/action",
        f"{NETWORK}/natGateways/join/action",
    ),
    "vm_identity": _kept(IDENTITIES),
    "secret_access": Permission(_kept(ASSIGNMENTS).actions, "vault"),
    "network_interface": _kept(f"{NETWORK}/networkInterfaces", f"{NETWORK}/virtualNetworks/subnets/join/action"),
    "ticket": Permission(data=True),
    "virtual_machine": _kept(
        f"{COMPUTE}/virtualMachines",
        f"{COMPUTE}/virtualMachines/start/action",
        f"{COMPUTE}/disks/write",
        f"{COMPUTE}/disks/delete",
        f"{NETWORK}/networkInterfaces/join/action",
        f"{IDENTITIES}/assign/action",
    ),
    "openai_account": _kept(
        f"{OPENAI}/accounts",
        # A deleted account is purged at the subscription: its group is gone by then.
        f"{OPENAI}/locations/resourceGroups/deletedAccounts/read",
        f"{OPENAI}/locations/resourceGroups/deletedAccounts/delete",
    ),
    "private_endpoint": _kept(
        f"{NETWORK}/privateEndpoints",
        f"{NETWORK}/networkInterfaces/read",
        f"{NETWORK}/virtualNetworks/subnets/join/action",
        # Without it the connection stays Pending for ever.
        f"{OPENAI}/accounts/privateEndpointConnectionsApproval/action",
    ),
    "private_dns_zone": _kept(
        f"{NETWORK}/privateDnsZones",
        # The endpoint's record in it is looked at, and written where somebody changed it.
        f"{NETWORK}/privateDnsZones/A/read",
        f"{NETWORK}/privateDnsZones/A/write",
    ),
    "dns_zone_link": _kept(f"{NETWORK}/privateDnsZones/virtualNetworkLinks", f"{NETWORK}/virtualNetworks/join/action"),
    "dns_zone_group": _kept(
        f"{NETWORK}/privateEndpoints/privateDnsZoneGroups", f"{NETWORK}/privateDnsZones/join/action"
    ),
    "model_deployment": _kept(f"{OPENAI}/accounts/deployments"),
    "api_key": Permission((f"{OPENAI}/accounts/listKeys/action",), data=True),
    "key_access": Permission(_kept(ASSIGNMENTS).actions, "vault"),
    "probe_run": _kept(f"{COMPUTE}/virtualMachines/runCommands"),
    "client_run": _kept(f"{COMPUTE}/virtualMachines/runCommands"),
    "proof": Permission(
        (f"{NETWORK}/networkInterfaces/read", f"{NETWORK}/networkSecurityGroups/read", f"{OPENAI}/accounts/read"),
        data=True,
    ),
}

BESIDE_STEPS: dict[str, tuple[str, ...]] = {
    "preflight": (
        "Microsoft.Resources/subscriptions/locations/read",
        "Microsoft.Resources/subscriptions/providers/read",
        "Microsoft.Authorization/permissions/read",
        f"{OPENAI}/locations/models/read",
        f"{OPENAI}/locations/usages/read",
        f"{OPENAI}/checkDomainAvailability/action",
        f"{OPENAI}/deletedAccounts/read",
        f"{COMPUTE}/skus/read",
        f"{COMPUTE}/locations/usages/read",
        f"{COMPUTE}/locations/publishers/artifacttypes/offers/skus/versions/read",
        f"{NETWORK}/locations/usages/read",
    ),
    "cleanup": (
        f"{GROUPS}/read",
        "Microsoft.Resources/subscriptions/resources/read",
        f"{OPENAI}/deletedAccounts/read",
    ),
    "operations under way": (
        "Microsoft.Resources/subscriptions/operationresults/read",
        f"{NETWORK}/locations/operations/read",
        f"{NETWORK}/locations/operationResults/read",
        f"{NETWORK}/privateDnsOperationStatuses/read",
        f"{NETWORK}/privateDnsOperationResults/read",
        f"{COMPUTE}/locations/operations/read",
        f"{OPENAI}/locations/operations/read",
        f"{OPENAI}/locations/operationresults/read",
    ),
}
"""What the app needs on the subscription for what is no step: purpose -> ARM actions."""

SUBNETS = f"{NETWORK}/virtualNetworks/subnets"
ZONES = f"{NETWORK}/privateDnsZones"


@dataclass(frozen=True)
class Right:
    """What the app needs at something that a request brings along, and nowhere else.

    field: of a corp in the request; on: what the right is given on; why: what for
    needed: without it nothing is built; else preflight and the proof can say less, and say so
    """

    field: str
    on: str
    actions: tuple[str, ...]
    why: str
    needed: bool = True


AT_SUBNET = Right(
    "existing_subnet",
    "the subnet",
    (f"{SUBNETS}/read", f"{SUBNETS}/join/action"),
    "The VM's interface, and the provider's private endpoint, are put into it.",
)
AT_ITS_NETWORK = Right(
    "existing_subnet",
    "its virtual network",
    (f"{NETWORK}/virtualNetworks/join/action",),
    "Only a provider without existing_private_dns_zone: its own zone is linked to the network.",
)
SEES_NETWORK = Right(
    "existing_subnet",
    "its virtual network",
    (f"{NETWORK}/virtualNetworks/read",),
    "Preflight compares region and ranges. Without it they are not checked.",
    needed=False,
)
SEES_GUARD = Right(
    "existing_subnet",
    "its network security group",
    (f"{NETWORK}/networkSecurityGroups/read",),
    "Preflight and proof read its rules. Without it the proof is incomplete: `no_inbound_rule` is not checked.",
    needed=False,
)
AT_ZONE = Right(
    "existing_private_dns_zone",
    "the zone",
    (f"{ZONES}/join/action",),
    "The endpoint's record is written into it.",
)
LINKS_ZONE = Right(
    "existing_private_dns_zone",
    "the zone",
    tuple(f"{ZONES}/virtualNetworkLinks/{verb}" for verb in ("read", "write", "delete")),
    "Only without existing_subnet: the new network is linked to it, and the link is removed in the end.",
)
SEES_ZONE = Right(
    "existing_private_dns_zone",
    "the zone",
    (f"{ZONES}/read", f"{ZONES}/virtualNetworkLinks/read"),
    "Preflight sees whether it is there and who asks it. Without it that is not checked.",
    needed=False,
)
EXISTING = (AT_SUBNET, AT_ITS_NETWORK, SEES_NETWORK, SEES_GUARD, AT_ZONE, LINKS_ZONE, SEES_ZONE)
"""Every right at what exists already, in the order of the docs."""

SPARED: Mapping[Existing, frozenset[str]] = {
    "subnet": frozenset({f"{SUBNETS}/join/action", *AT_ITS_NETWORK.actions, *SEES_GUARD.actions}),
    "egress": frozenset({f"{NETWORK}/natGateways/join/action"}),
    "zone": frozenset({*AT_ZONE.actions, *LINKS_ZONE.actions}),
}
"""What steps need, but not on the whole subscription for a corp that has that much already."""

AZURES_ROLES = {
    "Key Vault Secrets Officer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Queue Data Contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "Storage Table Data Contributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    "Monitoring Metrics Publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
    "Durable Task Data Contributor": "0ad04412-c4d5-4796-b79c-f76d14c8d402",
}
"""Roles that Azure defines and the app has besides: on its vault, on its storage (the records, the Functions host,
the task hub), on its telemetry, and on the Durable Task Scheduler where one keeps the task hub."""

CUSTOM_ROLES: dict[Scope, tuple[str, str]] = {
    "subscription": ("Isthmus provisioner", "Builds and removes the environments of Isthmus."),
    "vault": (
        "Isthmus vault access",
        "Gives the VMs of Isthmus access to single secrets; to be assigned on its vault only, with a condition.",
    ),
}
"""The app's two roles of its own: where it has them -> name and description."""


def vault_condition() -> str:
    """The condition on the app's right to assign roles on its vault, in Azure's language (version 2.0): it gives away
    and takes back Key Vault Secrets User alone, and of service principals (such as VMs' identities) alone."""
    return " AND\n".join(
        f"((!(ActionMatches{{'{ASSIGNMENTS}/{verb}'}})) OR ({_secrets_user(source)}))"
        for verb, source in (("write", "@Request"), ("delete", "@Resource"))
    )


def _secrets_user(source: str) -> str:
    role = f"{source}[{ASSIGNMENTS}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{SECRETS_USER_ROLE}}}"
    holder = f"{source}[{ASSIGNMENTS}:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {{'ServicePrincipal'}}"
    return f"{role} AND {holder}"


def actions(scope: Scope) -> list[str]:
    """Every ARM action that the app needs on that scope, each once, sorted."""
    found = {action for need in PERMISSIONS.values() if need.scope == scope for action in need.actions}
    if scope == "subscription":
        found |= {action for more in BESIDE_STEPS.values() for action in more}
    return sorted(found, key=str.lower)


def needed(scope: Scope, corps: Iterable[tuple[Role, frozenset[Existing]]]) -> list[str]:
    """Those of `actions` that corps of such roles, with that much there already, really need."""
    found = {action for more in BESIDE_STEPS.values() for action in more} if scope == "subscription" else set()
    for role, existing in corps:
        spared = {action for what in existing for action in SPARED[what]}
        for kind in kinds_of(role, existing):
            need = PERMISSIONS[kind.name]
            found |= set(need.actions) - spared if need.scope == scope else set()
    return sorted(found, key=str.lower)


def lacking(wanted: Iterable[str], held: Sequence[Mapping[str, Any]]) -> list[str]:
    """What of it nobody gave. `held`: Azure's list of permissions at a scope, each with actions and notActions."""
    return [action for action in wanted if not any(_gives(row, action) for row in held)]


def _gives(row: Mapping[str, Any], action: str) -> bool:
    return _fits(action, row.get("actions")) and not _fits(action, row.get("notActions"))


def _fits(action: str, patterns: Iterable[str] | None) -> bool:
    return any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns or [])


def role_definition(scope: Scope, assignable: Iterable[str]) -> dict[str, object]:
    """The app's own role for a scope as `az role definition create` takes it. `assignable`: ARM ids of scopes."""
    return custom_role(*CUSTOM_ROLES[scope], actions(scope), assignable)


def custom_role(name: str, description: str, actions: list[str], assignable: Iterable[str]) -> dict[str, object]:
    return {
        "Name": name,
        "IsCustom": True,
        "Description": description,
        "Actions": actions,
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": list(assignable),
    }
