"""Who may do what: role definitions, role assignments at scopes, and the question "is this allowed?".

A role lets its principal in only when it has propagated (`latencies.ROLE_PROPAGATION`); nothing of it is in a
token, so a fresh token does not help.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from localcloud.azure import ids
from localcloud.azure.clock import Clock
from localcloud.azure.errors import Refusal


@dataclass(frozen=True)
class Caller:
    """Who sent a request, as the token says. `object_id`: the principal; `client_id`: its application id."""

    object_id: str
    client_id: str
    resource_id: str | None = None


@dataclass
class Role:
    """A role definition. Patterns may hold `*`."""

    id: str
    name: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    custom: bool = False

    def allows(self, action: str, *, data: bool) -> bool:
        patterns = self.data_actions if data else self.actions
        denied = () if data else self.not_actions
        return _matches(action, patterns) and not _matches(action, denied)


@dataclass
class Assignment:
    """`effective`: from when on services honour it (seconds since 1970)."""

    name: str
    scope: str
    role: str
    principal: str
    principal_type: str
    created: float
    effective: float
    created_by: str = ""
    description: str | None = None
    condition: str | None = None

    @property
    def id(self) -> str:
        return f"{self.scope}/providers/Microsoft.Authorization/roleAssignments/{self.name}"


def _matches(action: str, patterns: Iterable[str]) -> bool:
    lowered = action.lower()
    return any(fnmatchcase(lowered, pattern.lower()) for pattern in patterns)


_SECRETS = "Microsoft.KeyVault/vaults/secrets"
_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers"
BUILT_IN = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": Role("", "Owner", ("*",)),
    "b24988ac-6180-42a0-ab88-20f7382dd24c": Role(
        "",
        "Contributor",
        ("*",),
        (
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
        ),
    ),
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": Role("", "Reader", ("*/read",)),
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": Role(
        "", "User Access Administrator", ("*/read", "Microsoft.Authorization/*")
    ),
    "4633458b-17de-408a-b874-0445c86b69e6": Role(
        "",
        "Key Vault Secrets User",
        data_actions=(f"{_SECRETS}/getSecret/action", f"{_SECRETS}/readMetadata/action"),
    ),
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": Role(
        "", "Key Vault Secrets Officer", ("Microsoft.KeyVault/vaults/read",), data_actions=(f"{_SECRETS}/*",)
    ),
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": Role(
        "",
        "Storage Blob Data Contributor",
        (f"{_BLOBS}/delete", f"{_BLOBS}/read", f"{_BLOBS}/write"),
        data_actions=(f"{_BLOBS}/blobs/*",),
    ),
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": Role(
        "", "Storage Blob Data Owner", (f"{_BLOBS}/*",), data_actions=(f"{_BLOBS}/blobs/*",)
    ),
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": Role(
        "", "Storage Blob Data Reader", (f"{_BLOBS}/read",), data_actions=(f"{_BLOBS}/blobs/read",)
    ),
    "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd": Role(
        "",
        "Cognitive Services OpenAI User",
        ("Microsoft.CognitiveServices/*/read",),
        data_actions=("Microsoft.CognitiveServices/accounts/OpenAI/*",),
    ),
}
"""Azure's own roles that are used here, by their GUIDs, with the permissions that matter here."""


@dataclass
class Access:
    """All roles and assignments of the subscription. Keys are lower case."""

    clock: Clock
    roles: dict[str, Role] = field(default_factory=dict)
    assignments: dict[str, Assignment] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for guid, role in BUILT_IN.items():
            self.roles[guid] = Role(
                f"/providers/Microsoft.Authorization/roleDefinitions/{guid}",
                role.name,
                role.actions,
                role.not_actions,
                role.data_actions,
            )

    def role(self, identifier: str) -> Role | None:
        return self.roles.get(identifier.rstrip("/").rsplit("/", 1)[-1].lower())

    def allowed(self, caller: Caller, action: str, scope: str, *, data: bool = False) -> bool:
        now = self.clock.now()
        for assignment in self.assignments.values():
            if assignment.principal != caller.object_id or assignment.effective > now:
                continue
            role = self.role(assignment.role)
            if role and ids.within(scope, assignment.scope) and role.allows(action, data=data):
                return True
        return False

    def demand(self, caller: Caller, action: str, scope: str) -> None:
        """Raises Refusal 403 AuthorizationFailed, naming action and scope."""
        if not self.allowed(caller, action, scope):
            raise Refusal(
                403,
                "AuthorizationFailed",
                f"The client '{caller.client_id}' with object id '{caller.object_id}' does not have authorization to "
                f"perform action '{action}' over scope '{scope}' or the scope is invalid. If access was recently "
                "granted, please refresh your credentials.",
            )

    def demand_linked(self, caller: Caller, action: str, scope: str, doing: str, at: str) -> None:
        """The linked access check: what a body refers to needs a permission of its own."""
        if not self.allowed(caller, action, scope):
            raise Refusal(
                403,
                "LinkedAuthorizationFailed",
                f"The client '{caller.client_id}' with object id '{caller.object_id}' has permission to perform "
                f"action '{doing}' on scope '{at}'; however, it does not have permission to perform action(s) "
                f"'{action}' on the linked scope(s) '{scope}' (respectively) or the linked scope(s) are invalid.",
            )
