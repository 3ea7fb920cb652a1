"""A small landing zone, as a platform team would have made it: networks that route out by themselves, and a hub in a
subscription of its own with the private DNS zone; and requests that are built in it.
"""

from __future__ import annotations

import copy
import hashlib
from typing import Any

from isthmus import names
from isthmus.bodies import network_security_group
from tests.unit import samples

GROUP, HUB = "landing", "hub-dns"
SPOKES = {"ai-corp": "10.20.0.0/16", "health-corp": "10.30.0.0/16"}
RULES = network_security_group(samples.site())["properties"]["securityRules"]
"""What a node needs to get out, and that nothing gets in: the walkthrough's own."""
Body = dict[str, Any]


def network_id(subscription: str, corp: str) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{GROUP}/providers/Microsoft.Network/virtualNetworks/{corp}"


def subnet_id(subscription: str, corp: str) -> str:
    return f"{network_id(subscription, corp)}/subnets/nodes"


def zone_id(hub: str) -> str:
    place = f"/subscriptions/{hub}/resourceGroups/{HUB}/providers/Microsoft.Network"
    return f"{place}/privateDnsZones/{names.PRIVATE_ZONE}"


def link_of(zone: str, network: str) -> tuple[str, Body]:
    properties = {"registrationEnabled": False, "virtualNetwork": {"id": network}}
    name = hashlib.sha256(network.encode()).hexdigest()[:8]
    return f"{zone}/virtualNetworkLinks/spoke-{name}", {"location": "global", "properties": properties}


def way_out(subscription: str, name: str) -> list[tuple[str, Body]]:
    """The platform's public address and the NAT gateway on it, which serves one network."""
    inside = f"/subscriptions/{subscription}/resourceGroups/{GROUP}/providers/Microsoft.Network"
    public, standard = f"{inside}/publicIPAddresses/{name}", {"sku": {"name": "Standard"}}
    return [
        (public, regional({"publicIPAllocationMethod": "Static"}, **standard)),
        (f"{inside}/natGateways/{name}", regional({"publicIpAddresses": [{"id": public}]}, **standard)),
    ]


def bodies(subscription: str, hub: str, *linked: str) -> list[tuple[str, Body]]:
    """Everything, in the order in which it can be made. `linked`: corps whose network asks the hub's zone."""
    group = f"/subscriptions/{subscription}/resourceGroups/{GROUP}"
    inside = f"{group}/providers/Microsoft.Network"
    zone = zone_id(hub)
    guard = f"{inside}/networkSecurityGroups/spokes"
    made = [
        (group, regional()),
        (f"/subscriptions/{hub}/resourceGroups/{HUB}", regional()),
        (guard, regional({"securityRules": copy.deepcopy(RULES)})),
        (zone, {"location": "global", "tags": {"owner": "the hub's team"}}),
    ]
    for corp, space in SPOKES.items():
        made += way_out(subscription, corp)
        subnet = {
            "addressPrefix": space.replace("0.0/16", "1.0/24"),
            "networkSecurityGroup": {"id": guard},
            "natGateway": {"id": made[-1][0]},
        }
        properties = {
            "addressSpace": {"addressPrefixes": [space]},
            "subnets": [{"name": "nodes", "properties": subnet}],
        }
        made.append((network_id(subscription, corp), regional(properties, tags={"owner": "the platform team"})))
    return made + [link_of(zone, network_id(subscription, corp)) for corp in linked]


def wish(subscription: str, hub: str, *, subnets: str = "", zone: bool = False, egress: str = "") -> list[Body]:
    """The corps of a request. `subnets`, `egress`: names of corps (space-separated) whose own is used."""
    corps: list[Body] = []
    for corp in (samples.AI, samples.HEALTH):
        name, role, asked = corp["name"], corp["role"], dict(corp)
        if name in subnets.split():
            asked = {"name": name, "role": role, "existing_subnet": subnet_id(subscription, name)}
        if name in egress.split():
            asked["egress"] = "existing"
        if zone and role == "provider":
            asked["existing_private_dns_zone"] = zone_id(hub)
        corps.append(asked)
    return corps


def regional(properties: Body | None = None, **more: Any) -> Body:
    return {"location": "eastus", "properties": properties or {}, **more}
