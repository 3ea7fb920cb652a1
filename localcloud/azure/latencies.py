"""How long Azure typically takes (seconds), before the speed factor. Resource types bear theirs in `table.py`."""

from __future__ import annotations

POLL = 10.0
"""What a service asks a client to wait between two looks at an operation."""

ROLE_PROPAGATION = 60.0
"""From a role assignment's creation until services let its principal in (often less, up to ten minutes)."""
PRINCIPAL_REPLICATION = 20.0
"""From an identity's creation until a role assignment without a principal type finds it."""
ACCOUNT_SETTLING = 10.0
"""After an account says Succeeded it still refuses private endpoints for a while."""
DEPLOYMENT_WARMING = 20.0
"""A fresh model deployment answers 404 at first."""
ENDPOINT_LINGERING = 15.0
"""The interface of a deleted private endpoint holds its subnet for a while."""
SECRET_DELETION = 5.0
"""Between delete and "recoverable", the vault shows the secret in neither place."""
ACCOUNT_PURGE = 30.0
GROUP_DELETION = 30.0
"""Of an empty group; each resource in it adds its own deletion, all at the same time."""
BOOT_PATIENCE = 1200.0
"""So long Azure waits for a VM's word that it has booted."""
POWER = 20.0
"""Starting or stopping a VM."""
