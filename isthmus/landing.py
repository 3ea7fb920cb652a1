"""What stands against building in what a landing zone already has: subnets, ways out, a private DNS zone.

Pure: `activities/landing.py` looks. What the app may not look at is told as not checked, never as fine.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from isthmus import permissions
from isthmus.case import Case, Findings, Rows, error, warning
from isthmus.documents import PlanFinding
from isthmus.inbound import inbound
from isthmus.names import PRIVATE_ZONE
from isthmus.networks import network_of, subscription_of
from isthmus.permissions import Right
from isthmus.spec import Corp

SUBNET, EGRESS, ZONE = "existing subnet", "egress", "existing DNS zone"
KEPT_BY_AZURE = 5
"""Addresses of each subnet: the first four and the last."""
AZURES_OWN = frozenset({"gatewaysubnet", "azurefirewallsubnet", "azurefirewallmanagementsubnet", "azurebastionsubnet"})
AZURES_OWN_REASON = "Azure keeps subnets of that name for a service of its own"
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Seen:
    """What one look brought. `found`: as ARM shows it, None: it is not there; `refused`: the app may not look."""

    found: Any = None
    refused: bool = False


@dataclass(frozen=True)
class Land:
    """A subnet that exists, with its network and its security group (None: it has none, or nobody can tell).
    `held`, `held_on_network`: what the app's identity may do on each."""

    subnet: Seen
    network: Seen
    guard: Seen | None
    held: Rows
    held_on_network: Rows


@dataclass(frozen=True)
class Zone:
    """A private DNS zone that exists: itself, its links, and what the app's identity may do on it (None: nobody can
    tell). `network`: the provider's, where that exists, too."""

    zone: Seen
    links: Seen
    held: Rows | None
    network: Seen | None


Lands = Mapping[str, Land]
"""Corp name -> its subnet, of those whose subnet was looked at."""


def judge_subnets(case: Case, lands: Lands) -> Findings:
    for corp in case.spec.corps:
        if corp.existing_subnet is None:
            continue
        if subscription_of(corp.existing_subnet).lower() != case.subscription.lower():
            yield error(
                SUBNET,
                f"{corp.name}'s subnet is in another subscription: {corp.existing_subnet}.",
                f"Name one in {case.subscription}: Azure takes interfaces and private endpoints only in the "
                "subscription of their network. Or deploy Isthmus into that one.",
            )
        elif corp.name in lands:
            yield from _subnet(case, corp, lands[corp.name])
    yield from _room(case, lands)
    yield from _apart(case, lands)


def _subnet(case: Case, corp: Corp, land: Land) -> Findings:
    if land.subnet.refused or land.subnet.found is None:
        why = "The app may not see" if land.subnet.refused else "There is no"
        mend = _give(permissions.AT_SUBNET) if land.subnet.refused else "Mend the id, or make the subnet."
        yield error(SUBNET, f"{why} {corp.name}'s subnet {corp.existing_subnet}.", mend)
        return
    yield from _rights(corp, land)
    yield from _fit(corp, land.subnet.found)
    yield from _region(case, corp, land.network)
    yield from _guard(corp, land)
    if corp.role == "provider":
        yield from _endpoint(corp, land.subnet.found)


def _rights(corp: Corp, land: Land) -> Findings:
    wanted = [(permissions.AT_SUBNET, land.held)]
    if corp.role == "provider" and "zone" not in corp.existing:
        wanted.append((permissions.AT_ITS_NETWORK, land.held_on_network))
    for right, held in wanted:
        missing = permissions.lacking(right.actions, held)
        if missing:
            where = f"{right.on} of {corp.name} ({corp.existing_subnet})"
            yield error(SUBNET, f"The app's identity lacks on {where}: {', '.join(missing)}.", _give(right))


def _give(right: Right) -> str:
    return f"Give the app's identity {', '.join(right.actions)} on {right.on} (docs/role.md)."


def _fit(corp: Corp, subnet: Json) -> Findings:
    name = str(corp.existing_subnet).rsplit("/", 1)[1]
    services = [item["properties"]["serviceName"] for item in subnet["properties"].get("delegations") or []]
    why = f"it is delegated to {', '.join(services)}" if services else ""
    why = why or (AZURES_OWN_REASON if name.lower() in AZURES_OWN else "")
    if why:
        yield error(SUBNET, f"{corp.name}'s subnet {name} takes no VM: {why}.", "Name another subnet.")


def _region(case: Case, corp: Corp, network: Seen) -> Findings:
    if network.refused:
        what = f"Region and ranges of {corp.name}'s virtual network are not checked: the app may not see it."
        yield warning(SUBNET, what, _give(permissions.SEES_NETWORK))
    elif network.found and _place(network.found["location"]) != case.spec.location:
        what = (
            f"{corp.name}'s virtual network is in {network.found['location']}, and {case.spec.location} is asked for."
        )
        yield error(SUBNET, what, "Ask for the network's region, or name a subnet in that one.")


def _place(location: str) -> str:
    return location.replace(" ", "").lower()


def _guard(corp: Corp, land: Land) -> Findings:
    if land.guard is None:
        what = f"{corp.name}'s subnet has no network security group, so its rules let the whole network in."
        yield error(SUBNET, what, "Put a group to it that denies everything inbound: the proof asks for it.")
    elif land.guard.refused:
        what = f"The security group of {corp.name}'s subnet is not checked: the app may not see it."
        yield warning(SUBNET, f"{what} The proof will be incomplete.", _give(permissions.SEES_GUARD))
    elif land.guard.found:
        opened, _ = inbound(rules_of(land.guard.found))
        if opened:
            what = f"The security group of {corp.name}'s subnet lets something in: {', '.join(opened)}."
            mend = "Deny everything inbound before those rules, or name another subnet: the proof would fail."
            yield error(SUBNET, what, mend)


def rules_of(guard: Json) -> list[Json]:
    """A security group's own rules and Azure's default ones."""
    properties = guard["properties"]
    return [*(properties.get("securityRules") or []), *(properties.get("defaultSecurityRules") or [])]


def _endpoint(corp: Corp, subnet: Json) -> Findings:
    policies = subnet["properties"].get("privateEndpointNetworkPolicies") or "Disabled"
    if policies != "Disabled":
        what = f"{corp.name}'s subnet has privateEndpointNetworkPolicies {policies}: its rules hold for the endpoint."
        yield warning(SUBNET, what, "See to it that they let the VM reach the endpoint on port 443.")


def _room(case: Case, lands: Lands) -> Findings:
    """Enough free addresses, counted over all corps of one subnet."""
    sharing: dict[str, list[Corp]] = {}
    for corp in case.spec.corps:
        if corp.name in lands and lands[corp.name].subnet.found:
            sharing.setdefault(str(corp.existing_subnet).lower(), []).append(corp)
    for corps in sharing.values():
        subnet = lands[corps[0].name].subnet.found["properties"]
        ranges = [text for text in subnet.get("addressPrefixes") or [subnet["addressPrefix"]] if ":" not in text]
        sizes = [network.num_addresses - KEPT_BY_AZURE for network in map(ipaddress.ip_network, ranges)]
        free = sum(sizes) - len(subnet.get("ipConfigurations") or [])
        need = sum(case.missing(kind, corp) for corp in corps for kind in ("network_interface", "private_endpoint"))
        if need > free:
            what = f"{corps[0].existing_subnet} has {max(free, 0)} free addresses; {need} are needed."
            yield error(SUBNET, what, "Free some, or name a larger subnet.")


def _apart(case: Case, lands: Lands) -> Findings:
    """Provider and consumers must not be able to reach each other."""
    provider = case.spec.provider
    own = _ranges(provider, lands)
    for consumer in case.spec.consumers:
        shared = [f"{a} and {b}" for a in own for b in _ranges(consumer, lands) if a.overlaps(b)]
        if shared and "subnet" in provider.existing | consumer.existing:
            what = f"The networks of {provider.name} and {consumer.name} overlap: {', '.join(shared)}."
            mend = "Nobody could tell whether the private endpoint is out of the consumer's reach: take other networks."
            yield error(SUBNET, what, mend)
        if _peered(provider, consumer, lands):
            what = f"The networks of {provider.name} and {consumer.name} are peered."
            mend = "If rules don't keep them apart, the proof will find the endpoint within the consumer's reach."
            yield warning(SUBNET, what, mend)


def _ranges(corp: Corp, lands: Lands) -> list[ipaddress.IPv4Network]:
    network = lands[corp.name].network.found if corp.name in lands else None
    listed = network["properties"]["addressSpace"]["addressPrefixes"] if network else [corp.address_space]
    return [ipaddress.IPv4Network(text) for text in listed if text and ":" not in text]


def _peered(one: Corp, other: Corp, lands: Lands) -> bool:
    return any(
        network_of(str(there.existing_subnet)).lower()
        == str(peering["properties"]["remoteVirtualNetwork"]["id"]).lower()
        for here, there in ((one, other), (other, one))
        if there.existing_subnet and here.name in lands and lands[here.name].network.found
        for peering in lands[here.name].network.found["properties"].get("virtualNetworkPeerings") or []
    )


def judge_egress(case: Case, lands: Lands) -> Findings:
    """What can be said of a way out that is not ours: not whether it leads to the relay."""
    for corp in case.spec.corps:
        if "egress" not in corp.existing:
            continue
        if "subnet" not in corp.existing:
            what = f"{corp.name}'s new network gets no way out of its own: something else must route it (a policy, "
            what += "Virtual Network Manager) before its VM starts."
            yield warning(EGRESS, what, "See docs/landing-zones.md; without a way out the VM's set-up fails.")
        elif corp.name in lands and lands[corp.name].subnet.found and not _way_out(lands[corp.name].subnet.found):
            what = f"No way out is to be seen at {corp.name}'s subnet: no NAT gateway, no route table."
            mend = "If the network learns its routes elsewhere (Virtual WAN, BGP), there is nothing to do."
            yield warning(EGRESS, what, mend)


def _way_out(subnet: Json) -> bool:
    properties = subnet["properties"]
    return any(properties.get(word) for word in ("natGateway", "routeTable")) or (
        properties.get("defaultOutboundAccess") is not False
    )


def judge_zone(case: Case, zone: Zone | None) -> Findings:
    provider = case.spec.provider
    if zone is None:
        if "subnet" in provider.existing:
            what = (
                f"A zone {PRIVATE_ZONE} of Isthmus's own will answer in the whole network of {provider.name}'s subnet "
            )
            what += "while the environment lives; Azure takes one zone of that name in a network."
            yield warning(ZONE, what, "If the landing zone has such a zone, name it: existing_private_dns_zone.")
        return
    identifier = provider.existing_private_dns_zone
    if not zone.zone.refused and zone.zone.found is None:
        yield error(ZONE, f"There is no private DNS zone {identifier}.", "Mend the id, or make the zone.")
        return
    yield from _zone_rights(provider, zone)
    if zone.zone.refused or zone.links.refused:
        what = f"Whether {identifier} is there, and which networks ask it, is not checked: the app may not see it."
        yield warning(ZONE, what, _give(permissions.SEES_ZONE))
    else:
        yield from _linked(case, zone)


def _zone_rights(provider: Corp, zone: Zone) -> Findings:
    wanted = [permissions.AT_ZONE] + ([] if "subnet" in provider.existing else [permissions.LINKS_ZONE])
    for right in wanted:
        if zone.held is None:
            yield warning(ZONE, f"What the app may do on {right.on} can't be seen.", _give(right))
        elif missing := permissions.lacking(right.actions, zone.held):
            what = f"The app's identity lacks on {right.on} {provider.existing_private_dns_zone}: {', '.join(missing)}."
            yield error(ZONE, what, _give(right))


def _linked(case: Case, zone: Zone) -> Findings:
    linked = {str(link["properties"]["virtualNetwork"]["id"]).lower() for link in zone.links.found or []}
    for corp in case.spec.corps:
        if corp.existing_subnet is None:
            continue
        asks = network_of(corp.existing_subnet).lower() in linked
        if corp.role == "consumer" and asks:
            what = f"{corp.name}'s network asks that zone, so it would be led to the private endpoint's address."
            yield error(ZONE, what, "Remove that link, or name another network for it: the proof would fail.")
        if corp.role == "provider" and not asks:
            yield from _unlinked(corp, zone)


def _unlinked(provider: Corp, zone: Zone) -> Iterator[PlanFinding]:
    network = zone.network.found if zone.network else None
    servers = ((network or {}).get("properties", {}).get("dhcpOptions") or {}).get("dnsServers") or []
    if network and not servers:
        what = f"{provider.name}'s network is not linked to the zone and has no DNS servers of its own to ask it."
        yield error(ZONE, what, "Link the network to the zone, or have its DNS servers forward to one that is.")
    else:
        asked = f"Its DNS servers ({', '.join(servers)})" if servers else "Its DNS servers, if it has any,"
        what = f"{provider.name}'s network is not linked to the zone. {asked} must lead to it; that can't be seen."
        yield warning(ZONE, what, "Nothing to do where the hub resolves for it; the proof will tell.")
