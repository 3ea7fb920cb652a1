"""The networks of a request: ranges that Azure takes, and what of the user's own may be built in.

A subnet or zone that exists is named by its ARM id. Whether it is there and fit is preflight's to see
(`isthmus/landing.py`); here stands what the request alone shows.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic.config import JsonDict

from isthmus import names
from isthmus.problems import Finding

if TYPE_CHECKING:
    from isthmus.spec import Corp

SMALLEST_SUBNET = 29
"""Azure keeps five addresses of a subnet; a provider needs two of its own (VM and private endpoint)."""
RESERVED_RANGES = tuple(
    ipaddress.ip_network(text)
    for text in ("127.0.0.0/8", "169.254.0.0/16", "168.63.129.16/32", "224.0.0.0/4", "255.255.255.255/32")
)
_GROUP = (
    r"/subscriptions/(?P<subscription>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/resourceGroups/(?P<group>[\w.()-]+)"
)
_NAME = r"[a-z0-9][\w.-]{0,79}"
SUBNET_ID = re.compile(
    rf"{_GROUP}/providers/Microsoft\.Network/virtualNetworks/(?P<network>{_NAME})/subnets/(?P<name>{_NAME})",
    re.IGNORECASE | re.ASCII,
)
ZONE_ID = re.compile(
    rf"{_GROUP}/providers/Microsoft\.Network/privateDnsZones/(?P<name>[a-z0-9.-]+)", re.IGNORECASE | re.ASCII
)
IN_CIDR_FORM: JsonDict = {"pattern": r"^\d{1,3}(\.\d{1,3}){3}/\d{1,2}$"}
"""For editors and other callers, as the two below: we ourselves say more exactly what is wrong."""
_FORM = (
    r"^/subscriptions/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/resourceGroups/[a-z0-9_-]+/providers/Microsoft\.Network"
)
SUBNET_FORM: JsonDict = {"pattern": rf"{_FORM}/virtualNetworks/[a-z0-9][a-z0-9_.-]*/subnets/[a-z0-9][a-z0-9_.-]*$"}
ZONE_FORM: JsonDict = {"pattern": rf"{_FORM}/privateDnsZones/{re.escape(names.PRIVATE_ZONE)}$"}
SUBNET_SHAPE = (
    "/subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.Network/virtualNetworks/NETWORK/subnets/SUBNET"
)
ZONE_SHAPE = f"/subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.Network/privateDnsZones/{names.PRIVATE_ZONE}"


def network_of(subnet_id: str) -> str:
    """ARM id of the virtual network that a subnet is in."""
    return subnet_id.rsplit("/", 2)[0]


def subscription_of(resource_id: str) -> str:
    return resource_id.split("/")[2]


def check(corps: list[tuple[int, Corp]]) -> Iterator[Finding]:
    """What is wrong with the networks of corps, each with its place in the request."""
    spaces: list[tuple[int, Corp, ipaddress.IPv4Network]] = []
    for index, corp in corps:
        found = [*_network(f"/corps/{index}", corp), *_existing(f"/corps/{index}", corp)]
        yield from found
        if not found and corp.address_space is not None:
            spaces.append((index, corp, ipaddress.IPv4Network(corp.address_space)))
    for index, corp, space in spaces:
        for other_index, other, other_space in spaces:
            if other_index < index and corp.role != other.role and space.overlaps(other_space):
                yield Finding(
                    f"/corps/{index}/address_space",
                    f"{space} overlaps {other.name}'s {other_space}.",
                    "Give provider and consumer ranges that don't overlap: nobody could tell whether the "
                    "private endpoint is out of the consumer's reach.",
                )
    yield from _apart(corps)


def _network(pointer: str, corp: Corp) -> Iterator[Finding]:
    ranges: dict[str, ipaddress.IPv4Network] = {}
    for field, text in (("address_space", corp.address_space), ("subnet", corp.subnet)):
        if text is None:
            continue
        if corp.existing_subnet is not None:
            told = "The network of existing_subnet has ranges of its own."
            yield Finding(f"{pointer}/{field}", told, "Remove the field, or existing_subnet.")
            continue
        try:
            ranges[field] = ipaddress.IPv4Network(text)
        except ValueError as error:
            yield Finding(f"{pointer}/{field}", f"{error}.", "Write an IPv4 range such as 10.0.0.0/16.")
            continue
        yield from _usable(f"{pointer}/{field}", ranges[field])
    if corp.address_space is None and corp.existing_subnet is None:
        told = "Nothing says in which network the corp is built."
        yield Finding(f"{pointer}/address_space", told, "Add the field, or existing_subnet.")
    if len(ranges) == 2 and not ranges["subnet"].subnet_of(ranges["address_space"]):
        yield Finding(
            f"{pointer}/subnet",
            f"{ranges['subnet']} is not inside {ranges['address_space']}.",
            "Choose a subnet inside the address space.",
        )


def _usable(pointer: str, network: ipaddress.IPv4Network) -> Iterator[Finding]:
    if network.prefixlen > SMALLEST_SUBNET:
        yield Finding(pointer, f"{network} is too small.", f"Azure needs a /{SMALLEST_SUBNET} or larger.")
    if network.prefixlen < 8:
        yield Finding(pointer, f"{network} is too large.", "Azure takes a /8 or smaller.")
    for reserved in RESERVED_RANGES:
        if network.overlaps(reserved):
            yield Finding(pointer, f"{network} overlaps {reserved}, which Azure keeps.", "Choose another range.")


def _existing(pointer: str, corp: Corp) -> Iterator[Finding]:
    if corp.existing_subnet is not None:
        yield from _named(f"{pointer}/existing_subnet", corp.existing_subnet, SUBNET_ID, SUBNET_SHAPE)
        if corp.egress != "existing":
            told = "No NAT gateway is put to a subnet that exists: it has its own way out."
            yield Finding(f"{pointer}/egress", told, 'Remove the field, or write "existing".')
    zone = corp.existing_private_dns_zone
    if zone is None:
        return
    yield from _named(f"{pointer}/existing_private_dns_zone", zone, ZONE_ID, ZONE_SHAPE)
    if corp.role != "provider":
        told = "A consumer writes into no private DNS zone: it must see the account's public address only."
        yield Finding(f"{pointer}/existing_private_dns_zone", told, "Give the field to the provider.")


def _named(pointer: str, identifier: str, pattern: re.Pattern[str], shape: str) -> Iterator[Finding]:
    match = pattern.fullmatch(identifier)
    if match is None:
        yield Finding(pointer, "This is no such ARM id.", f"Write {shape}.")
        return
    if names.GROUP_PATTERN.match(match["group"].lower()):
        told = f"{match['group']} is a resource group that Isthmus made, and goes with its environment."
        yield Finding(pointer, told, "Name something that lives longer.")
    if pattern is ZONE_ID and match["name"].lower() != names.PRIVATE_ZONE:
        yield Finding(pointer, f"The zone is called {match['name']}.", f"Azure OpenAI needs {names.PRIVATE_ZONE}.")


def _apart(corps: list[tuple[int, Corp]]) -> Iterator[Finding]:
    """Provider and consumer must not meet in one network."""
    providers = {
        network_of(corp.existing_subnet).lower(): corp.name
        for _, corp in corps
        if corp.role == "provider" and corp.existing_subnet
    }
    for index, corp in corps:
        if corp.role == "consumer" and corp.existing_subnet:
            provider = providers.get(network_of(corp.existing_subnet).lower())
            if provider:
                yield Finding(
                    f"/corps/{index}/existing_subnet",
                    f"{corp.name} would stand in {provider}'s virtual network, where the private endpoint is.",
                    "Name a subnet of another virtual network: a consumer must have no way but the portal.",
                )
