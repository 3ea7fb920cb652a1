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
    for other in change.cloud.of(LINKS):
        same = ids.key(other.properties["virtualNetwork"]["id"]) == network.key
        if not same or other.key == ids.key(change.id):
            continue
        if ids.key(ids.parent(other.id)) == ids.key(ids.parent(change.id)):
            raise Refusal(409, "Conflict", f"The virtual network {network.id} is already linked by {other.id}.")
        _refuse_overlap(_zone_name(change.id), _zone_name(other.id))
    # This service gives the network's id back in lower case.
    properties["virtualNetwork"] = {"id": network.key}
    properties["virtualNetworkLinkState"] = "Completed"


def _zone_name(link_id: str) -> str:
    return ids.parent(link_id).rsplit("/", 1)[1].lower()


def _refuse_overlap(wanted: str, there: str) -> None:
    if wanted == there:
        raise Refusal(
            400,
            "BadRequest",
            "A virtual network cannot be linked to multiple zones with overlapping namespaces. You tried to link "
            f"virtual network with '{wanted}' and '{there}' zones.",
        )


def record(change: Change) -> None:
    change.properties.setdefault("ttl", 3600)
    change.properties["fqdn"] = f"{change.name}.{ids.parent(change.id).rsplit('/', 1)[1]}."
