"""User-assigned identities: what a VM proves itself with."""

from __future__ import annotations

from activities.arm import Resource

KINDS = {
    "vm_identity": Resource(
        lambda cloud: cloud.identities.user_assigned_identities,
        put="create_or_update",
        delete="delete",
        outputs={"principal_id": "properties.principalId", "client_id": "properties.clientId"},
    ),
}
