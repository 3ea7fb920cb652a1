"""A teardown that is blocked ends soon, names what blocks it, and is finished once that is gone."""

from __future__ import annotations

from collections import Counter
from typing import Any

from isthmus import names
from localcloud.azure.faults import Fault
from localcloud.azure.rbac import Caller
from localcloud.azure.seed import OWNER, grant
from tests.localazure.arm import Arm
from tests.localazure.engine import Engine
from tests.localazure.resources import interface, regional

SOON = 60.0
PATIENCE = 600.0
SOMEBODY = {"role assignments": 1}
"""What stays of somebody's visit."""


def somebody(engine: Engine) -> Arm:
    """ARM as somebody sees it who may do anything."""
    owner = Caller("0" * 8 + "-0000-0000-0000-" + "0" * 12, "somebody", "somebody")
    grant(engine.azure.cloud, owner.object_id, OWNER, f"/subscriptions/{engine.azure.cloud.subscription}")
    return engine.direct.arm(engine.direct.token(caller=owner))


def group(engine: Engine, life: tuple[str, str], corp: str = "ai-corp") -> str:
    return f"/subscriptions/{engine.azure.cloud.subscription}/resourceGroups/{names.resource_group(*life, corp)}"


def blocked(engine: Engine, life: tuple[str, str], within: float) -> dict[str, Any]:
    """Deletes it; the teardown's error."""
    begun = engine.hub.seconds
    engine.delete(life)
    engine.run()
    record = engine.record(life)
    assert record["phase"] == "failed"
    # What else is to be removed takes its own time.
    assert engine.hub.seconds - begun < within + 240.0
    assert "ai-corp/resource_group" in record["teardown"]["left"]
    assert not [step for step in record["teardown"]["left"] if step.startswith("health-corp/")]
    error: dict[str, Any] = record["teardown"]["error"]
    assert error["hint"]
    return error


def finished(engine: Engine, life: tuple[str, str], **others: int) -> None:
    engine.delete(life)
    engine.run()
    engine.settle()
    assert (engine.phase(life), engine.bugs) == ("gone", [])
    assert engine.census() == Counter(others)


def test_a_lock_is_named_at_once_with_where_it_is_and_why() -> None:
    with Engine() as engine:
        life = engine.ask()
        engine.run()
        arm, scope = somebody(engine), group(engine, life)
        network = f"{scope}/providers/Microsoft.Network/publicIPAddresses/egress"
        path = f"{network}/providers/Microsoft.Authorization/locks/ask-the-network-team"
        body = {"properties": {"level": "CanNotDelete", "notes": "in the allow list of a partner"}}
        assert arm.call("PUT", path, body, version="2020-05-01").status_code == 201
        error = blocked(engine, life, SOON)
        assert error["code"] == "ScopeLocked"
        assert "lock ask-the-network-team (CanNotDelete) on " in error["message"]
        assert "publicIPAddresses/egress: in the allow list of a partner" in error["message"]
        assert arm.call("DELETE", path, version="2020-05-01").status_code == 200
        finished(engine, life, **SOMEBODY)


def test_who_uses_something_in_the_group_from_outside_is_named() -> None:
    with Engine() as engine:
        life = engine.ask()
        engine.run()
        arm = somebody(engine)
        (network,) = arm.get(f"{group(engine, life)}/providers/Microsoft.Network/virtualNetworks")["value"]
        theirs = f"{arm.groups}/theirs"
        arm.put(theirs, regional())
        nic = f"{theirs}/providers/Microsoft.Network/networkInterfaces/guest"
        arm.put(nic, interface(network["properties"]["subnets"][0]["id"]))
        error = blocked(engine, life, PATIENCE)
        assert error["code"] == "ResourceGroupDeletionBlocked"
        assert f"is used by {nic}" in error["message"]
        arm.delete(nic)
        finished(engine, life, **SOMEBODY, **{"Microsoft.Resources/resourceGroups": 1})


def test_where_azure_says_little_what_is_still_there_is_named() -> None:
    wordless = Fault("DELETE", "/resourcegroups/[^/]*-ai-corp$", effect="operation",
                     code="ResourceGroupDeletionBlocked", message="It is blocked.", count=0)  # fmt: skip
    with Engine() as engine:
        life = engine.ask()
        engine.run()
        engine.azure.front.faults.append(wordless)
        error = blocked(engine, life, PATIENCE)
        assert f"still in {names.resource_group(*life, 'ai-corp')}: " in error["message"]
        assert "Microsoft.CognitiveServices/accounts/" in error["message"]
        assert " more. It is blocked." in error["message"]
        engine.azure.front.faults.clear()
        finished(engine, life)


def test_a_read_only_lock_stops_what_is_built_and_is_named() -> None:
    """Not only teardowns: the message of Azure names the scope, and everything is rolled back but what is locked."""
    with Engine() as engine:
        life = engine.ask()

        def lock() -> None:
            arm = somebody(engine)
            path = f"{group(engine, life)}/providers/Microsoft.Authorization/locks/frozen"
            assert arm.call("PUT", path, {"properties": {"level": "ReadOnly"}}, version="2020-05-01").status_code == 201

        engine.hub.at(10.0, lock)
        engine.run()
        record = engine.record(life)
        assert (record["error"]["code"], record["teardown"]["error"]["code"]) == ("ScopeLocked", "ScopeLocked")
        assert "lock frozen (ReadOnly)" in record["teardown"]["error"]["message"]
        engine.azure.cloud.locks.clear()
        finished(engine, life, **SOMEBODY)
