"""Access to one secret: for this identity, and for no former one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from activities.authorization import ensure_access, remove_access
from isthmus import names
from tests.unit.fakes import Cloud, records_with, refusal, request
from tests.unit.samples import plan, step_of

STEP = step_of(plan(), "health-corp/secret_access")
SCOPE, ROLE = STEP["wanted"]["scope"], STEP["wanted"]["role"]
KNOWN = {"health-corp/vm_identity": {"principal_id": "principal"}}


OURS = STEP["wanted"]["description"]


def assignment(
    principal: str = "principal", scope: str = SCOPE, role: str = ROLE, number: int = 1, description: str | None = OURS
) -> Any:
    return SimpleNamespace(
        id=f"{scope}/a{number}",
        scope=scope,
        principal_id=principal,
        role_definition_id=role,
        description=description,
    )


class Assignments:
    def __init__(self, *there: Any, error: Exception | None = None) -> None:
        self.there, self.error = list(there), error
        self.created: list[tuple[str, str, Any]] = []

    def list_for_scope(self, scope: str, filter: str) -> list[Any]:
        assert filter == "atScope()"
        return list(self.there)

    def delete_by_id(self, identifier: str) -> None:
        self.there = [item for item in self.there if item.id != identifier]

    def create(self, scope: str, name: str, body: Any) -> None:
        if self.error:
            raise self.error
        self.created.append((scope, name, body))


def ensure(operations: Assignments, **more: Any) -> Any:
    cloud = Cloud(authorization=SimpleNamespace(role_assignments=operations))
    return ensure_access(request(STEP, cloud, records_with(**({"phase": "building"} | more)), outputs=KNOWN))


def remove(operations: Assignments) -> Any:
    return remove_access(request(STEP, Cloud(authorization=SimpleNamespace(role_assignments=operations))))


def test_access_is_given_to_this_identity_at_this_secret() -> None:
    operations = Assignments()
    assert ensure(operations) == {"state": "ready", "outputs": {}, "wrote": True}
    ((scope, name, body),) = operations.created
    assert (scope, name) == (SCOPE, names.role_assignment(SCOPE, "principal", ROLE))
    assert body["properties"] == {
        "roleDefinitionId": ROLE,
        "principalId": "principal",
        "principalType": "ServicePrincipal",
        "description": OURS,
    }


def test_access_that_is_there_is_not_given_again() -> None:
    operations = Assignments(assignment(scope=SCOPE.upper(), role=ROLE.upper()))
    assert ensure(operations)["wrote"] is False
    assert operations.created == []


def test_the_access_of_a_former_identity_is_taken_away_first() -> None:
    operations = Assignments(assignment("former"))
    assert ensure(operations)["state"] == "pending"
    assert operations.there == []
    assert ensure(operations)["state"] == "ready"


@pytest.mark.parametrize("description", [OURS.replace("health-corp", "clinic"), None])
def test_another_corp_s_access_is_left_alone_and_counts_for_nothing(description: str | None) -> None:
    operations = Assignments(assignment("another", description=description))
    assert ensure(operations)["wrote"] is True
    assert len(operations.there) == 1


def test_what_is_inherited_from_the_vault_is_left_alone_and_counts_for_nothing() -> None:
    vault = assignment("somebody", scope=SCOPE.rsplit("/secrets/", 1)[0])
    operations = Assignments(vault)
    assert ensure(operations)["wrote"] is True
    assert remove(operations)["state"] == "ready"
    assert operations.there == [vault]


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (refusal(400, "PrincipalNotFound"), "pending"),
        (refusal(409, "RoleAssignmentExists"), "pending"),
        (refusal(403, "AuthorizationFailed"), "failed"),
    ],
)
def test_what_azure_refuses_is_an_outcome(error: Exception, state: str) -> None:
    assert ensure(Assignments(error=error))["state"] == state


def test_no_access_is_given_in_an_environment_that_is_being_stopped() -> None:
    operations = Assignments()
    assert ensure(operations, stop={"why": "delete", "detail": ""})["code"] == "Stopped"
    assert operations.created == []


def test_all_access_to_the_secret_is_taken_away_at_the_end() -> None:
    operations = Assignments(assignment(), assignment("another", number=2))
    assert remove(operations)["state"] == "pending"
    assert operations.there == []
    assert remove(operations) == {"state": "ready", "outputs": {}, "wrote": False}
