"""What a landing zone has already is judged before anything is built; what can't be seen is never called fine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from isthmus import permissions
from isthmus.case import Case
from isthmus.landing import Land, Seen, Zone, judge_egress, judge_subnets, judge_zone
from isthmus.names import PRIVATE_ZONE
from isthmus.networks import network_of
from tests.unit.samples import AI, GENERATION, HEALTH, REQUESTED, SUBSCRIPTION, consumers, spec
from tests.unit.test_inbound import DEFAULTS, SHUT, rule

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/spokes/providers/Microsoft.Network"
AT = {name: f"{GROUP}/virtualNetworks/{name}/subnets/nodes" for name in ("ai-corp", "health-corp", "corp-1", "corp-2")}
ZONE = f"/subscriptions/{'9' * 8}-9999-9999-9999-{'9' * 12}/resourceGroups/hub/providers/Microsoft.Network"
ZONE += f"/privateDnsZones/{PRIVATE_ZONE}"
EVERYTHING = [{"actions": ["*"], "notActions": []}]


def there(corp: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": corp["name"], "role": corp["role"], "existing_subnet": AT[corp["name"]]} | more


def case(*corps: dict[str, Any], **more: Any) -> Case:
    return Case(spec(corps=list(corps), **more), GENERATION, SUBSCRIPTION, REQUESTED)


BOTH = case(there(AI), there(HEALTH))


def network(space: str = "10.20.0.0/16", **properties: Any) -> dict[str, Any]:
    return {"location": "East US", "properties": {"addressSpace": {"addressPrefixes": [space]}} | properties}


def land(space: str = "10.20.0.0/16", **subnet: Any) -> Land:
    properties: dict[str, Any] = {"addressPrefix": "10.20.1.0/24", "natGateway": {"id": "x"}, **subnet}
    guard = {"properties": {"securityRules": [SHUT], "defaultSecurityRules": DEFAULTS}}
    return Land(Seen({"properties": properties}), Seen(network(space)), Seen(guard), EVERYTHING, EVERYTHING)


FINE = {"ai-corp": land(), "health-corp": land("10.30.0.0/16")}


def told(judge: Any, asked: Case, looked: Any) -> list[tuple[str, str]]:
    found = list(judge(asked, looked))
    assert all(finding["mend"] for finding in found)
    return [(finding["severity"], finding["detail"] + " " + finding["mend"]) for finding in found]


def one(judge: Any, asked: Case, looked: Any) -> tuple[str, str]:
    (found,) = told(judge, asked, looked)
    return found


def guarded(*rules: Any) -> Seen:
    return Seen({"properties": {"securityRules": list(rules), "defaultSecurityRules": DEFAULTS}})


def test_where_all_is_right_nothing_is_said() -> None:
    assert told(judge_subnets, BOTH, FINE) == []
    assert told(judge_egress, BOTH, FINE) == []
    assert told(judge_subnets, case(AI, HEALTH), {}) == []
    assert told(judge_zone, case(AI, HEALTH), None) == []


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"subnet": Seen()}, "error", "There is no health-corp's subnet"),
    ({"subnet": Seen(refused=True)}, "error", "virtualNetworks/subnets/read"),
    ({"held": []}, "error", "subnets/join/action"),
    ({"network": Seen(refused=True)}, "warning", "virtualNetworks/read"),
    ({"network": Seen(network() | {"location": "westeurope"})}, "error", "westeurope"),
    ({"guard": None}, "error", "no network security group"),
    ({"guard": Seen(refused=True)}, "warning", "The proof will be incomplete"),
    ({"guard": guarded()}, "error", "AllowVnetInBound"),
    ({"guard": guarded(rule("bastion", 100), SHUT)}, "error", "lets something in: bastion"),
]


@pytest.mark.parametrize(("change", "severity", "said"), WRONG)
def test_what_is_wrong_with_a_subnet_is_told(change: dict[str, Any], severity: str, said: str) -> None:
    wrong = replace(FINE["health-corp"], **change)
    if "network" in change and change["network"].found:
        change["network"].found["properties"] = network("10.30.0.0/16")["properties"]
    found = one(judge_subnets, BOTH, FINE | {"health-corp": wrong})
    assert found[0] == severity
    assert said in found[1]


@pytest.mark.parametrize(
    ("properties", "severity", "said"),
    [
        ({"delegations": [{"properties": {"serviceName": "Microsoft.Web/serverFarms"}}]}, "error", "Microsoft.Web"),
        ({"addressPrefix": "10.20.1.0/29", "ipConfigurations": [{}, {}]}, "error", "has 1 free addresses; 2 are"),
        ({"addressPrefix": "10.20.1.0/29", "ipConfigurations": [{}]}, "", ""),
        ({"addressPrefixes": ["10.20.1.0/29", "10.20.2.0/29"], "ipConfigurations": [{}] * 5}, "error", "has 1 free"),
        ({"privateEndpointNetworkPolicies": "NetworkSecurityGroupEnabled"}, "warning", "port 443"),
        ({"privateEndpointNetworkPolicies": "Disabled"}, "", ""),
    ],
)
def test_what_is_unfit_for_the_provider_is_told(properties: dict[str, Any], severity: str, said: str) -> None:
    found = told(judge_subnets, BOTH, FINE | {"ai-corp": land(**properties)})
    assert [level for level, _ in found] == ([severity] if severity else [])
    assert all(said in words for _, words in found)


def test_a_subnet_that_azure_keeps_for_a_gateway_is_refused() -> None:
    gateway = there(HEALTH) | {"existing_subnet": f"{network_of(AT['health-corp'])}/subnets/GatewaySubnet"}
    assert "takes no VM" in one(judge_subnets, case(there(AI), gateway), FINE)[1]


def test_another_subscription_is_told_without_a_look() -> None:
    far = there(HEALTH) | {"existing_subnet": AT["health-corp"].replace(SUBSCRIPTION, "0" * 8 + SUBSCRIPTION[8:])}
    severity, words = one(judge_subnets, case(there(AI), far), {"ai-corp": FINE["ai-corp"]})
    assert severity == "error"
    assert "deploy Isthmus into that one" in words


def test_a_zone_of_our_own_needs_to_be_linked_to_the_network() -> None:
    shut = FINE | {"ai-corp": replace(FINE["ai-corp"], held_on_network=[])}
    assert "virtualNetworks/join/action" in one(judge_subnets, BOTH, shut)[1]
    assert told(judge_subnets, case(there(AI, existing_private_dns_zone=ZONE), there(HEALTH)), shut) == []


def test_addresses_are_counted_over_all_who_share_a_subnet_and_what_is_made_already_needs_none() -> None:
    shared = [there(corp) | {"existing_subnet": AT["corp-1"]} for corp in consumers(2)]
    tight = land("10.30.0.0/16", addressPrefix="10.30.1.0/29", ipConfigurations=[{}, {}])
    asked, lands = case(AI, *shared), {"corp-1": tight, "corp-2": tight}
    assert "has 1 free addresses; 2 are needed" in one(judge_subnets, asked, lands)[1]
    assert told(judge_subnets, replace(asked, made=frozenset({"corp-1/network_interface"})), lands) == []


@pytest.mark.parametrize("own", [True, False])
def test_provider_and_consumer_with_the_same_addresses_are_told(own: bool) -> None:
    consumer = HEALTH | {"address_space": "10.20.5.0/24"} if own else there(HEALTH)
    lands = {"ai-corp": land()} if own else {"ai-corp": land(), "health-corp": land("10.20.0.0/24")}
    severity, words = one(judge_subnets, case(there(AI), consumer), lands)
    assert severity == "error"
    assert "overlap: 10.20.0.0/16 and 10.20." in words


@pytest.mark.parametrize("who", ["ai-corp", "health-corp"])
def test_peered_networks_are_told(who: str) -> None:
    other = {"ai-corp": "health-corp", "health-corp": "ai-corp"}[who]
    peering = {"properties": {"remoteVirtualNetwork": {"id": network_of(AT[other]).upper()}}}
    space = {"ai-corp": "10.20.0.0/16", "health-corp": "10.30.0.0/16"}[who]
    peered = replace(FINE[who], network=Seen(network(space, virtualNetworkPeerings=[peering])))
    severity, words = one(judge_subnets, BOTH, FINE | {who: peered})
    assert severity == "warning"
    assert "are peered" in words


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ({"natGateway": None}, False),
        ({"natGateway": None, "defaultOutboundAccess": False}, True),
        ({"natGateway": None, "defaultOutboundAccess": False, "routeTable": {"id": "x"}}, False),
    ],
)
def test_a_subnet_from_which_no_way_leads_out_is_told(way: dict[str, Any], said: bool) -> None:
    found = told(judge_egress, BOTH, FINE | {"ai-corp": land(**way)})
    assert [level for level, _ in found] == ["warning"] * said


def test_a_new_network_that_somebody_else_must_route_is_told() -> None:
    severity, words = one(judge_egress, case(AI | {"egress": "existing"}, HEALTH), {})
    assert severity == "warning"
    assert "ai-corp's new network" in words


LINKED = Seen([{"properties": {"virtualNetwork": {"id": network_of(AT["ai-corp"]).upper()}}}])
HUB = Zone(Seen({"properties": {}}), LINKED, EVERYTHING, Seen(network()))
WITH_ZONE = case(there(AI, existing_private_dns_zone=ZONE), there(HEALTH))
NEW_NETWORK = case(AI | {"existing_private_dns_zone": ZONE}, HEALTH)


def test_a_zone_that_is_linked_and_open_to_us_needs_no_word() -> None:
    assert told(judge_zone, WITH_ZONE, HUB) == []
    assert told(judge_zone, NEW_NETWORK, replace(HUB, links=Seen([]), network=None)) == []


@pytest.mark.parametrize(
    ("change", "severity", "said"),
    [
        ({"zone": Seen()}, "error", "There is no private DNS zone"),
        ({"zone": Seen(refused=True)}, "warning", "privateDnsZones/virtualNetworkLinks/read"),
        ({"links": Seen(refused=True)}, "warning", "is not checked"),
        ({"held": []}, "error", "privateDnsZones/join/action"),
        ({"held": None}, "warning", "can't be seen"),
        ({"links": Seen([])}, "error", "not linked to the zone and has no DNS servers"),
        ({"links": Seen([]), "network": Seen(refused=True)}, "warning", "if it has any"),
        (
            {"links": Seen([]), "network": Seen(network(dhcpOptions={"dnsServers": ["10.1.0.4"]}))},
            "warning",
            "10.1.0.4",
        ),
    ],
)
def test_what_is_wrong_with_a_zone_is_told(change: dict[str, Any], severity: str, said: str) -> None:
    found = one(judge_zone, WITH_ZONE, replace(HUB, **change))
    assert found[0] == severity
    assert said in found[1]


def test_a_consumer_that_asks_the_zone_would_see_the_endpoint() -> None:
    both = Seen(
        [{"properties": {"virtualNetwork": {"id": network_of(AT[corp])}}} for corp in ("ai-corp", "health-corp")]
    )
    severity, words = one(judge_zone, WITH_ZONE, replace(HUB, links=both))
    assert severity == "error"
    assert "health-corp's network asks that zone" in words


def test_a_new_network_needs_the_right_to_be_linked() -> None:
    held = [{"actions": list(permissions.AT_ZONE.actions)}]
    assert "virtualNetworkLinks/write" in one(judge_zone, NEW_NETWORK, replace(HUB, held=held, network=None))[1]
    assert told(judge_zone, WITH_ZONE, replace(HUB, held=held)) == []


def test_a_zone_of_our_own_in_somebody_elses_network_is_told() -> None:
    severity, words = one(judge_zone, BOTH, None)
    assert severity == "warning"
    assert "existing_private_dns_zone" in words
