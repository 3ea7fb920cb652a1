"""What the app's own Bicep would have deployed: its group, vault, storage, identity, and that identity's roles."""

from __future__ import annotations

from dataclasses import dataclass

from localcloud.azure import identities, ids
from localcloud.azure.model import Cloud, Json, Resource
from localcloud.azure.rbac import Assignment, Role
from localcloud.azure.table import BY_TYPE

GROUP = "isthmus"
LOCATION = "eastus"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
SECRETS_OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
BLOB_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
PROVISIONER = Role(
    "",
    "Isthmus provisioner",
    actions=(
        "Microsoft.Resources/*",
        "Microsoft.Network/*",
        "Microsoft.Compute/*",
        "Microsoft.ManagedIdentity/*",
        "Microsoft.CognitiveServices/*",
        "Microsoft.KeyVault/vaults/read",
        "Microsoft.Authorization/*/read",
    ),
    custom=True,
)
VAULT_ACCESS = Role(
    "",
    "Isthmus vault access",
    actions=(
        "Microsoft.Authorization/roleAssignments/read",
        "Microsoft.Authorization/roleAssignments/write",
        "Microsoft.Authorization/roleAssignments/delete",
    ),
    custom=True,
)


@dataclass(frozen=True)
class Seed:
    vault: Resource
    storage: Resource
    identity: Resource


def plant(cloud: Cloud) -> Seed:
    """Makes it all, effective at once."""
    suffix = cloud.uuid()[:6]
    group = f"/subscriptions/{cloud.subscription}/resourceGroups/{GROUP}"
    _place(cloud, group, "Microsoft.Resources/resourceGroups", {})
    vault = _place(
        cloud,
        f"{group}/providers/Microsoft.KeyVault/vaults/isthmus-{suffix}",
        "Microsoft.KeyVault/vaults",
        {
            "tenantId": cloud.tenant,
            "sku": {"family": "A", "name": "standard"},
            "vaultUri": f"https://isthmus-{suffix}.vault.azure.net/",
            "enableRbacAuthorization": True,
            "enableSoftDelete": True,
            "softDeleteRetentionInDays": 90,
            "accessPolicies": [],
        },
    )
    storage = _place(
        cloud,
        f"{group}/providers/Microsoft.Storage/storageAccounts/isthmus{suffix}",
        "Microsoft.Storage/storageAccounts",
        {
            "primaryEndpoints": {"blob": f"https://isthmus{suffix}.blob.core.windows.net/"},
            "allowSharedKeyAccess": False,
        },
    )
    identity = _place(
        cloud,
        f"{group}/providers/{identities.TYPE}/isthmus-app",
        identities.TYPE,
        {"tenantId": cloud.tenant, "principalId": cloud.uuid(), "clientId": cloud.uuid()},
    )
    principal = identity.properties["principalId"]
    subscription = f"/subscriptions/{cloud.subscription}"
    grant(cloud, principal, define(cloud, PROVISIONER), subscription)
    grant(cloud, principal, define(cloud, VAULT_ACCESS), vault.id)
    grant(cloud, principal, SECRETS_OFFICER, vault.id)
    grant(cloud, principal, BLOB_OWNER, storage.id)
    return Seed(vault, storage, identity)


def _place(cloud: Cloud, identifier: str, resource_type: str, properties: Json) -> Resource:
    resource = Resource(identifier, BY_TYPE[resource_type.lower()], {"location": LOCATION, "properties": properties})
    resource.settled = cloud.clock.now()
    cloud.resources[ids.key(identifier)] = resource
    return resource


def define(cloud: Cloud, role: Role) -> str:
    """Adds a custom role definition to the subscription; its GUID."""
    guid = cloud.uuid()
    identifier = f"/subscriptions/{cloud.subscription}/providers/Microsoft.Authorization/roleDefinitions/{guid}"
    cloud.access.roles[guid] = Role(
        identifier, role.name, role.actions, role.not_actions, role.data_actions, role.custom
    )
    return guid


def grant(cloud: Cloud, principal: str, role: str, scope: str) -> None:
    """A role assignment that is in effect at once."""
    now = cloud.clock.now()
    definition = f"/subscriptions/{cloud.subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    made = Assignment(cloud.uuid(), scope, definition, principal, "ServicePrincipal", now, now)
    cloud.access.assignments[ids.key(made.id)] = made
