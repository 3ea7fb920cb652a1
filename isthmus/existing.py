"""What of a corp is there before it is built, as data and in words: for plan, status, pages and command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import TypedDict

if TYPE_CHECKING:
    from isthmus.spec import Corp


class ExistingParts(TypedDict):
    """What a corp was given instead of building it: ARM ids of a subnet and a private DNS zone (null: its own), and
    whether its network routes out by itself. None of it is changed or removed."""

    subnet: str | None
    egress: bool
    private_dns_zone: str | None


NOTHING: ExistingParts = {"subnet": None, "egress": False, "private_dns_zone": None}


def parts_of(corp: Corp) -> ExistingParts:
    return {
        "subnet": corp.existing_subnet,
        "egress": "egress" in corp.existing,
        "private_dns_zone": corp.existing_private_dns_zone,
    }


def in_words(parts: ExistingParts) -> list[tuple[str, str | None]]:
    """What is there already, a few words each, with its ARM id: `in spoke/nodes`, `DNS zone of hub`."""
    subnet, zone = parts["subnet"], parts["private_dns_zone"]
    words: list[tuple[str, str | None]] = []
    if subnet:
        words.append((f"in {subnet.split('/')[8]}/{subnet.split('/')[10]}", subnet))
    elif parts["egress"]:
        words.append(("routed out by its network", None))
    if zone:
        words.append((f"DNS zone of {zone.split('/')[4]}", zone))
    return words
