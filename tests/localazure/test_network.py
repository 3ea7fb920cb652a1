"""Addresses, subnets, rules and names: what ARM makes of a network, and what the network is told."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.azure import NoFabric
from localcloud.fabric import PUBLIC_POOL, VirtualNetwork, ZoneLink
from tests.localazure.arm import Arm
from tests.localazure.direct import Direct
from tests.localazure.landing import administrator
from tests.localazure.resources import ACCOUNT, GROUP, RULE, ZONE, build, interface, regional


@pytest.fixture
def arm(direct: Direct) -> Arm:
    arm = direct.arm()
    arm.put(f"{arm.groups}/{GROUP}", regional())
    return arm


def path_of(arm: Arm, kind: str, name: str) -> str:
    return f"{arm.groups}/{GROUP}/providers/Microsoft.Network/{kind}/{name}"


def network(arm: Arm, name: str, prefix: str, *subnets: str) -> str:
    """A network with those subnets, named s0, s1, ...; its path."""
    path = path_of(arm, "virtualNetworks", name)
    listed = [{"name": f"s{n}", "properties": {"addressPrefix": text}} for n, text in enumerate(subnets)]
    arm.put(path, regional({"addressSpace": {"addressPrefixes": [prefix]}, "subnets": listed}))
    return path


def address(arm: Arm, name: str, subnet: str, **more: Any) -> str:
    shown = arm.put(path_of(arm, "networkInterfaces", name), interface(subnet, **more))
    return str(shown["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"])


def test_private_addresses_are_given_out_in_order_from_the_fourth_on(arm: Arm) -> None:
    subnet = network(arm, "n", "10.0.0.0/16", "10.0.3.0/24") + "/subnets/s0"
    assert [address(arm, name, subnet) for name in "abc"] == ["10.0.3.4", "10.0.3.5", "10.0.3.6"]
    assert address(arm, "b", subnet) == "10.0.3.5"  # written again, it keeps its own
    arm.delete(path_of(arm, "networkInterfaces", "a"))
    assert address(arm, "d", subnet) == "10.0.3.4"


def test_a_full_subnet_says_so(arm: Arm) -> None:
    subnet = network(arm, "n", "10.0.0.0/24", "10.0.0.0/29") + "/subnets/s0"
    assert [address(arm, name, subnet) for name in "abc"] == ["10.0.0.4", "10.0.0.5", "10.0.0.6"]
    path = path_of(arm, "networkInterfaces", "d")
    assert arm.refused("PUT", path, interface(subnet)) == (400, "SubnetIsFull")


def test_an_address_can_be_asked_for(arm: Arm) -> None:
    subnet = network(arm, "n", "10.0.0.0/16", "10.0.0.0/24") + "/subnets/s0"
    static = {"privateIPAllocationMethod": "Static"}
    assert address(arm, "a", subnet, privateIPAddress="10.0.0.77", **static) == "10.0.0.77"
    path = path_of(arm, "networkInterfaces", "b")
    taken = interface(subnet, privateIPAddress="10.0.0.77", **static)
    outside = interface(subnet, privateIPAddress="10.9.0.1", **static)
    assert arm.refused("PUT", path, taken) == (400, "PrivateIPAddressInUse")
    assert arm.refused("PUT", path, outside) == (400, "PrivateIPAddressNotInSubnet")


def test_public_addresses_differ_and_come_from_the_pool(arm: Arm) -> None:
    paths = [path_of(arm, "publicIPAddresses", name) for name in "ab"]
    body = regional({}, sku={"name": "Standard"})
    first, second = (arm.put(path, body)["properties"]["ipAddress"] for path in paths)
    assert first != second
    assert PUBLIC_POOL.startswith("198.18.")
    assert {first.rsplit(".", 2)[0], second.rsplit(".", 2)[0]} == {"198.18"}
    assert arm.refused("PUT", paths[0], regional({})) == (400, "BasicSkuPublicIpRetired")


def test_a_public_address_serves_one_gateway_only(arm: Arm) -> None:
    public = path_of(arm, "publicIPAddresses", "out")
    arm.put(public, regional({}, sku={"name": "Standard"}))
    body = regional({"publicIpAddresses": [{"id": public}]}, sku={"name": "Standard"})
    arm.put(path_of(arm, "natGateways", "first"), body)
    assert arm.refused("PUT", path_of(arm, "natGateways", "second"), body) == (400, "PublicIPAddressInUse")


@pytest.mark.parametrize(
    ("subnets", "code"),
    [
        (("10.0.0.0/24", "10.0.0.128/25"), "NetcfgSubnetRangesOverlap"),
        (("10.1.0.0/24",), "NetcfgInvalidSubnet"),
        (("10.0.0.0/30",), "NetcfgInvalidSubnet"),
        (("10.0.0.1/24",), "InvalidAddressPrefixFormat"),
    ],
)
def test_subnets_fit_into_their_network_side_by_side(arm: Arm, subnets: tuple[str, ...], code: str) -> None:
    listed = [{"name": f"s{n}", "properties": {"addressPrefix": text}} for n, text in enumerate(subnets)]
    body = regional({"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": listed})
    assert arm.refused("PUT", path_of(arm, "virtualNetworks", "n"), body) == (400, code)


def test_a_new_subnet_has_no_way_out_of_its_own(arm: Arm) -> None:
    path = network(arm, "n", "10.0.0.0/16", "10.0.0.0/24")
    assert arm.get(f"{path}/subnets/s0")["properties"]["defaultOutboundAccess"] is False


def test_rules_of_one_direction_differ_in_priority(arm: Arm) -> None:
    path = path_of(arm, "networkSecurityGroups", "n")
    other = RULE | {"name": "other"}
    assert arm.refused("PUT", path, regional({"securityRules": [RULE, other]})) == (400, "SecurityRuleConflict")
    out_of_range = {"name": "r", "properties": {**RULE["properties"], "priority": 99}}  # type: ignore[dict-item]
    assert arm.refused("PUT", path, regional({"securityRules": [out_of_range]})) == (
        400,
        "SecurityRuleInvalidPriority",
    )


def test_the_network_is_told_of_what_has_been_provisioned_and_of_nothing_else(arm: Arm, direct: Direct) -> None:
    path = path_of(arm, "virtualNetworks", "n")
    body = regional({"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": []})
    arm.call("PUT", path, body)
    assert _told(direct) == ()
    direct.advance(10)
    assert {network.id for network in _told(direct)} == {path.lower()}


def _told(direct: Direct) -> tuple[VirtualNetwork, ...]:
    assert isinstance(direct.fabric, NoFabric)
    return direct.fabric.topology.networks


def test_the_whole_street_is_told_to_the_network(direct: Direct) -> None:
    assert isinstance(direct.fabric, NoFabric)
    arm = direct.arm()
    whole = build(arm)
    topology = direct.fabric.topology
    (subnet, _more) = topology.networks[0].subnets
    assert subnet.nat_address == arm.get(whole["Microsoft.Network/publicIPAddresses"][0])["properties"]["ipAddress"]
    assert subnet.rules is not None
    assert [rule.access for rule in subnet.rules] == ["Deny"]
    assert [found.address for found in topology.interfaces] == ["10.1.0.4"]
    (endpoint,) = topology.endpoints
    assert (endpoint.address, endpoint.approved) == ("10.1.0.5", True)
    (zone,) = topology.zones
    assert zone.records == {ACCOUNT: ("10.1.0.5",), "other": ("10.1.0.9",)}
    assert zone.links == (ZoneLink(topology.networks[0].id),)
    assert set(direct.fabric.machines) == {whole["Microsoft.Compute/virtualMachines"][0].lower()}


def test_a_zone_group_writes_the_record_and_takes_it_away_again(direct: Direct) -> None:
    arm = direct.arm()
    whole = build(arm)
    record = f"{whole['Microsoft.Network/privateDnsZones'][0]}/A/{ACCOUNT}"
    assert arm.get(record)["properties"]["aRecords"] == [{"ipv4Address": "10.1.0.5"}]
    endpoint = whole["Microsoft.Network/privateEndpoints"][0]
    assert arm.get(endpoint)["properties"]["customDnsConfigs"] == []
    arm.delete(whole["Microsoft.Network/privateEndpoints/privateDnsZoneGroups"][0])
    assert arm.call("GET", record).status_code == 404
    shown = arm.get(endpoint)["properties"]["customDnsConfigs"]
    assert shown == [{"fqdn": f"{ACCOUNT}.openai.azure.com", "ipAddresses": ["10.1.0.5"]}]


def test_a_network_is_linked_to_a_zone_once(direct: Direct) -> None:
    arm = direct.arm()
    whole = build(arm)
    path, body = whole["Microsoft.Network/privateDnsZones/virtualNetworkLinks"]
    assert arm.refused("PUT", path + "-again", body) == (409, "Conflict")
    shown = arm.get(path)["properties"]
    # This service gives the network's id back in lower case.
    assert shown["virtualNetwork"]["id"] == body["properties"]["virtualNetwork"]["id"].lower()
    assert shown["resolutionPolicy"] == "Default"


def test_zones_and_links_are_global(arm: Arm) -> None:
    path = path_of(arm, "privateDnsZones", ZONE)
    assert arm.refused("PUT", path, regional()) == (400, "LocationNotAvailableForResourceType")


def test_an_endpoint_needs_an_account_with_a_subdomain_and_the_right_group(direct: Direct) -> None:
    arm = direct.arm()
    whole = build(arm)
    path, body = whole["Microsoft.Network/privateEndpoints"]
    nameless = f"{arm.groups}/{GROUP}/providers/Microsoft.CognitiveServices/accounts/nameless"
    arm.put(nameless, regional({}, kind="OpenAI", sku={"name": "S0"}))
    direct.advance(10)

    def connected(**to: Any) -> dict[str, Any]:
        properties = {"privateLinkServiceId": nameless, "groupIds": ["account"], **to}
        listed = [{"name": "c", "properties": properties}]
        return body | {"properties": {**body["properties"], "privateLinkServiceConnections": listed}}

    assert arm.refused("PUT", path + "-2", connected()) == (400, "CustomSubDomainRequired")
    assert arm.refused("PUT", path + "-2", connected(groupIds=["vault"])) == (400, "InvalidPrivateLinkGroupIds")


def test_before_it_is_linked_the_account_s_name_leads_to_its_public_address(direct: Direct) -> None:
    arm = direct.arm()
    build(arm, "Microsoft.Resources/resourceGroups", "Microsoft.CognitiveServices/accounts")
    host = f"{ACCOUNT}.openai.azure.com"
    public = direct.azure.resolve("management.azure.com")
    assert direct.azure.resolve(host) == public
    assert direct.azure.resolve("somebody-else.openai.azure.com") is None
    build(arm)
    alias = direct.azure.resolve(host)
    assert alias is not None
    assert (alias.kind, alias.value) == ("CNAME", f"{ACCOUNT}.privatelink.openai.azure.com")
    # From outside, the privatelink name leads to the same public address.
    assert direct.azure.resolve(alias.value) == public


def test_a_hub_is_a_subscription_of_its_own_in_which_the_app_may_do_nothing(arm: Arm, direct: Direct) -> None:
    owner, hub = administrator(direct), f"/subscriptions/{direct.azure.cloud.hub}"
    zone = f"{hub}/resourceGroups/dns/providers/Microsoft.Network/privateDnsZones/{ZONE}"
    owner.put(f"{hub}/resourceGroups/dns", regional())
    owner.put(zone, {"location": "global"})
    assert owner.get(zone)["id"] == zone
    assert arm.refused("GET", zone)[0] == arm.refused("DELETE", f"{hub}/resourceGroups/dns")[0] == 403
    listed = [[group["name"] for group in owner.get(f"{at}/resourcegroups")["value"]] for at in (hub, arm.groups[:51])]
    assert listed[0] == ["dns"]
    assert "dns" not in listed[1]
    assert [found["subscriptionId"] for found in arm.get("/subscriptions")["value"]] == [arm.subscription]
    nowhere = f"/subscriptions/{'0' * 8}-0000-0000-0000-{'0' * 12}/resourceGroups/dns"
    assert owner.refused("GET", nowhere) == (404, "SubscriptionNotFound")


def test_one_network_asks_one_zone_of_a_name(arm: Arm, direct: Direct) -> None:
    owner = administrator(direct)
    links = []
    for group in ("one", "two"):
        owner.put(f"{arm.groups}/{group}", regional())
        zone = f"{arm.groups}/{group}/providers/Microsoft.Network/privateDnsZones/{ZONE}"
        owner.put(zone, {"location": "global"})
        links.append(f"{zone}/virtualNetworkLinks/link")
    body = {"location": "global", "properties": {"virtualNetwork": {"id": network(arm, "n", "10.0.0.0/16")}}}
    owner.put(links[0], body)
    assert owner.refused("PUT", links[1], body) == (400, "BadRequest")
    owner.put(links[0], body)
    owner.delete(links[0])
    owner.put(links[1], body)


def test_an_interface_stands_in_a_subnet_of_its_own_region_and_subscription(arm: Arm, direct: Direct) -> None:
    subnet = network(arm, "n", "10.0.0.0/16", "10.0.0.0/24") + "/subnets/s0"
    far = interface(subnet) | {"location": "westeurope"}
    assert arm.refused("PUT", path_of(arm, "networkInterfaces", "a"), far) == (400, "InvalidResourceReference")
    owner, hub = administrator(direct), f"/subscriptions/{direct.azure.cloud.hub}/resourceGroups/far"
    owner.put(hub, regional())
    place = f"{hub}/providers/Microsoft.Network/networkInterfaces/a"
    assert owner.refused("PUT", place, interface(subnet)) == (400, "InvalidResourceReference")


def test_a_gateway_serves_the_subnets_of_one_network(arm: Arm) -> None:
    public, gateway = path_of(arm, "publicIPAddresses", "out"), path_of(arm, "natGateways", "out")
    arm.put(public, regional({}, sku={"name": "Standard"}))
    arm.put(gateway, regional({"publicIpAddresses": [{"id": public}]}, sku={"name": "Standard"}))
    for name, refused in (("one", False), ("two", True)):
        path = network(arm, name, "10.0.0.0/16", "10.0.0.0/24", "10.0.1.0/24")
        for number in (0, 1):
            body = {"properties": {"addressPrefix": f"10.0.{number}.0/24", "natGateway": {"id": gateway}}}
            if refused:
                code = "NatGatewayCannotBeUsedBySubnetsBelongingToDifferentVirtualNetworks"
                assert arm.refused("PUT", f"{path}/subnets/s{number}", body) == (400, code)
            else:
                arm.put(f"{path}/subnets/s{number}", body)
