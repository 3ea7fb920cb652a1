"""Microsoft.Network: security groups, public addresses, NAT gateways, virtual networks, subnets, interfaces."""

from __future__ import annotations

import ipaddress
from itertools import count

from localcloud.azure import catalog, ids
from localcloud.azure.errors import Refusal
from localcloud.azure.model import Change, Cloud, Json, Reference, Resource
from localcloud.fabric import PUBLIC_POOL

NAME = "Microsoft.Network"
SUBNETS = f"{NAME}/virtualNetworks/subnets"
INTERFACES = f"{NAME}/networkInterfaces"
ENDPOINTS = f"{NAME}/privateEndpoints"
RESERVED = 4
"""Azure keeps the first four addresses of every subnet, and the last."""

JOIN_GROUP = f"{NAME}/networkSecurityGroups/join/action"
JOIN_GATEWAY = f"{NAME}/natGateways/join/action"
JOIN_ADDRESS = f"{NAME}/publicIPAddresses/join/action"
JOIN_SUBNET = f"{NAME}/virtualNetworks/subnets/join/action"

NETWORK_REFERENCES = (
    Reference("properties.subnets[].properties.networkSecurityGroup.id", JOIN_GROUP),
    Reference("properties.subnets[].properties.natGateway.id", JOIN_GATEWAY),
)
SUBNET_REFERENCES = (
    Reference("properties.networkSecurityGroup.id", JOIN_GROUP),
    Reference("properties.natGateway.id", JOIN_GATEWAY),
)
GATEWAY_REFERENCES = (Reference("properties.publicIpAddresses[].id", JOIN_ADDRESS),)
_CONFIGURATION = "properties.ipConfigurations[].properties"
INTERFACE_REFERENCES = (
    Reference(f"{_CONFIGURATION}.subnet.id", JOIN_SUBNET),
    Reference(f"{_CONFIGURATION}.publicIPAddress.id", JOIN_ADDRESS),
    Reference("properties.networkSecurityGroup.id", JOIN_GROUP),
)

RULE_DEFAULTS = {
    "sourcePortRange": "*",
    "sourcePortRanges": (),
    "destinationPortRanges": (),
    "sourceAddressPrefixes": (),
    "destinationAddressPrefixes": (),
}
DEFAULT_RULES = (
    ("AllowVnetInBound", 65000, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", "AzureLoadBalancer", "*"),
    ("DenyAllInBound", 65500, "Inbound", "Deny", "*", "*"),
    ("AllowVnetOutBound", 65000, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowInternetOutBound", 65001, "Outbound", "Allow", "*", "Internet"),
    ("DenyAllOutBound", 65500, "Outbound", "Deny", "*", "*"),
)


def in_use(code: str, what: str, users: list[str]) -> Refusal:
    return Refusal(400, code, f"{what} is in use by {', '.join(users)} and cannot be deleted.")


def security_group(change: Change) -> None:
    rules = change.properties.setdefault("securityRules", [])
    seen: set[tuple[str, int]] = set()
    for rule in rules:
        properties = rule["properties"]
        place = (properties["direction"], properties["priority"])
        if not 100 <= properties["priority"] <= 4096:
            raise Refusal(
                400,
                "SecurityRuleInvalidPriority",
                f"Security rule has invalid Priority. Value provided: {place[1]} Allowed range 100-4096.",
            )
        if place in seen:
            raise Refusal(
                400,
                "SecurityRuleConflict",
                f"Security rule {rule.get('name')} conflicts with another rule: rules cannot have the same Priority "
                f"and Direction ({place[1]}, {place[0]}).",
            )
        seen.add(place)
        _complete_rule(change, rule)
    # ARM gives the rules back in its own order.
    rules.sort(key=lambda rule: (rule["properties"]["direction"], rule["properties"]["priority"]))


def _complete_rule(change: Change, rule: Json) -> None:
    for name, value in RULE_DEFAULTS.items():
        rule["properties"].setdefault(name, list(value) if isinstance(value, tuple) else value)
    rule["properties"]["provisioningState"] = "Succeeded"
    rule |= {
        "id": f"{change.id}/securityRules/{rule['name']}",
        "type": f"{NAME}/networkSecurityGroups/securityRules",
        "etag": change.cloud.etag(),
    }


def show_security_group(cloud: Cloud, resource: Resource, shown: Json) -> None:
    users = list(cloud.referring(resource.id, SUBNETS, INTERFACES))
    shown["properties"]["defaultSecurityRules"] = [
        {
            "name": name,
            "id": f"{resource.id}/defaultSecurityRules/{name}",
            "properties": {
                "priority": priority,
                "direction": direction,
                "access": access,
                "protocol": "*",
                "sourceAddressPrefix": source,
                "destinationAddressPrefix": destination,
                "sourcePortRange": "*",
                "destinationPortRange": "*",
                "provisioningState": "Succeeded",
            },
        }
        for name, priority, direction, access, source, destination in DEFAULT_RULES
    ]
    for name, kind in (("subnets", SUBNETS), ("networkInterfaces", INTERFACES)):
        if found := [{"id": user.id} for user in users if user.kind.type == kind]:
            shown["properties"][name] = found


def guard_security_group(cloud: Cloud, resource: Resource) -> None:
    if users := [user.id for user in cloud.referring(resource.id, SUBNETS, INTERFACES)]:
        raise in_use("InUseNetworkSecurityGroupCannotBeDeleted", resource.id, users)


def public_address(change: Change) -> None:
    limit = change.cloud.catalog.limits["publicIPAddresses"]
    if change.before is None and sum(1 for _ in change.cloud.of(f"{NAME}/publicIPAddresses")) >= limit:
        place = change.body["location"]
        raise Refusal(
            400,
            "PublicIPCountLimitReached",
            f"Cannot create more than {limit} public IP addresses for this subscription in region {place}.",
        )
    change.body.setdefault("sku", {"name": "Basic"}).setdefault("tier", "Regional")
    properties = change.properties
    if change.body["sku"]["name"] == "Basic":
        raise Refusal(400, "BasicSkuPublicIpRetired", "Public IP addresses of the Basic SKU are retired: use Standard.")
    properties.setdefault("publicIPAddressVersion", "IPv4")
    properties.setdefault("idleTimeoutInMinutes", 4)
    properties["publicIPAllocationMethod"] = "Static"
    properties["ipTags"] = []
    former = change.before.properties["ipAddress"] if change.before else None
    properties["ipAddress"] = former or _free_public_address(change.cloud)


def _free_public_address(cloud: Cloud) -> str:
    taken = {resource.properties["ipAddress"] for resource in cloud.of(f"{NAME}/publicIPAddresses")}
    pool = ipaddress.ip_network(PUBLIC_POOL)
    return next(text for text in (str(pool[number]) for number in count(1)) if text not in taken)


def show_public_address(cloud: Cloud, resource: Resource, shown: Json) -> None:
    for gateway in cloud.referring(resource.id, f"{NAME}/natGateways"):
        shown["properties"]["natGateway"] = {"id": gateway.id}
    for interface in cloud.referring(resource.id, INTERFACES):
        shown["properties"]["ipConfiguration"] = {"id": f"{interface.id}/ipConfigurations/ipconfig1"}


def guard_public_address(cloud: Cloud, resource: Resource) -> None:
    if users := [user.id for user in cloud.referring(resource.id, f"{NAME}/natGateways", INTERFACES)]:
        raise in_use("PublicIPAddressCannotBeDeleted", resource.id, users)


def nat_gateway(change: Change) -> None:
    change.body.setdefault("sku", {"name": "Standard"})
    change.properties.setdefault("idleTimeoutInMinutes", 4)
    for identifier in ids.find(change.properties, "publicIpAddresses[].id"):
        for other in change.cloud.referring(identifier, f"{NAME}/natGateways", INTERFACES):
            if other.key != ids.key(change.id):
                raise Refusal(400, "PublicIPAddressInUse", f"{identifier} is in use by {other.id}.")


def show_nat_gateway(cloud: Cloud, resource: Resource, shown: Json) -> None:
    if subnets := [{"id": subnet.id} for subnet in cloud.referring(resource.id, SUBNETS)]:
        shown["properties"]["subnets"] = subnets


def guard_nat_gateway(cloud: Cloud, resource: Resource) -> None:
    if users := [subnet.id for subnet in cloud.referring(resource.id, SUBNETS)]:
        raise in_use("InUseNatGatewayCannotBeDeleted", resource.id, users)


def interface(change: Change) -> None:
    properties = change.properties
    properties.setdefault("enableAcceleratedNetworking", False)
    properties.setdefault("enableIPForwarding", False)
    properties.setdefault("dnsSettings", {}).setdefault("dnsServers", [])
    configurations = properties["ipConfigurations"]
    for position, configuration in enumerate(configurations):
        inner = configuration["properties"]
        if "subnet" not in inner:
            raise Refusal(400, "SubnetIsRequired", f"IP configuration {configuration.get('name')} names no subnet.")
        _address(change, inner, position)
        inner.setdefault("primary", position == 0)
        inner.setdefault("privateIPAddressVersion", "IPv4")
        inner["provisioningState"] = "Succeeded"
        configuration |= {
            "id": f"{change.id}/ipConfigurations/{configuration['name']}",
            "type": f"{INTERFACES}/ipConfigurations",
        }
    former = change.before.properties if change.before else {}
    properties["macAddress"] = former.get("macAddress") or _mac(change.cloud)
    properties["nicType"] = "Standard"


def subnet_here(change: Change, identifier: str) -> Resource:
    """The subnet that an interface or endpoint shall stand in: of its own region and subscription only."""
    subnet = change.cloud.need(identifier, referrer=change.id)
    holder = change.cloud.need(ids.parent(subnet.id))
    same_subscription = ids.parse(subnet.id).subscription == ids.parse(change.id).subscription
    if not same_subscription or catalog.location(holder.body["location"]) != catalog.location(change.body["location"]):
        raise change.cloud.unreferable(identifier, change.id)
    return subnet


def _address(change: Change, inner: Json, position: int) -> None:
    subnet = subnet_here(change, inner["subnet"]["id"])
    inner["subnet"] = {"id": subnet.id}
    inner.setdefault("privateIPAllocationMethod", "Dynamic")
    former = change.before.properties["ipConfigurations"][position]["properties"] if change.before else {}
    if former.get("subnet") == inner["subnet"] and inner["privateIPAllocationMethod"] == "Dynamic":
        inner["privateIPAddress"] = former["privateIPAddress"]
    else:
        inner["privateIPAddress"] = free_address(change.cloud, subnet, inner.get("privateIPAddress"))


def free_address(cloud: Cloud, subnet: Resource, wanted: str | None = None) -> str:
    """An address of the subnet that nobody has; the wanted one if it is free."""
    network = ipaddress.ip_network(subnet.properties["addressPrefix"])
    taken = set(
        ids.find({"all": [user.body for user in users(cloud, subnet)]}, f"all[].{_CONFIGURATION}.privateIPAddress")
    )
    if wanted is not None:
        if ipaddress.ip_address(wanted) not in network:
            raise Refusal(400, "PrivateIPAddressNotInSubnet", f"{wanted} does not belong to {network}.")
        if wanted in taken:
            raise Refusal(400, "PrivateIPAddressInUse", f"{wanted} is already in use.")
        return wanted
    for number in range(RESERVED, network.num_addresses - 1):
        if str(network[number]) not in taken:
            return str(network[number])
    raise Refusal(400, "SubnetIsFull", f"Subnet {subnet.id} has no free address.")


def _mac(cloud: Cloud) -> str:
    return "-".join(["00", "0D", "3A", *(f"{cloud.random.randrange(256):02X}" for _ in range(3))])


def users(cloud: Cloud, subnet: Resource) -> list[Resource]:
    """Interfaces (private endpoints' own too) that stand in the subnet."""
    return list(cloud.referring(subnet.id, INTERFACES))


def machine_of(cloud: Cloud, interface_id: str) -> Resource | None:
    return next(cloud.referring(interface_id, "Microsoft.Compute/virtualMachines"), None)


def show_interface(cloud: Cloud, resource: Resource, shown: Json) -> None:
    machine = machine_of(cloud, resource.id)
    if machine is not None:
        shown["properties"] |= {"virtualMachine": {"id": machine.id}, "primary": True}
    if endpoint := resource.private.get("endpoint"):
        shown["properties"]["privateEndpoint"] = {"id": endpoint}


def guard_interface(cloud: Cloud, resource: Resource) -> None:
    machine = machine_of(cloud, resource.id)
    if machine is not None:
        raise Refusal(
            400,
            "NicInUse",
            f"Network Interface {resource.id} is used by existing resource {machine.id}. In order to delete the "
            f"network "
            "interface, it must be dissociated from the resource.",
        )
    if resource.private.get("endpoint"):
        raise Refusal(400, "NicInUseWithPrivateEndpoint", f"{resource.id} belongs to {resource.private['endpoint']}.")
