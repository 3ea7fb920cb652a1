"""With exactly the rights that Bicep gives, an environment is built, proved and taken down; with the condition, no role
but the one is given away."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from isthmus.names import SECRETS_USER_ROLE, role_definition
from isthmus.permissions import ASSIGNMENTS, AZURES_ROLES, vault_condition
from localcloud.azure import seed
from localcloud.azure.front import Incoming
from localcloud.azure.model import Answer
from localcloud.azure.rbac import BUILT_IN, Role
from tests.infra.condition import Condition
from tests.infra.deployments import of_type
from tests.infra.evaluate import KNOWN_LATER
from tests.localazure.engine import Engine

OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"


def passes(verb: str, role: str, kind: str) -> bool:
    source = {"write": "@Request", "delete": "@Resource"}[verb]
    attributes = {f"{source}[{ASSIGNMENTS}:RoleDefinitionId]": role, f"{source}[{ASSIGNMENTS}:PrincipalType]": kind}
    return Condition(vault_condition(), f"{ASSIGNMENTS}/{verb}", attributes).passes()


@pytest.mark.parametrize("verb", ["write", "delete"])
@pytest.mark.parametrize(
    ("role", "kind", "allowed"),
    [
        (SECRETS_USER_ROLE, "ServicePrincipal", True),
        (SECRETS_USER_ROLE.upper(), "serviceprincipal", True),
        (SECRETS_USER_ROLE, "User", False),
        (SECRETS_USER_ROLE, "Group", False),
        (AZURES_ROLES["Key Vault Secrets Officer"], "ServicePrincipal", False),
        (OWNER, "ServicePrincipal", False),
    ],
)
def test_one_role_is_given_away_and_taken_back_and_no_other(verb: str, role: str, kind: str, allowed: bool) -> None:
    assert passes(verb, role, kind) is allowed


def test_what_is_neither_write_nor_delete_is_not_the_conditions_business() -> None:
    assert Condition(vault_condition(), f"{ASSIGNMENTS}/read", {}).passes()
    assert not Condition(vault_condition(), f"{ASSIGNMENTS}/write", {}).passes()


def limited(engine: Engine) -> None:
    """Takes the app's rights away, and gives it those that Bicep would."""
    cloud, planted = engine.azure.cloud, engine.azure.seed
    principal = planted.identity.properties["principalId"]
    held = cloud.access.assignments
    for key in [key for key, one in held.items() if one.principal == principal]:
        del held[key]
    scopes = {
        "Microsoft.KeyVault": planted.vault.id,
        "Microsoft.Storage": planted.storage.id,
        "": f"/subscriptions/{cloud.subscription}",
    }
    own = {one.id: one.body["properties"] for one in of_type("defaults", "Microsoft.Authorization/roleDefinitions")}
    for one in of_type("defaults", ASSIGNMENTS):
        properties = one.body["properties"]
        role, scope = properties["roleDefinitionId"], one.id.partition(f"/providers/{ASSIGNMENTS}/")[0]
        where = scopes.get(scope.partition("/providers/")[2].partition("/")[0])
        if properties["principalId"] != KNOWN_LATER["properties.principalId"] or where is None:
            continue
        if role in own:
            made = own[role]
            guid = seed.define(cloud, Role("", made["roleName"], tuple(made["permissions"][0]["actions"]), custom=True))
        else:
            guid = role.rsplit("/", 1)[1]
        if role in own or guid in BUILT_IN:  # the others are of services that the local cloud has not
            seed.grant(cloud, principal, guid, where)


def watched(engine: Engine) -> list[bool]:
    """Whether each role assignment that the app writes or deletes passes the condition."""
    seen: list[bool] = []

    def around(incoming: Incoming, serve: Callable[[], Answer]) -> Answer:
        if f"/providers/{ASSIGNMENTS}/".lower() in incoming.path.lower() and incoming.method in ("PUT", "DELETE"):
            there = engine.azure.cloud.access.assignments.get(incoming.path.lower())
            if incoming.method == "PUT":
                body = incoming.json()["properties"]
                seen.append(passes("write", body["roleDefinitionId"].rsplit("/", 1)[1], body["principalType"]))
            elif there is not None:
                seen.append(passes("delete", there.role.rsplit("/", 1)[1], there.principal_type))
        return serve()

    engine.session.around = around
    return seen


def test_with_exactly_these_rights_it_is_built_proved_and_taken_down() -> None:
    with Engine(blobs=True) as engine:
        limited(engine)
        assignments = watched(engine)
        life = engine.ask()
        engine.run()
        assert (engine.phase(life), engine.record(life)["proof"]["result"]) == ("ready", "passed")
        engine.delete(life)
        engine.run()
        assert engine.phase(life) == "gone"
        assert engine.bugs == []
        refused = [entry["path"] for entry in engine.requests() if entry["status"] == 403]
        assert [path for path in refused if path.startswith("/subscriptions")] == []
    assert len(assignments) >= 6  # three are given, three are taken back
    assert all(assignments)


def test_the_role_that_is_assigned_is_that_one() -> None:
    assert role_definition("s", SECRETS_USER_ROLE).endswith(f"/roleDefinitions/{SECRETS_USER_ROLE}")
    assert BUILT_IN[SECRETS_USER_ROLE].name == "Key Vault Secrets User"
