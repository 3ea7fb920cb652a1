"""The DNS that a virtual network sees at 168.63.129.16: private zones linked to it, then the public DNS."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from dnslib import CNAME, EDNS0, QTYPE, RCODE, RR, A, DNSError, DNSRecord

from localcloud.fabric import DnsAnswer, PrivateZone, Topology
from localcloud.network.spaces import Space

_LONGEST_CHAIN = 8
_ALIAS_SECONDS = 60
_ADDRESS_SECONDS = 10
_UDP_SIZE = 1232
_PORT = 53


@dataclass(frozen=True)
class LinkedZone:
    zone: PrivateZone
    redirect_nxdomain: bool


def linked_zones(topology: Topology, network_id: str) -> tuple[LinkedZone, ...]:
    """The private zones of a network, the most specific first."""
    found = [
        LinkedZone(zone, link.redirect_nxdomain)
        for zone in topology.zones
        for link in zone.links
        if link.network_id == network_id
    ]
    return tuple(sorted(found, key=lambda linked: -len(linked.zone.name)))


@dataclass(frozen=True)
class Answered:
    """`aliases`: each name and the one that it leads to; `addresses` of `name`, the last one."""

    exists: bool
    name: str
    aliases: tuple[tuple[str, str], ...] = ()
    addresses: tuple[str, ...] = ()


def look_up(name: str, zones: tuple[LinkedZone, ...], public: Callable[[str], DnsAnswer | None]) -> Answered:
    """Follows a name through private zones and public DNS; private zones come first at every hop."""
    aliases: list[tuple[str, str]] = []
    for _ in range(_LONGEST_CHAIN):
        private = _private(name, zones)
        if private is not None:
            return Answered(private.exists, name, tuple(aliases), private.addresses)
        answer = public(name)
        if answer is None:
            return Answered(False, name, tuple(aliases))
        if answer.kind == "A":
            return Answered(True, name, tuple(aliases), (answer.value,))
        aliases.append((name, answer.value))
        name = answer.value.lower().rstrip(".")
    return Answered(False, name, tuple(aliases))


def _private(name: str, zones: tuple[LinkedZone, ...]) -> Answered | None:
    """What the most specific linked zone says, None when the public DNS is to be asked."""
    for linked in zones:
        apex = linked.zone.name
        if name != apex and not name.endswith(f".{apex}"):
            continue
        label = name[: -len(apex) - 1] or "@"
        addresses = linked.zone.records.get(label)
        if addresses is None and label != "@" and linked.redirect_nxdomain:
            return None
        return Answered(addresses is not None or label == "@", name, (), addresses or ())
    return None


class Resolver:
    """Answers queries for one network. `zones` is set anew after every change."""

    def __init__(self, public: Callable[[str], DnsAnswer | None]) -> None:
        self._public = public
        self.zones: tuple[LinkedZone, ...] = ()

    def answer(self, query: bytes) -> bytes | None:
        """The reply in DNS's own format; None for what is no query."""
        try:
            asked = DNSRecord.parse(query)
            reply = asked.reply(ra=1, aa=0)
            if not asked.questions:
                return None
        except (DNSError, struct.error):
            return None
        found = look_up(str(asked.q.qname).rstrip(".").lower(), self.zones, self._public)
        for name, alias in found.aliases:
            reply.add_answer(RR(name, QTYPE.CNAME, rdata=CNAME(alias), ttl=_ALIAS_SECONDS))
        if asked.q.qtype in (QTYPE.A, QTYPE.ANY):
            for address in found.addresses:
                reply.add_answer(RR(found.name, QTYPE.A, rdata=A(address), ttl=_ADDRESS_SECONDS))
        if not found.exists:
            reply.header.rcode = RCODE.NXDOMAIN
        if any(record.rtype == QTYPE.OPT for record in asked.ar):
            reply.add_ar(EDNS0(udp_len=_UDP_SIZE))
        return cast(bytes, reply.pack())


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, address: Any) -> None:
        reply = self._resolver.answer(data)
        if reply is not None and self._transport is not None:
            self._transport.sendto(reply, address)


class DnsServer:
    """A resolver at an address of a namespace, over UDP and TCP."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self._transport: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None

    async def start(self, space: Space, address: str) -> None:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self.resolver), sock=space.datagrams(address, _PORT)
        )
        self._server = await asyncio.start_server(self._stream, sock=space.listen(address, _PORT))

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                (length,) = struct.unpack(">H", await reader.readexactly(2))
                reply = self.resolver.answer(await reader.readexactly(length))
                if reply is None:
                    break
                writer.write(struct.pack(">H", len(reply)) + reply)
                await writer.drain()
        writer.close()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
        if self._server is not None:
            self._server.close()
