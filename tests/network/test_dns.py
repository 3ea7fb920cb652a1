"""What names lead to, seen from a virtual network."""

from __future__ import annotations

import pytest
from dnslib import EDNS0, QTYPE, RCODE, DNSRecord

from localcloud.fabric import AZURE_PUBLIC, PrivateZone, Topology, ZoneLink
from localcloud.network.dns import Answered, Resolver, linked_zones, look_up
from tests.network.bench import HOST, PRIVATE, FakeServices, zone

ALIASES = ((HOST, PRIVATE),)
public = FakeServices().resolve


def seen(name: str, *zones: PrivateZone, network: str = "left") -> Answered:
    return look_up(name, linked_zones(Topology(zones=zones), network), public)


def test_only_linked_zones_count() -> None:
    assert seen(HOST) == Answered(True, PRIVATE, ALIASES, (AZURE_PUBLIC,))
    assert seen(HOST, zone("left")) == Answered(True, PRIVATE, ALIASES, ("10.0.0.5",))
    assert seen(HOST, zone("left"), network="right").addresses == (AZURE_PUBLIC,)


def test_a_linked_zone_does_not_fall_back() -> None:
    assert seen(HOST, zone("left", records=False)) == Answered(False, PRIVATE, ALIASES)
    assert seen(HOST, zone("left", records=False, redirect=True)).addresses == (AZURE_PUBLIC,)
    assert seen("privatelink.openai.azure.com", zone("left")).exists


def test_the_most_specific_zone_decides() -> None:
    wide = PrivateZone("wide", "azure.com", {"acme.privatelink.openai": ("10.9.9.9",)}, (ZoneLink("left"),))
    assert seen(PRIVATE, wide, zone("left")).addresses == ("10.0.0.5",)
    # And it decides for the public name, too, which the wide zone covers and does not have.
    assert not seen(HOST, wide, zone("left")).exists


def test_a_private_record_may_shadow_a_public_name() -> None:
    own = PrivateZone("own", HOST, {"@": ("10.0.0.7", "10.0.0.8")}, (ZoneLink("left"),))
    assert seen(HOST, own) == Answered(True, HOST, (), ("10.0.0.7", "10.0.0.8"))


def asked(name: str, kind: str = "A", *, options: bool = False) -> DNSRecord:
    resolver = Resolver(public)
    resolver.zones = linked_zones(Topology(zones=(zone("left"),)), "left")
    query = DNSRecord.question(name, kind)
    if options:
        query.add_ar(EDNS0(udp_len=4096))
    answer = resolver.answer(query.pack())
    assert answer is not None
    return DNSRecord.parse(answer)


def test_replies() -> None:
    reply = asked(HOST.upper())
    assert [(QTYPE[record.rtype], str(record.rdata)) for record in reply.rr] == [
        ("CNAME", f"{PRIVATE}."),
        ("A", "10.0.0.5"),
    ]
    assert reply.header.ra == 1
    assert asked("nobody.example").header.rcode == RCODE.NXDOMAIN
    ipv6 = asked(PRIVATE, "AAAA")
    assert (ipv6.header.rcode, ipv6.rr) == (RCODE.NOERROR, [])
    assert [record.rtype for record in asked(HOST, options=True).ar] == [QTYPE.OPT]


@pytest.mark.parametrize("rubbish", [b"", b"x", b"\0" * 12, b"\xff" * 40])
def test_rubbish_is_not_answered(rubbish: bytes) -> None:
    assert Resolver(public).answer(rubbish) is None
