"""Looks at what a landing zone has already, for isthmus/landing.py to judge; nothing here writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from azure.core.exceptions import HttpResponseError

from activities.arm import at
from activities.cloud import Cloud, get, listed
from isthmus.case import Case
from isthmus.landing import Land, Seen, Zone
from isthmus.networks import network_of, subscription_of

PERMISSIONS_VERSION = "2022-04-01"
MAY_NOT, NOT_THERE = (401, 403), 404


def seen(look: Callable[[], Any]) -> Seen:
    """What a look brings; that the app may not look, or that nothing is there, is an answer, too. Raises AzureError."""
    try:
        return Seen(look())
    except HttpResponseError as error:
        if error.status_code in MAY_NOT:
            return Seen(refused=True)
        if error.status_code == NOT_THERE:
            return Seen()
        raise


def permissions_at(cloud: Cloud, scope: str) -> list[dict[str, Any]]:
    """What the app's identity may do at a scope. Raises AzureError."""
    path = f"{scope}/providers/Microsoft.Authorization/permissions"
    answer = cloud.get_url(f"https://management.azure.com{path}?api-version={PERMISSIONS_VERSION}")
    answer.raise_for_status()
    found: list[dict[str, Any]] = answer.json()["value"]
    return found


def lands(cloud: Cloud, case: Case) -> dict[str, Land]:
    """The subnets that exist, by corp; none of another subscription, where no VM of ours could stand in them."""
    return {
        corp.name: _land(cloud, corp.existing_subnet)
        for corp in case.spec.corps
        if corp.existing_subnet and subscription_of(corp.existing_subnet).lower() == case.subscription.lower()
    }


def _land(cloud: Cloud, subnet_id: str) -> Land:
    subnet = seen(lambda: subnet_at(cloud, subnet_id))
    guard = guard_of(subnet.found)
    return Land(
        subnet=subnet,
        network=seen(lambda: network_at(cloud, network_of(subnet_id))),
        guard=seen(lambda: group_at(cloud, guard)) if guard else None,
        held=seen(lambda: permissions_at(cloud, subnet_id)).found or [],
        held_on_network=seen(lambda: permissions_at(cloud, network_of(subnet_id))).found or [],
    )


def subnet_at(cloud: Cloud, subnet_id: str) -> dict[str, Any] | None:
    parts = subnet_id.split("/")
    return get(cloud.network.subnets.get, parts[4], parts[8], parts[10])


def network_at(cloud: Cloud, network_id: str) -> dict[str, Any] | None:
    parts = network_id.split("/")
    return get(cloud.network.virtual_networks.get, parts[4], parts[8])


def group_at(cloud: Cloud, group_id: str) -> dict[str, Any] | None:
    """A network security group, with Azure's default rules."""
    parts = group_id.split("/")
    return get(cloud.network.network_security_groups.get, parts[4], parts[8])


def guard_of(subnet: dict[str, Any] | None) -> str | None:
    """ARM id of the security group that a subnet is under."""
    found = at(subnet, "properties.networkSecurityGroup.id")
    return str(found) if found else None


def zone(cloud: Cloud, case: Case) -> Zone | None:
    """The private DNS zone that exists, in whichever subscription; None where the request names none."""
    provider = case.spec.provider
    identifier, subnet = provider.existing_private_dns_zone, provider.existing_subnet
    if identifier is None:
        return None
    group, name = identifier.split("/")[4], identifier.rsplit("/", 1)[1]
    dns = cloud.at(identifier).private_dns
    held = seen(lambda: permissions_at(cloud, identifier))
    return Zone(
        zone=seen(lambda: get(dns.private_zones.get, group, name)),
        links=seen(lambda: listed(dns.virtual_network_links.list(group, name))),
        held=None if held.refused else held.found or [],
        network=seen(lambda: network_at(cloud, network_of(subnet))) if subnet else None,
    )
