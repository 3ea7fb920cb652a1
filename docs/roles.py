"""What the app's identity may do: its page, and the role definitions for the Azure CLI and for Bicep."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from docs.markup import EXISTING_WORDS, page, table
from isthmus.graph import GRAPH, Existing
from isthmus.permissions import (
    AZURES_ROLES,
    BESIDE_STEPS,
    CUSTOM_ROLES,
    EXISTING,
    PERMISSIONS,
    actions,
    custom_role,
    needed,
    role_definition,
    vault_condition,
)

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"


def role_json() -> str:
    """docs/role.json: the app's two custom roles, as the Azure CLI takes them."""
    roles = [role_definition(scope, [SUBSCRIPTION]) for scope in CUSTOM_ROLES]
    return json.dumps(roles, indent=2) + "\n"


EXISTING_ROLES = {
    "existing_subnet": ("Isthmus in an existing subnet", "To be assigned on that virtual network and its group alone."),
    "existing_private_dns_zone": ("Isthmus in an existing DNS zone", "To be assigned on that zone alone."),
}
"""Field of a corp -> name and description of the role that has all that it may need."""


def existing_roles() -> str:
    """docs/existing-roles.json: a role for each thing that a request may bring along, as the Azure CLI takes them."""
    roles = []
    for field, (name, description) in EXISTING_ROLES.items():
        wanted = {action for right in EXISTING if right.field == field for action in right.actions}
        roles.append(custom_role(name, description, sorted(wanted), [SUBSCRIPTION]))
    return json.dumps(roles, indent=2) + "\n"


def bicep_roles() -> str:
    """infra/roles.json: every role of the app's identity, as infra/main.bicep loads it."""
    names = {"subscription": "provisioner", "vault": "vaultAccess"}
    own: dict[str, Any] = {
        names[scope]: {"name": name, "description": description, "actions": actions(scope)}
        for scope, (name, description) in CUSTOM_ROLES.items()
    }
    own["vaultAccess"]["condition"] = vault_condition()
    azures = {name[0].lower() + name[1:].replace(" ", ""): guid for name, guid in AZURES_ROLES.items()}
    return json.dumps({**own, "azure": azures}, indent=2) + "\n"


def role() -> str:
    """docs/role.md"""
    steps = [
        (f"`{kind.name}`", _actions(need.actions), need.scope if need.actions else "", "yes" if need.data else "")
        for kind in GRAPH
        for need in (PERMISSIONS[kind.name],)
    ]
    return page(
        "What the app's identity may do",
        "From `isthmus/permissions.py`. `role.json` beside this page has it as two role definitions: one for the "
        "subscription, one for the app's vault only. `infra/main.bicep` makes and assigns both, the second with the "
        "condition below. A dedicated subscription keeps the first from what is not Isthmus's: a role can't say \"its "
        'own groups".',
        table(("step", "ARM actions", "on", "vault's secrets"), steps),
        "## Beside the steps",
        table(("for", "ARM actions"), ((purpose, _actions(more)) for purpose, more in BESIDE_STEPS.items())),
        "## At what a request brings along",
        "Only where a request names it (see [landing zones](landing-zones.md)), and only there. `existing-roles.json` "
        "beside this page has all of it as two roles. What is not needed lets preflight and proof say more.",
        table(
            ("field", "on", "ARM actions", "needed", "what for"),
            (
                (f"`{right.field}`", right.on, _actions(right.actions), "yes" if right.needed else "", right.why)
                for right in EXISTING
            ),
        ),
        "On the other hand these rights on the subscription are spared where every corp has it already:",
        table(("exists", "ARM actions"), ((EXISTING_WORDS[what], _actions(_spared(what))) for what in EXISTING_WORDS)),
        "## The condition on the vault",
        "It gives away, and takes back, no role but Key Vault Secrets User, and nobody but service principals gets it:",
        f"```\n{vault_condition()}\n```",
        "## Roles that Azure defines",
        table(("role", "id"), ((name, f"`{guid}`") for name, guid in AZURES_ROLES.items())),
    )


def _spared(what: Existing) -> list[str]:
    """What the whole role has, and corps don't need that have this already."""
    existing: frozenset[Existing] = frozenset({"egress", what} if what == "subnet" else {what})
    left = needed("subscription", [("provider", existing), ("consumer", existing - {"zone"})])
    return [action for action in actions("subscription") if action not in left]


def _actions(names: Iterable[str]) -> str:
    return "<br>".join(f"`{name}`" for name in names)
