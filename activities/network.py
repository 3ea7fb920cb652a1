"""Microsoft.Network: what a corp's private network is made of."""

from __future__ import annotations

from typing import Any

from activities.arm import Json, Resource, at
from activities.cloud import begin, get
from activities.steps import Request
from isthmus import names
from isthmus.errors import own_failure
from isthmus.outcomes import Outcome, pending, ready

RECORD_SECONDS = 10
"""Time to live, as Azure gives it to the records that it writes for an endpoint."""


def _endpoint(request: Request, have: Json) -> Outcome:
    """The endpoint's address stands at its own network interface; its connection must be approved."""
    connection = at(have, "properties.privateLinkServiceConnections.0.properties.privateLinkServiceConnectionState")
    status = (connection or {}).get("status")
    if status == "Pending":
        return pending("waits for the account's approval")
    if status != "Approved":
        return own_failure(
            "PrivateEndpointNotApproved",
            f"The connection to the account is {status}: {(connection or {}).get('description')}",
        )
    interface = str(at(have, "properties.networkInterfaces.0.id")).split("/")
    found = get(request.cloud.network.network_interfaces.get, interface[4], interface[-1])
    if found is None:
        return pending("its network interface is not there yet")
    return ready({"address": at(found, "properties.ipConfigurations.0.properties.privateIPAddress")})


def _zone(request: Request) -> tuple[str, str] | None:
    """Group and name of the corp's own zone; None where it is one that others have, too."""
    zone = str(at(request.step["wanted"], "properties.privateDnsZoneConfigs.0.properties.privateDnsZoneId")).split("/")
    return (zone[4], zone[-1]) if zone[:5] == request.resource.split("/")[:5] else None


def _record(request: Request) -> tuple[str, str]:
    """The account's name in the zone, and the address that it must have."""
    account = names.account(request.cloud.settings.subscription, *request.life)
    endpoint = request.outputs[f"{request.step['corp']}/private_endpoint"]
    return account, str(endpoint["address"])


def _astray(request: Request, have: Json) -> str:
    """Why the name leads elsewhere though the zone group is there: somebody changed or removed its record."""
    if (zone := _zone(request)) is None:
        return ""
    name, address = _record(request)
    found = get(request.cloud.private_dns.record_sets.get, *zone, "A", name)
    if found is None:
        return f"there is no record {name} in {zone[1]}"
    addresses = [record.get("ipv4Address") for record in at(found, "properties.aRecords") or []]
    return "" if addresses == [address] else f"{name} is {', '.join(map(str, addresses)) or 'empty'}, not {address}"


def _write_record(request: Request) -> Any:
    zone, (name, address) = _zone(request), _record(request)
    body = {"properties": {"ttl": RECORD_SECONDS, "aRecords": [{"ipv4Address": address}]}}
    return begin(request.cloud.private_dns.record_sets.create_or_update, *(zone or ()), "A", name, body)


KINDS = {
    "network_security_group": Resource(lambda cloud: cloud.network.network_security_groups),
    "public_ip": Resource(
        lambda cloud: cloud.network.public_ip_addresses,
        outputs={"address": "properties.ipAddress"},
    ),
    "nat_gateway": Resource(lambda cloud: cloud.network.nat_gateways),
    "virtual_network": Resource(lambda cloud: cloud.network.virtual_networks),
    "network_interface": Resource(
        lambda cloud: cloud.network.network_interfaces,
        outputs={"address": "properties.ipConfigurations.0.properties.privateIPAddress"},
    ),
    "private_endpoint": Resource(lambda cloud: cloud.network.private_endpoints, finish=_endpoint),
    "dns_zone_group": Resource(lambda cloud: cloud.network.private_dns_zone_groups, astray=_astray, mend=_write_record),
}
