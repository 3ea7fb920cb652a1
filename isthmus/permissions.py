"""What the app's own identity must be allowed to do, by step kind: the source of its role definition.

`docs/role.json` is made from this table. Names are Azure's own; nothing here ends in `*`, so that a new step kind
has to say what it needs. The rights of the VMs' identities are not here: they are steps themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

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
    "private_dns_zone": _kept(f"{NETWORK}/privateDnsZones"),
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
    "cleanup": (f"{GROUPS}/read",),
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

AZURES_ROLES = {
    "Key Vault Secrets Officer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
}
"""Roles that Azure defines and the app has besides: the first on its vault, the second on its records' storage."""


def actions(scope: Scope) -> list[str]:
    """Every ARM action that the app needs on that scope, each once, sorted."""
    found = {action for need in PERMISSIONS.values() if need.scope == scope for action in need.actions}
    if scope == "subscription":
        found |= {action for more in BESIDE_STEPS.values() for action in more}
    return sorted(found, key=str.lower)


def role_definition(name: str, description: str, scope: Scope, assignable: Iterable[str]) -> dict[str, object]:
    """A custom role as `az role definition create` takes it. `assignable`: ARM ids of scopes."""
    return {
        "Name": name,
        "IsCustom": True,
        "Description": description,
        "Actions": actions(scope),
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": list(assignable),
    }
