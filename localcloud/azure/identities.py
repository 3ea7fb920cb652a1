"""User-assigned managed identities, and the key vault and storage account that the app's own Bicep makes."""

from __future__ import annotations

from localcloud.azure.model import Change, Cloud, Resource
from localcloud.azure.rbac import Caller

TYPE = "Microsoft.ManagedIdentity/userAssignedIdentities"


def identity(change: Change) -> None:
    former = change.before.properties if change.before else {}
    change.properties.update(
        {
            "tenantId": change.cloud.tenant,
            "principalId": former.get("principalId") or change.cloud.uuid(),
            "clientId": former.get("clientId") or change.cloud.uuid(),
        }
    )
    if not former:
        change.private["created"] = change.cloud.clock.now()


def caller_of(resource: Resource) -> Caller:
    """The identity as the sender of requests."""
    return Caller(resource.properties["principalId"], resource.properties["clientId"], resource.id)


def assigned(cloud: Cloud, machine: Resource) -> list[Resource]:
    """The identities that a VM bears and that still exist."""
    names = (machine.body.get("identity") or {}).get("userAssignedIdentities") or {}
    return [found for found in (cloud.get(name) for name in names) if found is not None]
