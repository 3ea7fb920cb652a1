"""Role assignments: the VM's identity may read one secret, and no other."""

from __future__ import annotations

from typing import Any

from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError

from activities.cloud import outcome_of
from activities.steps import Request
from isthmus import names
from isthmus.drift import Difference
from isthmus.outcomes import Outcome, pending, ready, stopped


def _assignments(request: Request, scope: str) -> list[Any]:
    """Those made at this very scope: a list at a scope also gives what it inherits."""
    listed = request.cloud.authorization.role_assignments.list_for_scope(scope, filter="atScope()")
    return [item for item in listed if item.scope.lower() == scope.lower()]


def ensure_access(request: Request) -> Outcome:
    """The role on the secret for the identity; the assignment of the corp's former identity is taken away first,
    since Azure refuses to change whom an assignment is for. Other corps may have theirs on the same secret."""
    wanted = request.wanted()
    scope, role, principal = wanted["scope"], wanted["role"], wanted["principal"]
    operations = request.cloud.authorization.role_assignments
    try:
        assigned = _assignments(request, scope)
        for item in assigned:
            if item.description == wanted["description"] and item.principal_id != principal:
                operations.delete_by_id(item.id)
                return pending("took away the access of a former identity", 0.0, wrote=True)
        if any(item.principal_id == principal and item.role_definition_id.lower() == role.lower() for item in assigned):
            return ready()
        if request.stopping():
            return stopped()
        body = {
            "properties": {
                "roleDefinitionId": role,
                "principalId": principal,
                # Without the type Azure looks the principal up, and does not find one made just now.
                "principalType": "ServicePrincipal",
                "description": wanted["description"],
            }
        }
        operations.create(scope, names.role_assignment(scope, principal, role), body)
        return ready(wrote=True)
    except ResourceExistsError:
        return pending("another assignment was quicker", 1.0)
    except AzureError as error:
        return outcome_of(error)


def look_at_access(request: Request) -> Difference | None:
    """Whether the identity has its role on the secret. Raises AzureError."""
    wanted = request.wanted()
    for item in _assignments(request, wanted["scope"]):
        same = item.role_definition_id.lower() == wanted["role"].lower()
        if same and item.principal_id == wanted["principal"]:
            return None
    return "missing", f"the VM's identity may not read {wanted['scope'].rsplit('/', 1)[1]} (any more)"


def remove_access(request: Request) -> Outcome:
    """Takes away every assignment on the secret: they outlive identity and group."""
    scope = request.step["wanted"]["scope"]
    try:
        assigned = _assignments(request, scope)
        for item in assigned:
            request.cloud.authorization.role_assignments.delete_by_id(item.id)
        return pending("access taken away", 0.0, wrote=True) if assigned else ready()
    except ResourceNotFoundError:
        return ready()
    except AzureError as error:
        return outcome_of(error)
