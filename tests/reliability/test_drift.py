"""Drift: whatever changes outside is seen without a write, put right where that is safe, and proved anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from isthmus import names
from localcloud.azure.faults import Fault
from tests.localazure.arm import Arm
from tests.localazure.engine import Engine
from tests.reliability.test_ends import LEASE, later

Life = tuple[str, str]
RULE = {
    "name": "ssh-from-anywhere",
    "properties": {
        "priority": 100,
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "sourceAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "22",
    },
}


def group(arm: Arm, life: Life, corp: str = "ai-corp") -> str:
    return f"{arm.groups}/{names.resource_group(*life, corp)}"


def account(engine: Engine, arm: Arm, life: Life) -> str:
    name = names.account(engine.cloud.settings.subscription, *life)
    return f"{group(arm, life)}/providers/Microsoft.CognitiveServices/accounts/{name}"


def change(arm: Arm, path: str, laid_over: dict[str, Any]) -> None:
    answer = arm.call("PATCH", path, laid_over)
    assert answer.status_code < 300, answer.text
    arm.settled(path)


def public_access(engine: Engine, arm: Arm, life: Life) -> None:
    change(arm, account(engine, arm, life), {"properties": {"publicNetworkAccess": "Enabled"}})


def rule_added(engine: Engine, arm: Arm, life: Life) -> None:
    path = f"{group(arm, life)}/providers/Microsoft.Network/networkSecurityGroups/nodes"
    rules = arm.get(path)["properties"]["securityRules"]
    change(arm, path, {"properties": {"securityRules": [*rules, RULE]}})


def _record(engine: Engine, arm: Arm, life: Life) -> str:
    zone = f"{group(arm, life)}/providers/Microsoft.Network/privateDnsZones/{names.PRIVATE_ZONE}"
    return f"{zone}/A/{names.account(engine.cloud.settings.subscription, *life)}"


def record_changed(engine: Engine, arm: Arm, life: Life) -> None:
    body = {"properties": {"ttl": 10, "aRecords": [{"ipv4Address": "10.0.0.99"}]}}
    assert arm.call("PUT", _record(engine, arm, life), body).status_code in (200, 201)


def record_deleted(engine: Engine, arm: Arm, life: Life) -> None:
    arm.delete(_record(engine, arm, life))


def _power(word: str) -> Callable[[Engine, Arm, Life], None]:
    def act(engine: Engine, arm: Arm, life: Life) -> None:
        path = f"{group(arm, life, 'health-corp')}/providers/Microsoft.Compute/virtualMachines/node"
        assert arm.call("POST", f"{path}/{word}").status_code == 202
        engine.settle(120.0)

    act.__name__ = word
    return act


def deployment_deleted(engine: Engine, arm: Arm, life: Life) -> None:
    (path,) = engine.azure.census()["Microsoft.CognitiveServices/accounts/deployments"]
    arm.delete(path)


def key_rotated(engine: Engine, arm: Arm, life: Life) -> None:
    path = f"{account(engine, arm, life)}/regenerateKey"
    assert arm.call("POST", path, {"keyName": "Key1"}).status_code == 200


def access_taken(engine: Engine, arm: Arm, life: Life) -> None:
    scope = f"{engine.cloud.settings.vault_id}/secrets/{names.key_secret(*life)}"
    for path in engine.azure.census()["role assignments"]:
        if path.lower().startswith(scope.lower()):
            assert arm.call("DELETE", path).status_code == 200


def tag_taken(engine: Engine, arm: Arm, life: Life) -> None:
    path = group(arm, life)
    tags = {name: value for name, value in arm.get(path)["tags"].items() if name != names.TAG_ENVIRONMENT}
    assert arm.call("PATCH", path, {"tags": tags | {"cost-center": "7"}}).status_code == 200


def endpoint_deleted(engine: Engine, arm: Arm, life: Life) -> None:
    arm.delete(f"{group(arm, life)}/providers/Microsoft.Network/privateEndpoints/openai")


BROKEN = {
    public_access: ["ai-corp/openai_account"],
    rule_added: ["ai-corp/network_security_group"],
    record_changed: ["ai-corp/dns_zone_group"],
    record_deleted: ["ai-corp/dns_zone_group"],
    _power("powerOff"): ["health-corp/virtual_machine"],
    _power("deallocate"): ["health-corp/virtual_machine"],
    deployment_deleted: ["ai-corp/model_deployment"],
    key_rotated: ["ai-corp/api_key"],
    access_taken: ["health-corp/key_access"],
    tag_taken: ["ai-corp/resource_group"],
    endpoint_deleted: ["ai-corp/dns_zone_group", "ai-corp/private_endpoint"],
}
EACH = pytest.mark.parametrize("drift", BROKEN, ids=lambda drift: drift.__name__)


def ready(engine: Engine, **wish: Any) -> Life:
    life = engine.ask(lease_minutes=int(LEASE), **wish)
    engine.run()
    assert engine.phase(life) == "ready"
    return life


def looked(engine: Engine, life: Life) -> dict[str, Any]:
    """What the next round writes down of it."""
    engine.hub.now = max(engine.hub.now, engine.direct.clock.now())
    engine.hub.start("check_drift", None, "check-drift")
    engine.run()
    assert (engine.bugs, engine.hub.instances["check-drift"].status) == ([], "Completed")
    drift: dict[str, Any] = engine.record(life)["drift"]
    assert drift["unseen"] == []
    return drift


def steps(drift: dict[str, Any]) -> list[str]:
    return sorted(finding["step"] for finding in drift["findings"])


def written(engine: Engine, after: int) -> list[str]:
    return [
        f"{entry['method']} {entry['path']}"
        for entry in engine.requests(after)
        if entry["method"] != "GET" and not entry["path"].lower().endswith("/listkeys")
    ]


@EACH
def test_what_changed_outside_is_told_of_and_nothing_is_written(drift: Any) -> None:
    with Engine() as engine:
        life = ready(engine)
        assert looked(engine, life)["findings"] == []
        drift(engine, engine.direct.arm(), life)
        engine.settle()
        last = engine.azure.front.logged
        assert steps(looked(engine, life)) == BROKEN[drift]
        assert written(engine, last) == []
        assert engine.phase(life) == "ready"


@EACH
def test_what_changed_outside_is_put_right_and_proved_anew(drift: Any) -> None:
    with Engine() as engine:
        life = ready(engine, drift="repair")
        there = engine.census()
        drift(engine, engine.direct.arm(), life)
        engine.settle()
        asked = [body for body in engine.requests() if body["path"].endswith("/chat/completions")]
        told = looked(engine, life)
        assert steps(told) == BROKEN[drift]
        assert told["repair"]["error"] is None, told["repair"]
        assert sorted(told["repair"]["steps"]) == BROKEN[drift]
        again = [body for body in engine.requests() if body["path"].endswith("/chat/completions")]
        assert len(again) > len(asked), "the question was asked again"
        assert engine.record(life)["proof"]["result"] == "passed"
        engine.settle()
        assert engine.census() == there
        after = looked(engine, life)
        assert (after["findings"], after["repair"]) == ([], told["repair"])


def test_tags_of_others_and_a_lease_that_was_moved_on_outlive_a_repair() -> None:
    with Engine() as engine:
        life = ready(engine, drift="repair")
        arm = engine.direct.arm()
        tag_taken(engine, arm, life)
        moved = {names.TAG_EXPIRES_AT: "2030-01-01T00:00:00Z", names.TAG_KEEP: "please"}
        tags = arm.get(group(arm, life))["tags"] | moved
        assert arm.call("PATCH", group(arm, life), {"tags": tags}).status_code == 200
        assert looked(engine, life)["repair"]["error"] is None
        kept = engine.direct.arm().get(group(arm, life))["tags"]
        assert kept[names.TAG_ENVIRONMENT] == life[0]
        assert {name: kept[name] for name in ("cost-center", *moved)} == {"cost-center": "7", **moved}


def test_what_nobody_can_put_right_safely_is_told_of_and_left() -> None:
    with Engine() as engine:
        life = ready(engine, drift="repair")
        arm = engine.direct.arm()
        path = f"{group(arm, life, 'health-corp')}/providers/Microsoft.Network/virtualNetworks/network"
        subnet = {"properties": {"addressPrefix": "192.168.9.0/24"}}
        assert arm.call("PUT", f"{path}/subnets/theirs", subnet).status_code < 300
        engine.settle()
        last = engine.azure.front.logged
        (finding,) = looked(engine, life)["findings"]
        assert (finding["step"], finding["repairable"]) == ("health-corp/virtual_network", False)
        assert "theirs" in finding["detail"]
        assert written(engine, last) == []


def test_a_repair_that_is_refused_is_told_of_and_tried_again_next_time() -> None:
    refused = Fault("PUT", "/networkSecurityGroups/", status=403, code="RequestDisallowedByPolicy", message="no")
    with Engine() as engine:
        life = ready(engine, drift="repair")
        rule_added(engine, engine.direct.arm(), life)
        engine.azure.front.faults.append(refused)
        told = looked(engine, life)["repair"]
        assert (told["error"]["code"], engine.phase(life)) == ("RequestDisallowedByPolicy", "ready")
        assert looked(engine, life)["repair"]["error"] is None


@pytest.mark.parametrize("seconds", [3.0, 4.0, 8.0, 30.0])
def test_a_delete_while_something_is_repaired_ends_in_nothing(seconds: float) -> None:
    with Engine() as engine:
        life = ready(engine, drift="repair")
        deployment_deleted(engine, engine.direct.arm(), life)
        engine.settle(60.0)
        engine.hub.now = max(engine.hub.now, engine.direct.clock.now())
        engine.hub.start("check_drift", None, "check-drift")
        engine.hub.at(engine.hub.seconds + seconds, lambda: engine.delete(life))
        engine.run()
        engine.settle()
        assert (engine.phase(life), engine.census(), engine.bugs) == ("gone", {}, [])


def test_a_lease_that_ends_while_something_is_repaired_ends_in_nothing() -> None:
    with Engine() as engine:
        life = ready(engine, drift="repair")
        deployment_deleted(engine, engine.direct.arm(), life)
        later(engine, LEASE * 60)
        engine.hub.start("check_drift", None, "check-drift")
        engine.hub.at(engine.hub.seconds + 4.0, engine.sweep)
        engine.run()
        engine.settle()
        assert (engine.phase(life), engine.census(), engine.bugs) == ("gone", {}, [])


@pytest.mark.parametrize("phase", ["building", "failed", "gone"])
def test_only_what_is_ready_is_looked_at(phase: str) -> None:
    with Engine() as engine:
        life = ready(engine)
        engine.records.change(life, lambda document: document | {"phase": phase})
        last = engine.azure.front.logged
        engine.hub.start("check_drift", None, "check-drift")
        engine.run()
        assert list(engine.requests(last)) == []


def test_a_look_costs_no_more_than_a_bucket_refills() -> None:
    with Engine() as engine:
        life = ready(engine)
        last, began = engine.azure.front.logged, engine.hub.seconds
        looked(engine, life)
        reads = [entry for entry in engine.requests(last) if entry["host"] == "management.azure.com"]
        assert len(reads) / (engine.hub.seconds - began) < 25
        assert len(reads) < 1.3 * len(engine.record(life)["plan"]["steps"])


def test_the_rotated_key_stays_in_the_vault() -> None:
    with Engine() as engine:
        life = ready(engine, drift="repair")
        key_rotated(engine, engine.direct.arm(), life)
        looked(engine, life)
        inputs = str([instance.given for instance in engine.hub.instances.values()])
        text = str(engine.record(life)) + str(engine.records.parts(life)) + inputs
        assert [canary for canary in engine.azure.cloud.canaries if canary in text] == []
