"""Environments in what a landing zone has already, whole lives on virtual time: each ends with a proof, and leaves the
networks and the zone that it was given exactly as they were."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from isthmus import permissions
from isthmus.permissions import Right
from tests.localazure.engine import Engine
from tests.localazure.landing import LandingZone
from tests.unit.landing_zone import GROUP, HUB, link_of, network_id, way_out
from tests.unit.samples import spec

BOTH = "ai-corp health-corp"
# Wish -> corps whose networks the hub's zone is linked to, kinds that vanish, and how often.
NETWORK = ("network_security_group", "public_ip", "nat_gateway", "virtual_network")
COMBINATIONS: dict[str, tuple[dict[str, Any], tuple[str, ...], dict[str, int]]] = {
    "subnets": ({"subnets": BOTH}, (), dict.fromkeys(NETWORK, 2)),
    "provider's subnet": ({"subnets": "ai-corp"}, (), dict.fromkeys(NETWORK, 1)),
    "consumer's subnet": ({"subnets": "health-corp"}, (), dict.fromkeys(NETWORK, 1)),
    "zone": ({"zone": True}, (), {"private_dns_zone": 1}),
    "subnets and zone": (
        {"subnets": BOTH, "zone": True},
        ("ai-corp",),
        dict.fromkeys(NETWORK, 2) | {"private_dns_zone": 1, "dns_zone_link": 1},
    ),
}
EACH = pytest.mark.parametrize("name", COMBINATIONS)


def roles_of(corps: list[dict[str, Any]]) -> list[Any]:
    return [(corp.role, corp.existing) for corp in spec(corps=corps).corps]


def rights(zone: LandingZone, wanted: dict[str, Any]) -> list[tuple[str, Right]]:
    """What docs/role.md says that this needs, each at its place."""
    found: list[tuple[str, Right]] = []
    for corp in wanted.get("subnets", "").split():
        found.append((zone.subnet(corp), permissions.AT_SUBNET))
        if corp == "ai-corp" and not wanted.get("zone"):
            found.append((network_id(zone.subscription, corp), permissions.AT_ITS_NETWORK))
    if wanted.get("zone"):
        found.append((zone.zone, permissions.AT_ZONE))
        if not wanted.get("subnets"):
            found.append((zone.zone, permissions.LINKS_ZONE))
    return found


def prepared(engine: Engine, name: str) -> tuple[LandingZone, list[dict[str, Any]]]:
    """A landing zone in which the app may do exactly what the docs say, and the corps to be asked for."""
    wanted, linked, _ = COMBINATIONS[name]
    zone = LandingZone(engine.direct, *linked)
    corps = zone.corps(**wanted)
    zone.only(roles_of(corps))
    for scope, right in rights(zone, wanted):
        zone.give(scope, right)
    zone.give(f"/subscriptions/{zone.subscription}/resourceGroups/{GROUP}", permissions.SEES_GUARD)
    engine.hub.now = engine.direct.clock.now()  # the platform team took its time
    return zone, corps


@EACH
def test_with_exactly_the_rights_of_the_docs_it_is_proved_and_leaves_all_as_it_was(name: str) -> None:
    with Engine() as engine:
        zone, corps = prepared(engine, name)
        before, census = zone.state(), engine.census()
        life = engine.ask(corps=corps)
        engine.run()
        record = engine.record(life)
        assert (record["phase"], record["error"], engine.bugs) == ("ready", None, [])
        assert record["proof"]["result"] == "passed"
        if "zone" in name:
            assert zone.state() != before, "the endpoint's record stands in the zone"
        engine.delete(life)
        engine.run()
        engine.settle()
        assert (engine.phase(life), engine.record(life)["teardown"]["left"]) == ("gone", [])
        assert zone.state() == before
        assert engine.census() == census


@EACH
def test_what_exists_is_not_built_and_nothing_waits_for_it(name: str) -> None:
    with Engine() as engine:
        _, corps = prepared(engine, name)
        asked = max(entry["number"] for entry in engine.requests())
        life = engine.ask(corps=corps)
        engine.run()
        steps = engine.record(life)["plan"]["steps"]
        kinds = [step["kind"] for step in steps]
        for kind, missing in COMBINATIONS[name][2].items():
            assert kinds.count(kind) == (1 if "dns" in kind else 2) - missing
        assert {need for step in steps for need in step["needs"]} <= {step["id"] for step in steps}
        written = [entry["path"] for entry in engine.requests(asked) if entry["method"] in ("PUT", "DELETE", "PATCH")]
        inside = [path for path in written if f"/resourceGroups/{GROUP}/" in path or f"/resourceGroups/{HUB}/" in path]
        assert ["/virtualNetworkLinks/isthmus-demo-" in path for path in inside] == [True] * (name == "zone")


MISSING = [
    (name, right, action)
    for name, needs in (
        ("subnets", (permissions.AT_SUBNET, permissions.AT_ITS_NETWORK)),
        ("zone", (permissions.AT_ZONE, permissions.LINKS_ZONE)),
    )
    for right in needs
    for action in right.actions
]


@pytest.mark.parametrize(("name", "right", "action"), MISSING, ids=[action for _, _, action in MISSING])
def test_each_right_is_missed_and_named_before_anything_is_built(name: str, right: Right, action: str) -> None:
    with Engine() as engine:
        zone, corps = prepared(engine, name)
        for role in zone.azure.access.roles.values():
            if role.name.startswith("At "):
                role.actions = tuple(held for held in role.actions if held != action)
        before = zone.state()
        life = engine.ask(corps=corps)
        engine.run()
        error = engine.record(life)["error"]
        assert error["code"] == "PreflightFailed"
        assert action in error["message"] + error["hint"]
        assert zone.state() == before
        assert engine.record(life)["plan"] is None


def test_rules_that_the_app_may_not_read_leave_the_proof_incomplete() -> None:
    with Engine() as engine:
        zone, corps = prepared(engine, "subnets")
        for role in zone.azure.access.roles.values():
            if role.actions == permissions.SEES_GUARD.actions:
                role.actions = ()
        life = engine.ask(corps=corps)
        engine.run()
        record = engine.record(life)
        assert (record["phase"], record["proof"]["result"]) == ("ready", "incomplete")
        found = {(check["id"], check["state"]) for check in record["proof"]["checks"] if check["state"] != "passed"}
        assert found == {("no_inbound_rule", "not_checked")}
        assert any("is not checked" in finding["detail"] for finding in record["findings"])


Spoil = Callable[[LandingZone], None]


def _link_the_consumer(zone: LandingZone) -> None:
    path, body = link_of(zone.zone, network_id(zone.subscription, "health-corp"))
    zone.arm.put(path, body)


def _take_the_link(zone: LandingZone) -> None:
    zone.arm.delete(link_of(zone.zone, network_id(zone.subscription, "ai-corp"))[0])


def _open(zone: LandingZone) -> None:
    group = f"/subscriptions/{zone.subscription}/resourceGroups/{GROUP}"
    path = f"{group}/providers/Microsoft.Network/networkSecurityGroups/spokes"
    body = zone.arm.get(path)
    bastion = {"access": "Allow", "direction": "Inbound", "priority": 200, "protocol": "Tcp"}
    bastion |= {"sourceAddressPrefix": "10.0.0.0/8", "destinationAddressPrefix": "*", "destinationPortRange": "22"}
    rules = [*body["properties"]["securityRules"], {"name": "bastion", "properties": bastion}]
    zone.arm.put(path, {"location": "eastus", "properties": {"securityRules": rules}})


def _unguard(zone: LandingZone) -> None:
    path = network_id(zone.subscription, "ai-corp")
    body = zone.arm.get(path)
    subnets = body["properties"]["subnets"]
    del subnets[0]["properties"]["networkSecurityGroup"]
    zone.arm.put(path, {"location": "eastus", "properties": body["properties"]})


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_link_the_consumer, "health-corp's network asks that zone"),
        (_take_the_link, "ai-corp's network is not linked to the zone"),
        (_open, "lets something in: bastion"),
        (_unguard, "has no network security group"),
    ],
)
def test_what_would_fail_the_proof_is_told_before_anything_is_built(spoil: Spoil, said: str) -> None:
    with Engine() as engine:
        zone, corps = prepared(engine, "subnets and zone")
        _sees(zone)
        spoil(zone)
        life = engine.ask(corps=corps)
        engine.run()
        error = engine.record(life)["error"]
        assert error["code"] == "PreflightFailed"
        assert said in error["message"]


def _sees(zone: LandingZone) -> None:
    zone.give(f"/subscriptions/{zone.subscription}/resourceGroups/{GROUP}", permissions.SEES_NETWORK)
    zone.give(zone.zone, permissions.SEES_ZONE)


@pytest.mark.parametrize("spoil", [_take_the_link, _open, _unguard])
def test_what_is_spoiled_later_fails_the_proof_and_the_zone_is_left_alone(spoil: Spoil) -> None:
    with Engine() as engine:
        zone, corps = prepared(engine, "subnets and zone")
        _sees(zone)
        life = engine.ask(corps=corps)
        engine.hub.at(engine.hub.seconds + 20.0, lambda: spoil(zone))
        engine.run()
        engine.settle()
        error = engine.record(life)["error"]
        assert error["code"] == "ProofFailed"
        wanted = "private_name (ai-corp)" if spoil is _take_the_link else "no_inbound_rule (ai-corp)"
        assert wanted in error["message"]
        assert not any("isthmus-demo" in text for text in zone.state().values())


def test_a_network_without_a_way_out_fails_where_it_should() -> None:
    """Egress `existing` believes that somebody routes; here nobody does."""
    with Engine() as engine:
        zone = LandingZone(engine.direct)
        engine.hub.now = engine.direct.clock.now()
        life = engine.ask(corps=zone.corps(egress="health-corp"))
        engine.run()
        record = engine.record(life)
        assert [finding["check"] for finding in record["findings"]] == ["egress"]
        assert record["error"]["code"] == "ProofFailed"
        assert "enrolled (health-corp)" in record["error"]["message"]


def test_a_way_out_that_a_policy_gives_to_a_new_network_is_as_good_as_ours() -> None:
    with Engine() as engine:
        zone = LandingZone(engine.direct)
        engine.hub.now = engine.direct.clock.now()
        _let_a_policy_route(engine, zone)
        life = engine.ask(corps=zone.corps(egress=BOTH))
        engine.run()
        record = engine.record(life)
        assert (record["phase"], record["proof"] and record["proof"]["result"]) == ("ready", "passed")
        kinds = {step["kind"] for step in record["plan"]["steps"]}
        assert not kinds & {"public_ip", "nat_gateway"}
        engine.delete(life)
        engine.run()
        engine.settle()
        assert engine.phase(life) == "gone"


def _let_a_policy_route(engine: Engine, zone: LandingZone) -> None:
    """As soon as a network is there, its subnet gets a gateway of the platform."""

    def around(name: str, given: dict[str, Any], do: Callable[[], Any]) -> Any:
        result = do()
        if name == "ensure_virtual_network" and result["state"] == "ready":
            made = way_out(zone.subscription, "policy-" + given["step"]["corp"])
            for path, body in made:
                zone.arm.put(path, body)
            subnet = zone.arm.get(given["step"]["resource"] + "/subnets/nodes")
            routed = subnet["properties"] | {"natGateway": {"id": made[-1][0]}}
            zone.arm.put(subnet["id"], {"properties": routed})
        return result

    engine.around = around


def test_a_zone_of_our_own_in_a_network_that_has_one_is_refused_by_azure_and_said_so() -> None:
    with Engine() as engine:
        zone, corps = prepared(engine, "subnets")
        path, body = link_of(zone.zone, network_id(zone.subscription, "ai-corp"))
        zone.arm.put(path, body)
        before = zone.state()
        life = engine.ask(corps=corps)
        engine.run()
        engine.settle()
        record = engine.record(life)
        assert "overlapping namespaces" in record["error"]["message"]
        assert "existing DNS zone" in [finding["check"] for finding in record["findings"]]
        assert zone.state() == before


@pytest.mark.parametrize("seconds", [3.0, 60.0, 110.0, 140.0])
def test_a_delete_at_any_time_leaves_the_landing_zone_as_it_was(seconds: float) -> None:
    with Engine() as engine:
        zone, corps = prepared(engine, "zone")
        before = zone.state()
        life = engine.ask(corps=corps)
        engine.hub.at(engine.hub.seconds + seconds, lambda: engine.delete(life))
        engine.run()
        engine.settle()
        assert (engine.phase(life), zone.state()) == ("gone", before)
