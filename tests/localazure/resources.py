"""One good example of each resource type, all in one group, in the order in which they can be made."""

from __future__ import annotations

import base64
from typing import Any

from tests.localazure.arm import Arm

GROUP = "street"
PLACE = "eastus"
ACCOUNT = "street-model"
ZONE = "privatelink.openai.azure.com"
MODEL = {"format": "OpenAI", "name": "gpt-5-mini", "version": "2025-08-07"}
CUSTOM_DATA = base64.b64encode(b"#cloud-config\nCANARY-OF-CUSTOM-DATA\n").decode()
PASSWORD = "CANARY-of-a-password-1"
ADMIN = "admin"
KEY = {"path": f"/home/{ADMIN}/.ssh/authorized_keys", "keyData": "ssh-rsa AAAA"}
RULE = {
    "name": "nothing-in",
    "properties": {
        "priority": 4096,
        "direction": "Inbound",
        "access": "Deny",
        "protocol": "*",
        "sourceAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "*",
    },
}
PLACED = ("Microsoft.Resources/resourceGroups", *(f"Microsoft.Network/{name}" for name in (
    "networkSecurityGroups", "publicIPAddresses", "natGateways", "virtualNetworks")))  # fmt: skip
"""A group with a network, and what that needs."""
Example = tuple[str, dict[str, Any]]
"""Path and body."""


def regional(properties: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"location": PLACE, **({"properties": properties} if properties is not None else {}), **more}


def connection(account: str) -> dict[str, Any]:
    return {"name": "account", "properties": {"privateLinkServiceId": account, "groupIds": ["account"]}}


def interface(subnet: str, **more: Any) -> dict[str, Any]:
    return regional({"ipConfigurations": [{"name": "private", "properties": {"subnet": {"id": subnet}, **more}}]})


def machine(nic: str, identity: str, **profile: Any) -> dict[str, Any]:
    return regional(
        {
            "hardwareProfile": {"vmSize": "Standard_B2s"},
            "storageProfile": {
                "imageReference": {"publisher": "RedHat", "offer": "RHEL", "sku": "8-lvm-gen2", "version": "latest"},
                "osDisk": {"createOption": "FromImage", "deleteOption": "Delete"},
            },
            "osProfile": {
                "adminUsername": ADMIN,
                "adminPassword": PASSWORD,
                "customData": CUSTOM_DATA,
                "linuxConfiguration": {"ssh": {"publicKeys": [KEY]}},
                **profile,
            },
            "networkProfile": {"networkInterfaces": [{"id": nic}]},
        },
        identity={"type": "UserAssigned", "userAssignedIdentities": {identity: {}}},
    )


def examples(groups: str) -> dict[str, Example]:
    """Type -> its example. `groups`: the path of the subscription's groups."""
    group = f"{groups}/{GROUP}"
    network, compute = f"{group}/providers/Microsoft.Network", f"{group}/providers/Microsoft.Compute"
    account = f"{group}/providers/Microsoft.CognitiveServices/accounts/{ACCOUNT}"
    identity = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/node"
    subnet, nic, zone = (
        f"{network}/{rest}"
        for rest in ("virtualNetworks/net/subnets/nodes", "networkInterfaces/nic", f"privateDnsZones/{ZONE}")
    )
    inside = {
        "addressPrefix": "10.1.0.0/24",
        "networkSecurityGroup": {"id": f"{network}/networkSecurityGroups/nsg"},
        "natGateway": {"id": f"{network}/natGateways/nat"},
    }
    space = {"addressPrefixes": ["10.1.0.0/16"]}
    more = {"addressPrefix": "10.1.1.0/24"}
    both = [{"name": "nodes", "properties": inside}, {"name": "more", "properties": more}]
    zone_configuration = {"name": "openai", "properties": {"privateDnsZoneId": zone}}
    sku = {"name": "Standard"}
    made = [
        (group, regional()),
        (f"{network}/networkSecurityGroups/nsg", regional({"securityRules": [RULE]})),
        (f"{network}/publicIPAddresses/out", regional({"publicIPAllocationMethod": "Static"}, sku=sku)),
        (
            f"{network}/natGateways/nat",
            regional({"publicIpAddresses": [{"id": f"{network}/publicIPAddresses/out"}]}, sku=sku),
        ),
        (
            f"{network}/virtualNetworks/net",
            regional({"addressSpace": space, "subnets": both}),
        ),
        (f"{network}/virtualNetworks/net/subnets/more", {"properties": more}),
        (f"{network}/networkInterfaces/nic", interface(subnet)),
        (identity, regional()),
        (f"{compute}/disks/data", regional({"creationData": {"createOption": "Empty"}, "diskSizeGB": 8})),
        (f"{compute}/virtualMachines/vm", machine(nic, identity)),
        (f"{compute}/virtualMachines/vm/runCommands/look", regional({"source": {"script": "echo hello"}})),
        (account, regional({"customSubDomainName": ACCOUNT}, kind="OpenAI", sku={"name": "S0"})),
        (
            f"{network}/privateEndpoints/door",
            regional({"subnet": {"id": subnet}, "privateLinkServiceConnections": [connection(account)]}),
        ),
        (zone, {"location": "global"}),
        (
            f"{zone}/virtualNetworkLinks/link",
            {"location": "global", "properties": {"virtualNetwork": {"id": f"{network}/virtualNetworks/net"}}},
        ),
        (f"{zone}/A/other", {"properties": {"ttl": 60, "aRecords": [{"ipv4Address": "10.1.0.9"}]}}),
        (
            f"{network}/privateEndpoints/door/privateDnsZoneGroups/openai",
            {"properties": {"privateDnsZoneConfigs": [zone_configuration]}},
        ),
        (
            f"{account}/deployments/chat",
            {"sku": {"name": "GlobalStandard", "capacity": 1}, "properties": {"model": MODEL}},
        ),
    ]
    return {kind_of(path): (path, body) for path, body in made}


def kind_of(path: str) -> str:
    """The type that an id names."""
    parts = path.split("/providers/")[-1].split("/") if "/providers/" in path else []
    return "/".join([parts[0], *parts[1::2]]) if parts else "Microsoft.Resources/resourceGroups"


def build(arm: Arm, *types: str) -> dict[str, Example]:
    """Makes those types' examples (all, without any named), and gives all examples."""
    whole = examples(arm.groups)
    for kind, (path, body) in whole.items():
        if not types or kind in types:
            arm.until(lambda path=path, body=body: arm.call("PUT", path, body).status_code < 400)  # type: ignore[misc]
            arm.settled(path)
    return whole
