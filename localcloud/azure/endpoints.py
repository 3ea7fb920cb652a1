"""Private endpoints, their connection to an account, and the zone groups that write their addresses into DNS."""

from __future__ import annotations

from typing import Any

from localcloud.azure import engine, ids, latencies, network
from localcloud.azure.errors import Refusal, not_ready
from localcloud.azure.model import Change, Cloud, Json, Kind, Reference, Resource

ACCOUNTS = "Microsoft.CognitiveServices/accounts"
ZONES = "Microsoft.Network/privateDnsZones"
RECORDS = f"{ZONES}/A"
ZONE_GROUPS = f"{network.ENDPOINTS}/privateDnsZoneGroups"
APPROVAL = f"{ACCOUNTS}/privateEndpointConnectionsApproval/action"
ENDPOINT_REFERENCES = (Reference("properties.subnet.id", network.JOIN_SUBNET),)
ZONE_GROUP_REFERENCES = (
    Reference("properties.privateDnsZoneConfigs[].properties.privateDnsZoneId", f"{ZONES}/join/action"),
)

KINDS: dict[str, Kind] = {}
"""Filled by the table: endpoints bring interfaces with them, zone groups bring records."""


def endpoint(change: Change) -> None:
    properties = change.properties
    manual = properties.setdefault("manualPrivateLinkServiceConnections", [])
    automatic = properties.setdefault("privateLinkServiceConnections", [])
    connections = automatic + manual
    if len(connections) != 1:
        raise Refusal(400, "InvalidRequestFormat", "A private endpoint needs exactly one connection.")
    connection = connections[0]["properties"]
    account = change.cloud.need(connection["privateLinkServiceId"], referrer=change.id)
    _check_account(change.cloud, account, connection)
    subnet = network.subnet_here(change, properties["subnet"]["id"])
    properties["subnet"] = {"id": subnet.id}
    approved = not manual and change.cloud.access.allowed(change.caller, APPROVAL, account.id)
    connection["privateLinkServiceId"] = account.id
    connection["privateLinkServiceConnectionState"] = {
        "status": "Approved" if approved else "Pending",
        "description": "Approved" if approved else "Awaiting Approval",
        "actionsRequired": "None",
    }
    for item in connections:
        item |= {"id": f"{change.id}/privateLinkServiceConnections/{item['name']}", "etag": change.cloud.etag()}
        item["properties"]["provisioningState"] = "Succeeded"
    interface = _own_interface(change, subnet)
    properties["networkInterfaces"] = [{"id": interface.id}]
    properties["ipConfigurations"] = []
    change.private |= {
        "address": interface.properties["ipConfigurations"][0]["properties"]["privateIPAddress"],
        "connection": {"target": account.id, "status": "Approved" if approved else "Pending"},
        "connection_name": f"{change.name}.{change.cloud.uuid()}",
    }


def _check_account(cloud: Cloud, account: Resource, connection: Json) -> None:
    if account.kind.type != ACCOUNTS or [group.lower() for group in connection.get("groupIds", [])] != ["account"]:
        raise Refusal(
            400,
            "InvalidPrivateLinkGroupIds",
            f"The groupIds of a connection to {account.id} must be ['account'].",
        )
    if "customSubDomainName" not in account.properties:
        raise Refusal(400, "CustomSubDomainRequired", "Private endpoints need an account with a custom subdomain name.")
    settling = cloud.latency(latencies.ACCOUNT_SETTLING)
    if account.settled is None or account.operation or cloud.clock.now() < account.settled + settling:
        # Even shortly after a GET said Succeeded.
        raise Refusal(
            400,
            "AccountProvisioningStateInvalid",
            f"Call to Microsoft.CognitiveServices/accounts failed. Error message: Account {account.id} in state "
            f"Accepted",
        )


def _own_interface(change: Change, subnet: Resource) -> Resource:
    """The interface that an endpoint brings with it: there at once, gone with it."""
    cloud = change.cloud
    if change.before is not None:
        return cloud.need(change.before.properties["networkInterfaces"][0]["id"])
    name = change.body["properties"].get("customNetworkInterfaceName") or f"{change.name}.nic.{cloud.uuid()}"
    identifier = f"{change.id.rsplit('/', 2)[0]}/networkInterfaces/{name}"
    configuration = {
        "name": "privateEndpointIpConfig",
        "id": f"{identifier}/ipConfigurations/privateEndpointIpConfig",
        "properties": {
            "privateIPAddress": network.free_address(cloud, subnet),
            "privateIPAllocationMethod": "Dynamic",
            "subnet": {"id": subnet.id},
            "primary": True,
            "privateIPAddressVersion": "IPv4",
            "provisioningState": "Succeeded",
        },
    }
    body: Json = {"location": change.body["location"], "properties": {"ipConfigurations": [configuration]}}
    interface = Resource(identifier, KINDS[network.INTERFACES], body, {"endpoint": change.id}, cloud.etag())
    interface.settled = cloud.clock.now()
    cloud.resources[interface.key] = interface
    return interface


def show_endpoint(cloud: Cloud, resource: Resource, shown: Json) -> None:
    """Without a zone group ARM says which names should have which address; with one that list is empty."""
    grouped = any(child.kind.type == ZONE_GROUPS for child in cloud.children(resource.id))
    account = cloud.get(resource.private["connection"]["target"])
    names = [] if grouped or account is None else account.private["hosts"]
    shown["properties"]["customDnsConfigs"] = [
        {"fqdn": name, "ipAddresses": [resource.private["address"]]} for name in names
    ]


async def end_endpoint(cloud: Cloud, resource: Resource) -> None:
    for identifier in ids.find(resource.properties, "networkInterfaces[].id"):
        if interface := cloud.get(identifier):
            engine.forget(cloud, interface)
    # Its interface holds the subnet for a while yet.
    cloud.linger(resource.properties["subnet"]["id"], latencies.ENDPOINT_LINGERING)
    for child in cloud.children(resource.id):
        await end_zone_group(cloud, child)


def of_account(cloud: Cloud, account: Resource) -> list[Resource]:
    """The endpoints that lead to the account."""
    return [
        endpoint
        for endpoint in cloud.of(network.ENDPOINTS)
        if ids.key(endpoint.private["connection"]["target"]) == account.key
    ]


def zone_group(change: Change) -> None:
    parent = change.cloud.need(ids.parent(change.id))
    if parent.settled is None:
        raise not_ready(change.id, parent.id)
    for configuration in change.properties.setdefault("privateDnsZoneConfigs", []):
        zone = change.cloud.need(configuration["properties"]["privateDnsZoneId"])
        configuration["properties"]["privateDnsZoneId"] = zone.id
        configuration["id"] = f"{change.id}/privateDnsZoneConfigs/{configuration['name']}"


async def finish_zone_group(cloud: Cloud, resource: Resource) -> None:
    """Writes the endpoint's address under the account's name into each zone."""
    parent = cloud.need(ids.parent(resource.id))
    account = cloud.get(parent.private["connection"]["target"])
    if account is None:
        return
    written: list[str] = []
    for configuration in resource.properties["privateDnsZoneConfigs"]:
        zone = cloud.need(configuration["properties"]["privateDnsZoneId"])
        label = str(account.properties["customSubDomainName"]).lower()
        record = _record(cloud, zone, label, parent.private["address"])
        written.append(record.id)
        configuration["properties"]["recordSets"] = [_record_set(zone, label, parent.private["address"])]
    resource.private["records"] = written


def _record(cloud: Cloud, zone: Resource, label: str, address: str) -> Resource:
    body: dict[str, Any] = {
        "properties": {
            "ttl": 10,
            "aRecords": [{"ipv4Address": address}],
            "metadata": {"creator": "created by private endpoint"},
        }
    }
    record = Resource(f"{zone.id}/A/{label}", KINDS[RECORDS], body, {}, cloud.etag())
    record.settled = cloud.clock.now()
    cloud.resources[record.key] = record
    return record


def _record_set(zone: Resource, label: str, address: str) -> Json:
    return {
        "recordType": "A",
        "recordSetName": label,
        "fqdn": f"{label}.{zone.name}",
        "ttl": 10,
        "ipAddresses": [address],
        "provisioningState": "Succeeded",
    }


async def end_zone_group(cloud: Cloud, resource: Resource) -> None:
    for identifier in resource.private.get("records", []):
        if record := cloud.get(identifier):
            engine.forget(cloud, record)
