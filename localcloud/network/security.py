"""Network security groups as packet filter rules: `return` lets a packet pass, `drop` ends it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from itertools import product
from typing import Literal, Protocol

from localcloud.fabric import AZURE_DNS, AZURE_PUBLIC, Rule
from localcloud.network import nftables as nft

Direction = Literal["Inbound", "Outbound"]
_ANY = ("*",)
_EVERYTHING = ("*", "0.0.0.0/0", "any", "any/0")


def _default(name: str, priority: int, direction: Direction, access: Literal["Allow", "Deny"], *ends: str) -> Rule:
    return Rule(name, priority, direction, access, "*", (ends[0],), (ends[1],), _ANY)


DEFAULT_RULES = (
    _default("AllowVnetInBound", 65000, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    _default("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", "AzureLoadBalancer", "*"),
    _default("DenyAllInBound", 65500, "Inbound", "Deny", "*", "*"),
    _default("AllowVnetOutBound", 65000, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    _default("AllowInternetOutBound", 65001, "Outbound", "Allow", "*", "Internet"),
    _default("DenyAllOutBound", 65500, "Outbound", "Deny", "*", "*"),
)
"""What stands behind every group's own rules."""


def expressions(rules: tuple[Rule, ...], direction: Direction, prefixes: tuple[str, ...]) -> Iterator[bytes]:
    """The filter rules of one direction of a group, in order; `prefixes`: the virtual network's address space."""
    ordered = sorted((*rules, *DEFAULT_RULES), key=lambda rule: rule.priority)
    for rule in ordered:
        if rule.direction != direction:
            continue
        ending = nft.verdict("return" if rule.access == "Allow" else "drop")
        alternatives = product(
            _addresses(rule.sources, prefixes, nft.source),
            _addresses(rule.destinations, prefixes, nft.destination),
            _transports(rule),
        )
        for parts in alternatives:
            yield b"".join(parts) + ending


class _Matcher(Protocol):
    """nft.source or nft.destination."""

    def __call__(self, prefix: str, *, inside: bool = True) -> bytes: ...


def _addresses(words: tuple[str, ...], prefixes: tuple[str, ...], match: _Matcher) -> list[bytes]:
    return [found for word in words for found in _address(word, prefixes, match)]


def _address(word: str, prefixes: tuple[str, ...], match: _Matcher) -> list[bytes]:
    tag = word.lower()
    if tag in _EVERYTHING:
        return [b""]
    if tag == "virtualnetwork":
        return [match(prefix) for prefix in prefixes]
    if tag == "internet":
        return [b"".join(match(prefix, inside=False) for prefix in prefixes)]
    if tag == "azureloadbalancer":
        return [match(AZURE_DNS)]
    try:
        prefix = ipaddress.ip_network(word, strict=False)
    except ValueError:
        # Any other service tag: all of Azure's public services have one address here.
        return [match(AZURE_PUBLIC)]
    return [match(str(prefix))] if prefix.version == 4 else []


def _transports(rule: Rule) -> list[bytes]:
    """The alternatives of protocol and port. Ports mean nothing to protocols without them."""
    ports = [_port(word) for word in rule.ports]
    wanted = rule.protocol.lower()
    if wanted == "*":
        if None in ports:
            return [b""]
        return [nft.protocol(name) + port for name in ("tcp", "udp") for port in ports if port]
    if wanted in ("tcp", "udp"):
        return [nft.protocol(wanted) + (port or b"") for port in ports]
    return [nft.protocol(wanted)]


def _port(word: str) -> bytes | None:
    """None: every port."""
    if word == "*":
        return None
    low, _, high = word.partition("-")
    return nft.destination_port(int(low), int(high or low))
