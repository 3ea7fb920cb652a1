"""Private DNS: zones, their links to networks, and A records."""

from __future__ import annotations

from localcloud.azure import ids
from localcloud.azure.errors import Refusal
from localcloud.azure.model import Change, Cloud, Json, Reference, Resource

ZONES = "Microsoft.Network/privateDnsZones"
LINKS = f"{ZONES}/virtualNetworkLinks"
RECORDS = f"{ZONES}/A"
LINK_REFERENCES = (Reference("properties.virtualNetwork.id", "Microsoft.Network/virtualNetworks/join/action"),)


def zone(change: Change) -> None:
    _global_only(change)
    change.properties.setdefault("maxNumberOfRecordSets", 25000)


def _global_only(change: Change) -> None:
    if change.body["location"].lower() != "global":
        raise Refusal(
            400,
            "LocationNotAvailableForResourceType",
            f"The provided location '{change.body['location']}' is not available for resource type '{ZONES}'. List of "
            "available regions for the resource type is 'global'.",
        )


def show_zone(cloud: Cloud, resource: Resource, shown: Json) -> None:
    children = cloud.children(resource.id)
    shown["properties"] |= {
        "numberOfRecordSets": 1 + sum(child.kind.type == RECORDS for child in children),
        "numberOfVirtualNetworkLinks": sum(child.kind.type == LINKS for child in children),
    }


def guard_zone(cloud: Cloud, resource: Resource) -> None:
    links = [child.id for child in cloud.children(resource.id) if child.kind.type == LINKS]
    if links:
        raise Refusal(
            409,
            "CannotDeleteResource",
            f"Cannot delete resource while nested resources exist. Some existing nested resource IDs include: "
            f"'{', '.join(links)}'. Please delete all nested resources before deleting this resource.",
        )


def link(change: Change) -> None:
    _global_only(change)
    properties = change.properties
    properties.setdefault("registrationEnabled", False)
    properties.setdefault("resolutionPolicy", "Default")
    network = change.cloud.need(properties["virtualNetwork"]["id"], referrer=change.id)
    for other in change.cloud.of(LINKS, ids.parent(change.id)):
        same = ids.key(other.properties["virtualNetwork"]["id"]) == network.key
        if same and other.key != ids.key(change.id):
            raise Refusal(409, "Conflict", f"The virtual network {network.id} is already linked by {other.id}.")
    # This service gives the network's id back in lower case.
    properties["virtualNetwork"] = {"id": network.key}
    properties["virtualNetworkLinkState"] = "Completed"


def record(change: Change) -> None:
    change.properties.setdefault("ttl", 3600)
    change.properties["fqdn"] = f"{change.name}.{ids.parent(change.id).rsplit('/', 1)[1]}."
