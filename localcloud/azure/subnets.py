"""Virtual networks and their subnets, which may come inline or as children of their own."""

from __future__ import annotations

import ipaddress

from localcloud.azure import engine, ids, network
from localcloud.azure.errors import Refusal
from localcloud.azure.model import Change, Cloud, Json, Kind, Resource

SUBNET_DEFAULTS = {
    "privateEndpointNetworkPolicies": "Disabled",
    "privateLinkServiceNetworkPolicies": "Enabled",
    # Since 2025-07-01 of the API a new subnet has no way out of its own.
    "defaultOutboundAccess": False,
}


def virtual_network(change: Change) -> None:
    """The subnets in the body are all that there shall be: one that is left out is deleted."""
    properties = change.properties
    prefixes = [_prefix(text) for text in properties["addressSpace"]["addressPrefixes"]]
    wanted = {subnet["name"].lower(): subnet for subnet in properties.pop("subnets", [])}
    networks = [(name, subnet_prefix(subnet["properties"])) for name, subnet in wanted.items()]
    _check_ranges(prefixes, networks)
    existing = {subnet.name.lower(): subnet for subnet in subnets_of(change.cloud, change.id)}
    for name, subnet in existing.items():
        if name not in wanted:
            guard_subnet(change.cloud, subnet)
    for name, subnet in existing.items():
        if name not in wanted:
            engine.forget(change.cloud, subnet)
    for body in wanted.values():
        _place(change, body)
    properties.setdefault("enableDdosProtection", False)
    properties.setdefault("privateEndpointVNetPolicies", "Disabled")
    properties["virtualNetworkPeerings"] = []


def _place(change: Change, body: Json) -> None:
    """Stores an inline subnet as the child that it is."""
    cloud, identifier = change.cloud, f"{change.id}/subnets/{body['name']}"
    resource = cloud.get(identifier)
    if resource is None:
        kind: Kind = KINDS[network.SUBNETS]
        resource = cloud.resources[ids.key(identifier)] = Resource(identifier, kind, {})
        resource.state = "Updating"
    resource.body = {"properties": _completed(cloud, change.id, body["properties"])}
    resource.etag = cloud.etag()


KINDS: dict[str, Kind] = {}
"""Filled by the table, which knows the rows: an inline subnet is of the same kind as a child."""


async def finish_network(cloud: Cloud, resource: Resource) -> None:
    for subnet in subnets_of(cloud, resource.id):
        subnet.state, subnet.settled = "Succeeded", subnet.settled or cloud.clock.now()


def subnet(change: Change) -> None:
    parent = change.cloud.need(ids.parent(change.id))
    prefixes = [_prefix(text) for text in parent.properties["addressSpace"]["addressPrefixes"]]
    others = [
        (other.name, subnet_prefix(other.properties))
        for other in subnets_of(change.cloud, parent.id)
        if other.key != ids.key(change.id)
    ]
    _check_ranges(prefixes, [*others, (change.name, subnet_prefix(change.properties))])
    change.body["properties"] = _completed(change.cloud, ids.parent(change.id), change.properties)


def _completed(cloud: Cloud, network_id: str, properties: Json) -> Json:
    completed: Json = {**SUBNET_DEFAULTS, **properties}
    completed["addressPrefix"] = str(subnet_prefix(completed))
    completed |= {"delegations": [], "serviceEndpoints": []}
    for name in ("networkSecurityGroup", "natGateway"):
        if name in completed:
            completed[name] = {"id": cloud.need(completed[name]["id"]).id}
    if "natGateway" in completed:
        _refuse_second_network(cloud, network_id, completed["natGateway"]["id"])
    return completed


def _refuse_second_network(cloud: Cloud, network_id: str, gateway_id: str) -> None:
    for other in cloud.referring(gateway_id, network.SUBNETS):
        if ids.key(ids.parent(other.id)) != ids.key(network_id):
            raise Refusal(
                400,
                "NatGatewayCannotBeUsedBySubnetsBelongingToDifferentVirtualNetworks",
                f"NAT gateway {gateway_id} cannot be used by subnets of different virtual networks: it serves "
                f"{other.id}.",
            )


def subnets_of(cloud: Cloud, network_id: str) -> list[Resource]:
    return list(cloud.of(network.SUBNETS, network_id))


def subnet_prefix(properties: Json) -> ipaddress.IPv4Network:
    listed = properties.get("addressPrefixes") or [""]
    return _prefix(properties.get("addressPrefix") or listed[0])


def _prefix(text: str) -> ipaddress.IPv4Network:
    try:
        return ipaddress.IPv4Network(text)
    except ValueError as error:
        raise Refusal(
            400, "InvalidAddressPrefixFormat", f"Address prefix {text} has an invalid format: {error}."
        ) from error


def _check_ranges(prefixes: list[ipaddress.IPv4Network], subnets: list[tuple[str, ipaddress.IPv4Network]]) -> None:
    for position, (name, subnet_range) in enumerate(subnets):
        if not any(subnet_range.subnet_of(prefix) for prefix in prefixes) or subnet_range.prefixlen > 29:
            raise Refusal(
                400,
                "NetcfgInvalidSubnet",
                f"Subnet '{name}' is not valid because its IP address range is outside the "
                f"IP address range of virtual network, or too small.",
            )
        for other, other_range in subnets[:position]:
            if subnet_range.overlaps(other_range):
                raise Refusal(
                    400,
                    "NetcfgSubnetRangesOverlap",
                    f"Subnet '{name}' is not valid because its IP address range overlaps with that of '{other}'.",
                )


def show_network(cloud: Cloud, resource: Resource, shown: Json) -> None:
    shown["properties"]["subnets"] = [engine.shown(cloud, subnet) for subnet in subnets_of(cloud, resource.id)]


def show_subnet(cloud: Cloud, resource: Resource, shown: Json) -> None:
    configurations = [
        {"id": f"{user.id}/ipConfigurations/{configuration['name']}"}
        for user in network.users(cloud, resource)
        for configuration in user.properties["ipConfigurations"]
    ]
    if configurations:
        shown["properties"]["ipConfigurations"] = configurations
    if endpoints := [{"id": endpoint.id} for endpoint in cloud.referring(resource.id, network.ENDPOINTS)]:
        shown["properties"]["privateEndpoints"] = endpoints


def guard_network(cloud: Cloud, resource: Resource) -> None:
    for subnet in subnets_of(cloud, resource.id):
        guard_subnet(cloud, subnet)


def guard_subnet(cloud: Cloud, resource: Resource) -> None:
    holding = [user.id for user in network.users(cloud, resource)]
    if cloud.lingers(resource.id):
        holding.append("the network interface of a private endpoint that was deleted")
    if holding:
        raise Refusal(
            400,
            "InUseSubnetCannotBeDeleted",
            f"Subnet {resource.name} is in use by {', '.join(holding)} and cannot be deleted. In order to delete the "
            "subnet, delete all the resources within the subnet.",
        )
