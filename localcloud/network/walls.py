"""The packet filter of one virtual network's router: NSGs, NAT, and what the platform lets pass by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from localcloud.fabric import AZURE_DNS, IMDS, Interface, PrivateEndpoint, Rule, Subnet
from localcloud.network import nftables as nft
from localcloud.network import security
from localcloud.network.internet import UPLINK

_TABLE = "virtual_network"


@dataclass(frozen=True)
class Layout:
    """One network as its router sees it. `devices`: interface id -> the router's end of the cable."""

    prefixes: tuple[str, ...]
    subnets: tuple[Subnet, ...]
    interfaces: tuple[Interface, ...]
    endpoints: tuple[PrivateEndpoint, ...]
    devices: Mapping[str, str]

    def subnet(self, interface: Interface) -> Subnet:
        return next(subnet for subnet in self.subnets if subnet.id == interface.subnet_id)

    def device(self, interface: Interface) -> str:
        return self.devices[interface.id]


def ruleset(layout: Layout) -> nft.Ruleset:
    """Everything the router filters and translates."""
    rules = nft.Ruleset(_TABLE)
    rules.base_chain("forwarded", "forward", nft.FILTER, otherwise="drop")
    rules.base_chain("local", "input", nft.FILTER, otherwise="drop")
    rules.base_chain("arriving", "prerouting", nft.DESTINATION_NAT, kind="nat")
    rules.base_chain("leaving", "postrouting", nft.SOURCE_NAT, kind="nat")
    for chain in ("forwarded", "local"):
        _only_own_addresses(rules, layout, chain)
        rules.rule(chain, nft.tracked("established", "related"), nft.verdict("accept"))
        rules.rule(chain, nft.tracked("invalid"), nft.verdict("drop"))
    _groups(rules, layout)
    _local(rules, layout)
    _forwarded(rules, layout)
    _translated(rules, layout)
    return rules


def _only_own_addresses(rules: nft.Ruleset, layout: Layout, chain: str) -> None:
    for interface in layout.interfaces:
        foreign = nft.source(interface.address, inside=False)
        rules.rule(chain, nft.incoming(layout.device(interface)), foreign, nft.verdict("drop"))


def _groups(rules: nft.Ruleset, layout: Layout) -> None:
    for number, subnet in enumerate(layout.subnets):
        _group(rules, f"subnet{number}", subnet.rules, layout.prefixes)
    for interface in layout.interfaces:
        _group(rules, layout.device(interface), interface.rules, layout.prefixes)


def _group(rules: nft.Ruleset, name: str, wanted: tuple[Rule, ...] | None, prefixes: tuple[str, ...]) -> None:
    if wanted is None:
        return
    directions: tuple[tuple[security.Direction, str], ...] = (("Outbound", "out"), ("Inbound", "in"))
    for direction, short in directions:
        rules.chain(f"{name}_{short}")
        for expression in security.expressions(wanted, direction, prefixes):
            rules.rule(f"{name}_{short}", expression)


def _pass_groups(rules: nft.Ruleset, layout: Layout, chain: str, interface: Interface, short: str) -> None:
    """Sends the interface's packets through its subnet's group and its own."""
    device = layout.device(interface)
    matched = nft.incoming(device) if short == "out" else nft.outgoing(device)
    subnet = layout.subnet(interface)
    if subnet.rules is not None:
        number = layout.subnets.index(subnet)
        rules.rule(chain, matched, nft.verdict("jump", f"subnet{number}_{short}"))
    if interface.rules is not None:
        rules.rule(chain, matched, nft.verdict("jump", f"{device}_{short}"))


def _local(rules: nft.Ruleset, layout: Layout) -> None:
    """To the router itself: no group stops DNS and IMDS; private endpoints are subject to the sender's groups."""
    for name in ("udp", "tcp"):
        port = nft.destination_port(53, 53)
        rules.rule("local", nft.destination(AZURE_DNS), nft.protocol(name), port, nft.verdict("accept"))
    metadata = nft.destination_port(80, 80)
    rules.rule("local", nft.destination(IMDS), nft.protocol("tcp"), metadata, nft.verdict("accept"))
    for interface in layout.interfaces:
        _pass_groups(rules, layout, "local", interface, "out")
    for interface in layout.interfaces:
        for endpoint in layout.endpoints:
            there = nft.destination(endpoint.address) + nft.protocol("tcp") + nft.destination_port(443, 443)
            rules.rule("local", nft.incoming(layout.device(interface)), there, nft.verdict("accept"))


def _forwarded(rules: nft.Ruleset, layout: Layout) -> None:
    for interface in layout.interfaces:
        _pass_groups(rules, layout, "forwarded", interface, "out")
    for interface in layout.interfaces:
        _closed_by_default(rules, layout, interface)
        _pass_groups(rules, layout, "forwarded", interface, "in")
    for interface in layout.interfaces:
        has_way_out = layout.subnet(interface).nat_address or interface.public_address
        if not has_way_out:
            leaving = nft.incoming(layout.device(interface)) + nft.outgoing(UPLINK)
            rules.rule("forwarded", leaving, nft.verdict("drop"))
        rules.rule("forwarded", nft.incoming(layout.device(interface)), nft.verdict("accept"))
        rules.rule("forwarded", nft.outgoing(layout.device(interface)), nft.verdict("accept"))


def _closed_by_default(rules: nft.Ruleset, layout: Layout, interface: Interface) -> None:
    """A Standard public address lets nothing in as long as no group says so."""
    if interface.rules is None and layout.subnet(interface).rules is None:
        arriving = nft.incoming(UPLINK) + nft.outgoing(layout.device(interface))
        rules.rule("forwarded", arriving, nft.verdict("drop"))


def _translated(rules: nft.Ruleset, layout: Layout) -> None:
    """A NAT gateway takes precedence over an interface's own public address on the way out."""
    for subnet in layout.subnets:
        if subnet.nat_address:
            matched = nft.outgoing(UPLINK) + nft.source(subnet.prefix)
            rules.rule("leaving", matched, nft.source_nat(subnet.nat_address))
    for interface in layout.interfaces:
        if interface.public_address:
            matched = nft.outgoing(UPLINK) + nft.source(interface.address)
            rules.rule("leaving", matched, nft.source_nat(interface.public_address))
            arriving = nft.incoming(UPLINK) + nft.destination(interface.public_address)
            rules.rule("arriving", arriving, nft.destination_nat(interface.address))
