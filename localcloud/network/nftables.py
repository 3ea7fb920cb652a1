"""nftables through raw netlink: expressions as bytes, and a ruleset that replaces the former one atomically."""

from __future__ import annotations

import os
import socket
import struct

from localcloud.network.netlink import NetlinkError, answers

_NETLINK_NETFILTER = 12
_SUBSYSTEM = 10 << 8
_BATCH_BEGIN, _BATCH_END = 0x10, 0x11
_NEWTABLE, _DELTABLE, _NEWCHAIN, _NEWRULE = 0, 2, 3, 6
_REQUEST, _ACK, _CREATE, _APPEND = 1, 4, 0x400, 0x800
_NESTED = 0x8000
_IPV4 = 2
_HOOKS = {"prerouting": 0, "input": 1, "forward": 2, "output": 3, "postrouting": 4}
_REGISTER = 1
_EQUAL, _NOT_EQUAL = 0, 1
_META_INPUT, _META_OUTPUT, _META_PROTOCOL = 6, 7, 16
_NETWORK_HEADER, _TRANSPORT_HEADER = 1, 2
_CT_STATE = 0
_CT_BITS = {"invalid": 1, "established": 2, "related": 4, "new": 8}
_NAT_SOURCE, _NAT_DESTINATION = 0, 1
_VERDICTS = {"drop": 0, "accept": 1, "jump": -3, "return": -5}
_SECONDS = 5.0

PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "esp": 50, "ah": 51}
DESTINATION_NAT, FILTER, SOURCE_NAT = -100, 0, 100
"""Priorities at which a chain hooks in."""


def _attribute(kind: int, value: bytes) -> bytes:
    length = len(value) + 4
    return struct.pack("HH", length, kind) + value + b"\0" * (-length % 4)


def _text(kind: int, value: str) -> bytes:
    return _attribute(kind, value.encode() + b"\0")


def _number(kind: int, value: int) -> bytes:
    return _attribute(kind, struct.pack(">I", value & 0xFFFFFFFF))


def _nest(kind: int, *attributes: bytes) -> bytes:
    return _attribute(kind | _NESTED, b"".join(attributes))


def _expression(name: str, *attributes: bytes) -> bytes:
    return _nest(1, _text(1, name), _nest(2, *attributes))


def _value(kind: int, value: bytes) -> bytes:
    return _nest(kind, _attribute(1, value))


def _meta(key: int) -> bytes:
    return _expression("meta", _number(2, key), _number(1, _REGISTER))


def _compare(value: bytes, operator: int = _EQUAL) -> bytes:
    return _expression("cmp", _number(1, _REGISTER), _number(2, operator), _value(3, value))


def _mask(mask: bytes) -> bytes:
    size = _number(3, len(mask))
    zero = _value(5, b"\0" * len(mask))
    return _expression("bitwise", _number(1, _REGISTER), _number(2, _REGISTER), size, _value(4, mask), zero)


def _load(base: int, offset: int, size: int) -> bytes:
    return _expression("payload", _number(1, _REGISTER), _number(2, base), _number(3, offset), _number(4, size))


def _device(name: str) -> bytes:
    return name.encode().ljust(16, b"\0")


def incoming(device: str) -> bytes:
    return _meta(_META_INPUT) + _compare(_device(device))


def outgoing(device: str) -> bytes:
    return _meta(_META_OUTPUT) + _compare(_device(device))


def protocol(name: str) -> bytes:
    return _meta(_META_PROTOCOL) + _compare(bytes([PROTOCOLS[name]]))


def _within(offset: int, prefix: str, operator: int) -> bytes:
    address, _, length_text = prefix.partition("/")
    length = int(length_text or 32)
    mask = struct.pack(">I", (0xFFFFFFFF << (32 - length)) & 0xFFFFFFFF)
    base = bytes(a & b for a, b in zip(socket.inet_aton(address), mask, strict=True))
    masked = b"" if length == 32 else _mask(mask)
    return _load(_NETWORK_HEADER, offset, 4) + masked + _compare(base, operator)


def source(prefix: str, *, inside: bool = True) -> bytes:
    """The packet comes from within (or from outside of) the prefix."""
    return _within(12, prefix, _EQUAL if inside else _NOT_EQUAL)


def destination(prefix: str, *, inside: bool = True) -> bytes:
    return _within(16, prefix, _EQUAL if inside else _NOT_EQUAL)


def destination_port(low: int, high: int) -> bytes:
    """Only after `protocol` tcp or udp. Both ends belong to the range."""
    bounds = _value(3, struct.pack(">H", low)) + _value(4, struct.pack(">H", high))
    return _load(_TRANSPORT_HEADER, 2, 2) + _expression("range", _number(1, _REGISTER), _number(2, _EQUAL), bounds)


def tracked(*states: str) -> bytes:
    bits = sum(_CT_BITS[state] for state in states)
    loaded = _expression("ct", _number(2, _CT_STATE), _number(1, _REGISTER))
    return loaded + _mask(struct.pack("I", bits)) + _compare(b"\0" * 4, _NOT_EQUAL)


def verdict(word: str, chain: str | None = None) -> bytes:
    """drop, accept, return, or jump (to a chain)."""
    code = _number(1, _VERDICTS[word]) + (_text(2, chain) if chain else b"")
    return _expression("immediate", _number(1, 0), _nest(2, _nest(2, code)))


def _translate(kind: int, address: str) -> bytes:
    loaded = _expression("immediate", _number(1, _REGISTER), _value(2, socket.inet_aton(address)))
    return loaded + _expression("nat", _number(1, kind), _number(2, _IPV4), _number(3, _REGISTER))


def source_nat(address: str) -> bytes:
    return _translate(_NAT_SOURCE, address)


def destination_nat(address: str) -> bytes:
    return _translate(_NAT_DESTINATION, address)


class Ruleset:
    """One table, written down anew each time and put in the place of the former one."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._queue: list[tuple[int, int, bytes, str]] = []
        # Made, deleted and made again: deleting one that isn't there would be an error.
        self._add(_NEWTABLE, _CREATE, _text(1, name), "table")
        self._add(_DELTABLE, 0, _text(1, name), "former table")
        self._add(_NEWTABLE, _CREATE, _text(1, name), "table")

    def _add(self, kind: int, flags: int, body: bytes, what: str) -> None:
        self._queue.append((kind, flags | _ACK, body, what))

    def base_chain(
        self, name: str, hook: str, priority: int, *, kind: str = "filter", otherwise: str = "accept"
    ) -> None:
        where = _nest(4, _number(1, _HOOKS[hook]), _number(2, priority))
        policy = _number(5, _VERDICTS[otherwise])
        body = _text(1, self._name) + _text(3, name) + where + policy + _text(7, kind)
        self._add(_NEWCHAIN, _CREATE, body, f"chain {name}")

    def chain(self, name: str) -> None:
        self._add(_NEWCHAIN, _CREATE, _text(1, self._name) + _text(3, name), f"chain {name}")

    def rule(self, chain: str, *expressions: bytes) -> None:
        body = _text(1, self._name) + _text(2, chain) + _nest(4, *expressions)
        self._add(_NEWRULE, _CREATE | _APPEND, body, f"rule in {chain}")

    def messages(self) -> list[tuple[int, bytes, str]]:
        """(sequence number, bytes, what it is) of the whole batch."""
        found = [_message(_BATCH_BEGIN, _REQUEST, b"", 1, 0, _SUBSYSTEM >> 8, "begin")]
        for sequence, (kind, flags, body, what) in enumerate(self._queue, start=2):
            found.append(_message(_SUBSYSTEM | kind, _REQUEST | flags, body, sequence, _IPV4, 0, what))
        found.append(_message(_BATCH_END, _REQUEST, b"", len(found) + 1, 0, _SUBSYSTEM >> 8, "end"))
        return found


def _message(
    kind: int, flags: int, body: bytes, sequence: int, family: int, resource: int, what: str
) -> tuple[int, bytes, str]:
    payload = struct.pack(">BBH", family, 0, resource) + body
    return sequence, struct.pack("IHHII", 16 + len(payload), kind, flags, sequence, 0) + payload, what


class Filter:
    """The packet filter of the network namespace that this was made in."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER)
        self._socket.bind((0, 0))
        self._socket.settimeout(_SECONDS)

    def close(self) -> None:
        self._socket.close()

    def replace(self, rules: Ruleset) -> None:
        """Raises NetlinkError when the kernel refuses any of it; then nothing has changed."""
        messages = rules.messages()
        data = b"".join(message for _, message, _ in messages)
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            self._socket.setsockopt(socket.SOL_SOCKET, option, max(1 << 20, 2 * len(data)))
        self._socket.send(data)
        waiting = {sequence: what for sequence, _, what in messages[1:-1]}
        while waiting:
            for sequence, error in answers(self._socket.recv(1 << 18)):
                what = waiting.pop(sequence, "the batch")
                if error:
                    raise NetlinkError(f"nftables, {what}: {os.strerror(error)}")
