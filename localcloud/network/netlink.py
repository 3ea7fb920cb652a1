"""The dozen rtnetlink requests that virtual networks need, in one batch per `commit`."""

from __future__ import annotations

import os
import socket
import struct
from types import TracebackType

_NEWLINK, _DELLINK, _NEWADDR, _DELADDR, _NEWROUTE, _DELROUTE = 16, 17, 20, 21, 24, 25
_REQUEST, _ACK = 1, 4
_EXCLUSIVE, _REPLACE, _CREATE = 0x200, 0x100, 0x400
_ERROR = 2

_IFLA_NAME, _IFLA_LINKINFO, _IFLA_NETNS_FD = 3, 18, 28
_INFO_KIND, _INFO_DATA, _VETH_PEER = 1, 2, 1
_IFA_ADDRESS, _IFA_LOCAL, _IFA_FLAGS = 1, 2, 8
_NO_PREFIX_ROUTE = 0x200
_RTA_DESTINATION, _RTA_DEVICE, _RTA_GATEWAY = 1, 4, 5
_TABLE_MAIN, _PROTOCOL_STATIC = 254, 4
_SCOPE_UNIVERSE, _SCOPE_LINK, _SCOPE_NOWHERE = 0, 253, 255
_UNICAST, _BLACKHOLE = 1, 6
_ON_LINK = 4
_UP = 1

LOOPBACK_INDEX = 1


def _attribute(kind: int, value: bytes) -> bytes:
    length = len(value) + 4
    return struct.pack("HH", length, kind) + value + b"\0" * (-length % 4)


def _text(kind: int, value: str) -> bytes:
    return _attribute(kind, value.encode() + b"\0")


def _number(kind: int, value: int) -> bytes:
    return _attribute(kind, struct.pack("I", value))


def _split(prefix: str) -> tuple[bytes, int]:
    address, _, length = prefix.partition("/")
    return socket.inet_aton(address), int(length or 32)


class NetlinkError(OSError):
    """The kernel refused a request; the message says which."""


class Links:
    """Links, addresses and routes of the network namespace that this was made in.

    Requests queue up; `commit` sends them and raises NetlinkError for the first that is refused.
    """

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self._socket.bind((0, 0))
        self._sequence = 0
        self._queue: list[tuple[int, bytes, str]] = []

    def __enter__(self) -> Links:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def _add(self, kind: int, flags: int, body: bytes, what: str) -> Links:
        self._sequence += 1
        header = struct.pack("IHHII", 16 + len(body), kind, _REQUEST | _ACK | flags, self._sequence, 0)
        self._queue.append((self._sequence, header + body, what))
        return self

    def veth(self, name: str, index: int, peer: str, peer_index: int, peer_namespace: int) -> Links:
        """A cable: one end here, the other in the namespace of the descriptor `peer_namespace`."""
        other = _link(peer_index) + _text(_IFLA_NAME, peer) + _number(_IFLA_NETNS_FD, peer_namespace)
        data = _attribute(_INFO_DATA, _attribute(_VETH_PEER, other))
        info = _attribute(_IFLA_LINKINFO, _text(_INFO_KIND, "veth") + data)
        return self._add(_NEWLINK, _CREATE | _EXCLUSIVE, _link(index) + _text(_IFLA_NAME, name) + info, f"veth {name}")

    def up(self, index: int) -> Links:
        return self._add(_NEWLINK, 0, _link(index, _UP, _UP), f"up {index}")

    def remove_link(self, index: int) -> Links:
        return self._add(_DELLINK, 0, _link(index), f"remove link {index}")

    def address(self, index: int, prefix: str) -> Links:
        """Adds an address; of its prefix no route follows."""
        return self._add(
            _NEWADDR,
            _CREATE | _REPLACE,
            _address(index, prefix) + _number(_IFA_FLAGS, _NO_PREFIX_ROUTE),
            f"address {prefix}",
        )

    def remove_address(self, index: int, prefix: str) -> Links:
        return self._add(_DELADDR, 0, _address(index, prefix), f"remove address {prefix}")

    def route(self, prefix: str, index: int, gateway: str | None = None) -> Links:
        """A route out of the link, to a gateway that is taken to be on it."""
        destination, length = _split(prefix)
        body = _route(length, _SCOPE_UNIVERSE if gateway else _SCOPE_LINK, _UNICAST, _ON_LINK if gateway else 0)
        body += _attribute(_RTA_DESTINATION, destination) + _number(_RTA_DEVICE, index)
        if gateway:
            body += _attribute(_RTA_GATEWAY, socket.inet_aton(gateway))
        return self._add(_NEWROUTE, _CREATE | _REPLACE, body, f"route {prefix}")

    def blackhole(self, prefix: str) -> Links:
        destination, length = _split(prefix)
        body = _route(length, _SCOPE_UNIVERSE, _BLACKHOLE) + _attribute(_RTA_DESTINATION, destination)
        return self._add(_NEWROUTE, _CREATE | _REPLACE, body, f"blackhole {prefix}")

    def remove_route(self, prefix: str) -> Links:
        destination, length = _split(prefix)
        body = _route(length, _SCOPE_NOWHERE, 0) + _attribute(_RTA_DESTINATION, destination)
        return self._add(_DELROUTE, 0, body, f"remove route {prefix}")

    def commit(self) -> None:
        queue, self._queue = self._queue, []
        if not queue:
            return
        waiting = {sequence: what for sequence, _, what in queue}
        self._socket.send(b"".join(message for _, message, _ in queue))
        refused: list[str] = []
        while waiting:
            for sequence, error in answers(self._socket.recv(1 << 16)):
                what = waiting.pop(sequence, "?")
                if error:
                    refused.append(f"{what}: {os.strerror(error)}")
        if refused:
            raise NetlinkError("; ".join(refused))


def answers(data: bytes) -> list[tuple[int, int]]:
    """The sequence number and errno (0: done) of every acknowledgement in what netlink answered."""
    found = []
    offset = 0
    while offset < len(data):
        length, kind, _, sequence, _ = struct.unpack_from("IHHII", data, offset)
        if kind == _ERROR:
            found.append((sequence, -struct.unpack_from("i", data, offset + 16)[0]))
        offset += (length + 3) & ~3
    return found


def _link(index: int, flags: int = 0, change: int = 0) -> bytes:
    return struct.pack("BxHiII", 0, 0, index, flags, change)


def _address(index: int, prefix: str) -> bytes:
    address, length = _split(prefix)
    body = struct.pack("BBBBI", socket.AF_INET, length, 0, _SCOPE_UNIVERSE, index)
    return body + _attribute(_IFA_LOCAL, address) + _attribute(_IFA_ADDRESS, address)


def _route(length: int, scope: int, kind: int, flags: int = 0) -> bytes:
    return struct.pack("BBBBBBBBI", socket.AF_INET, length, 0, 0, _TABLE_MAIN, _PROTOCOL_STATIC, scope, kind, flags)
