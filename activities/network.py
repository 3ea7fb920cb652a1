"""Microsoft.Network: what a corp's private network is made of."""

from __future__ import annotations

from activities.arm import Json, Resource, at
from activities.cloud import get
from activities.steps import Request
from isthmus.outcomes import Outcome, failed, pending, ready


def _endpoint(request: Request, have: Json) -> Outcome:
    """The endpoint's address stands at its own network interface; its connection must be approved."""
    connection = at(have, "properties.privateLinkServiceConnections.0.properties.privateLinkServiceConnectionState")
    status = (connection or {}).get("status")
    if status == "Pending":
        return pending("waits for the account's approval")
    if status != "Approved":
        return failed(
            "PrivateEndpointNotApproved",
            f"The connection to the account is {status}: {(connection or {}).get('description')}",
            hint="Give the app's identity privateEndpointConnectionsApproval/action on the account.",
        )
    interface = str(at(have, "properties.networkInterfaces.0.id")).split("/")
    found = get(request.cloud.network.network_interfaces.get, interface[4], interface[-1])
    if found is None:
        return pending("its network interface is not there yet")
    return ready({"address": at(found, "properties.ipConfigurations.0.properties.privateIPAddress")})


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
    "dns_zone_group": Resource(lambda cloud: cloud.network.private_dns_zone_groups),
}
