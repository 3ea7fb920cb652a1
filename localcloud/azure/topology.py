"""From ARM's resources to the whole network that they mean."""

from __future__ import annotations

from collections.abc import Iterator

from localcloud.azure import ids
from localcloud.azure.model import Cloud, Json, Resource
from localcloud.fabric import (
    Interface,
    PrivateEndpoint,
    PrivateZone,
    Rule,
    Subnet,
    Topology,
    VirtualNetwork,
    ZoneLink,
)

NETWORK = "Microsoft.Network"


def topology(cloud: Cloud) -> Topology:
    """Everything that has been provisioned and is not gone yet."""
    return Topology(
        networks=tuple(_network(cloud, network) for network in _there(cloud, "virtualNetworks")),
        interfaces=tuple(_interfaces(cloud)),
        endpoints=tuple(_endpoint(endpoint) for endpoint in _there(cloud, "privateEndpoints")),
        zones=tuple(_zone(cloud, zone) for zone in _there(cloud, "privateDnsZones")),
    )


def _there(cloud: Cloud, type_name: str, scope: str = "") -> Iterator[Resource]:
    now = cloud.clock.now()
    found = (r for r in cloud.of(f"{NETWORK}/{type_name}", scope) if r.settled is not None)
    return (r for r in found if r.private.get("unseen", now) <= now)


def _network(cloud: Cloud, network: Resource) -> VirtualNetwork:
    subnets = tuple(_subnet(cloud, subnet) for subnet in _there(cloud, "virtualNetworks/subnets", network.id))
    return VirtualNetwork(network.key, tuple(network.properties["addressSpace"]["addressPrefixes"]), subnets)


def _subnet(cloud: Cloud, subnet: Resource) -> Subnet:
    return Subnet(subnet.key, subnet.properties["addressPrefix"], _rules(cloud, subnet.properties), _nat(cloud, subnet))


def _nat(cloud: Cloud, subnet: Resource) -> str | None:
    gateway = cloud.get(next(ids.find(subnet.properties, "natGateway.id"), ""))
    if gateway is None or gateway.settled is None:
        return None
    for identifier in ids.find(gateway.properties, "publicIpAddresses[].id"):
        address = cloud.get(identifier)
        if address is not None:
            return str(address.properties["ipAddress"])
    return None


def _rules(cloud: Cloud, properties: Json) -> tuple[Rule, ...] | None:
    group = cloud.get(next(ids.find(properties, "networkSecurityGroup.id"), ""))
    if group is None:
        return None
    return tuple(_rule(rule["name"], rule["properties"]) for rule in group.properties["securityRules"])


def _rule(name: str, rule: Json) -> Rule:
    return Rule(
        name=name,
        priority=rule["priority"],
        direction=rule["direction"],
        access=rule["access"],
        protocol=rule["protocol"],
        sources=_either(rule, "sourceAddressPrefix"),
        destinations=_either(rule, "destinationAddressPrefix", "destinationAddressPrefixes"),
        ports=_either(rule, "destinationPortRange", "destinationPortRanges"),
    )


def _either(rule: Json, one: str, many: str = "sourceAddressPrefixes") -> tuple[str, ...]:
    return tuple(rule.get(many) or ([rule[one]] if rule.get(one) else ["*"]))


def _interfaces(cloud: Cloud) -> Iterator[Interface]:
    for interface in _there(cloud, "networkInterfaces"):
        if interface.private.get("endpoint"):
            continue  # a private endpoint's own: the network knows the endpoint
        configuration = interface.properties["ipConfigurations"][0]["properties"]
        public = cloud.get(next(ids.find(configuration, "publicIPAddress.id"), ""))
        yield Interface(
            interface.key,
            ids.key(configuration["subnet"]["id"]),
            configuration["privateIPAddress"],
            str(public.properties["ipAddress"]) if public else None,
            _rules(cloud, interface.properties),
        )


def _endpoint(endpoint: Resource) -> PrivateEndpoint:
    connection = endpoint.private["connection"]
    return PrivateEndpoint(
        endpoint.key,
        ids.key(endpoint.properties["subnet"]["id"]),
        endpoint.private["address"],
        ids.key(connection["target"]),
        connection["status"] == "Approved",
    )


def _zone(cloud: Cloud, zone: Resource) -> PrivateZone:
    records = {
        record.name.lower(): tuple(ids.find(record.properties, "aRecords[].ipv4Address"))
        for record in _there(cloud, "privateDnsZones/A", zone.id)
    }
    links = tuple(
        ZoneLink(
            ids.key(link.properties["virtualNetwork"]["id"]),
            link.properties["resolutionPolicy"] == "NxDomainRedirect",
        )
        for link in _there(cloud, "privateDnsZones/virtualNetworkLinks", zone.id)
    )
    return PrivateZone(zone.key, zone.name.lower(), records, links)
