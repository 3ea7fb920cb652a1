"""The table of resource types: one row a type. Who adds a type writes a row here and its normaliser.

The first api-version of a row stands in operation URLs. SDK defaults come first, then older stable ones, then those
that the Azure CLI asks with.
"""

from __future__ import annotations

from localcloud.azure import (
    bodies,
    cognitive,
    compute,
    endpoints,
    groups,
    identities,
    network,
    privatedns,
    runcommands,
    subnets,
)
from localcloud.azure.model import Kind
from localcloud.azure.shapes import shape

NETWORK = (
    "2026-03-01",
    "2026-01-01",
    "2025-09-01",
    "2025-07-01",
    "2025-05-01",
    "2025-01-01",
    "2024-07-01",
    "2024-05-01",
    "2023-11-01",
    "2022-01-01",
)
MACHINE = ("2026-04-01", "2025-11-01", "2025-04-01", "2024-11-01", "2024-07-01")
DISK = ("2026-03-02", "2025-01-02", "2024-03-02", "2023-10-02")
COGNITIVE = ("2025-09-01", "2026-07-01", "2025-06-01", "2024-10-01", "2026-05-15-preview", "2022-03-01")
DNS = ("2024-06-01", "2020-06-01", "2018-09-01")
GROUPS = ("2025-04-01", "2025-03-01", "2024-11-01", "2024-03-01", "2022-09-01", "2021-04-01")
IDENTITY = ("2024-11-30", "2023-01-31", "2018-11-30", "2025-05-31-preview")
STORAGE = ("2025-06-01", "2025-08-01", "2024-01-01", "2023-05-01")

ROWS = (
    Kind("Microsoft.Resources/resourceGroups", GROUPS, bodies.GROUP, normalise=groups.group),
    Kind(
        "Microsoft.Network/networkSecurityGroups", NETWORK, bodies.SECURITY_GROUP, "async_operation", 5, 5,
        normalise=network.security_group, show=network.show_security_group, guard=network.guard_security_group,
        network=True,
    ),
    Kind(
        "Microsoft.Network/publicIPAddresses", NETWORK, bodies.PUBLIC_ADDRESS, "async_operation", 5, 5,
        normalise=network.public_address, show=network.show_public_address, guard=network.guard_public_address,
        network=True,
    ),
    Kind(
        "Microsoft.Network/natGateways", NETWORK, bodies.NAT_GATEWAY, "async_operation", 15, 15,
        references=network.GATEWAY_REFERENCES, normalise=network.nat_gateway, show=network.show_nat_gateway,
        guard=network.guard_nat_gateway, network=True,
    ),
    Kind(
        "Microsoft.Network/virtualNetworks", NETWORK, bodies.VIRTUAL_NETWORK, "async_operation", 10, 10,
        references=network.NETWORK_REFERENCES, normalise=subnets.virtual_network, finish=subnets.finish_network,
        show=subnets.show_network, guard=subnets.guard_network, network=True,
    ),
    Kind(
        network.SUBNETS, NETWORK, bodies.SUBNET, "async_operation", 5, 5,
        references=network.SUBNET_REFERENCES, normalise=subnets.subnet, show=subnets.show_subnet,
        guard=subnets.guard_subnet, serial=True, network=True,
    ),
    Kind(
        network.INTERFACES, NETWORK, bodies.INTERFACE, "async_operation", 5, 5,
        references=network.INTERFACE_REFERENCES, normalise=network.interface, show=network.show_interface,
        guard=network.guard_interface, network=True,
    ),
    Kind(
        network.ENDPOINTS, NETWORK, bodies.PRIVATE_ENDPOINT, "async_operation", 45, 30,
        references=endpoints.ENDPOINT_REFERENCES, normalise=endpoints.endpoint, show=endpoints.show_endpoint,
        ended=endpoints.end_endpoint, network=True,
    ),
    Kind(
        endpoints.ZONE_GROUPS, NETWORK, bodies.ZONE_GROUP, "async_operation", 15, 10,
        references=endpoints.ZONE_GROUP_REFERENCES, normalise=endpoints.zone_group,
        finish=endpoints.finish_zone_group, ended=endpoints.end_zone_group, serial=True, network=True,
    ),
    Kind(
        privatedns.ZONES, DNS, bodies.DNS_ZONE, "location_202", 20, 15, "Creating",
        normalise=privatedns.zone, show=privatedns.show_zone, guard=privatedns.guard_zone, network=True,
    ),
    Kind(
        privatedns.LINKS, DNS, bodies.DNS_LINK, "location_202", 20, 20, "Creating",
        references=privatedns.LINK_REFERENCES, normalise=privatedns.link, network=True,
    ),
    Kind(privatedns.RECORDS, DNS, bodies.DNS_RECORD, normalise=privatedns.record, network=True),
    Kind(
        identities.TYPE, IDENTITY, bodies.IDENTITY, normalise=identities.identity, group_segment="resourcegroups"
    ),
    Kind(
        compute.DISKS, DISK, bodies.DISK, "location_202", 5, 5, guard=compute.guard_disk,
        busy=(409, "OperationNotAllowed"),
    ),
    Kind(
        compute.MACHINES, MACHINE, bodies.MACHINE, "location_201", 60, 40, "Creating",
        references=compute.MACHINE_REFERENCES, normalise=compute.machine, finish=compute.boot,
        ended=compute.end_machine, actions=compute.ACTIONS, busy=(409, "OperationNotAllowed"),
    ),
    Kind(
        runcommands.TYPE, MACHINE, bodies.RUN_COMMAND, "location_201", 5, 5, "Creating",
        normalise=runcommands.command, finish=runcommands.run, busy=(409, "Conflict"),
    ),
    Kind(
        cognitive.ACCOUNTS, COGNITIVE, bodies.ACCOUNT, "body", 40, 15, "Accepted",
        normalise=cognitive.account, show=cognitive.show_account, guard=cognitive.guard_account,
        ended=cognitive.end_account, actions=cognitive.ACTIONS, busy=cognitive.BUSY,
    ),
    Kind(
        cognitive.DEPLOYMENTS, COGNITIVE, bodies.DEPLOYMENT, "body", 15, 5, "Creating",
        normalise=cognitive.deployment, serial=True, busy=cognitive.BUSY,
    ),
    Kind("Microsoft.KeyVault/vaults", ("2026-02-01", "2024-11-01", "2023-07-01"), shape({}), writable=False),
    Kind("Microsoft.Storage/storageAccounts", STORAGE, shape({}), writable=False),
)  # fmt: skip

BY_TYPE = {row.key: row for row in ROWS}
GROUP_ROW = ROWS[0]

for reader in (subnets.KINDS, endpoints.KINDS, compute.KINDS):
    reader.update({row.type: row for row in ROWS})
