"""One virtual network: a router namespace, a cable to every interface, Azure's services at its own addresses.

Azure's virtual networks are layer 3, so all traffic passes the router, that between neighbours too. A VM's
interface lives in a namespace of its own from the moment that ARM makes it; booting a VM only moves in there.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass

from localcloud.fabric import AZURE_DNS, IMDS, Interface, Origin, PrivateEndpoint, Services, VirtualNetwork
from localcloud.network.dns import DnsServer, LinkedZone, Resolver
from localcloud.network.internet import UPLINK_INDEX, Internet
from localcloud.network.netlink import LOOPBACK_INDEX
from localcloud.network.spaces import Space
from localcloud.network.walls import Layout, ruleset

NOWHERE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
"""Azure's system routes with next hop "None"."""
DEFAULT = "0.0.0.0/0"
CARD, CARD_INDEX = "eth0", 2
"""A VM's end of its cable."""
_TLS_PORT = 443
_IMDS_PORT = 80


@dataclass(frozen=True)
class Wanted:
    """One network's part of a topology."""

    network: VirtualNetwork
    interfaces: tuple[Interface, ...]
    endpoints: tuple[PrivateEndpoint, ...]
    zones: tuple[LinkedZone, ...]

    def subnet_prefix(self, interface: Interface) -> str:
        return next(subnet.prefix for subnet in self.network.subnets if subnet.id == interface.subnet_id)

    @property
    def own_addresses(self) -> set[str]:
        """Gateways of all subnets, the platform's addresses, private endpoints that are approved."""
        gateways = {gateway(subnet.prefix) for subnet in self.network.subnets}
        return gateways | {AZURE_DNS, IMDS} | {endpoint.address for endpoint in self.approved}

    @property
    def approved(self) -> tuple[PrivateEndpoint, ...]:
        return tuple(endpoint for endpoint in self.endpoints if endpoint.approved)

    @property
    def public_addresses(self) -> set[str]:
        gateways = {subnet.nat_address for subnet in self.network.subnets}
        return {address for address in gateways | {card.public_address for card in self.interfaces} if address}


def gateway(prefix: str) -> str:
    """A subnet's first address, as in Azure."""
    return str(ipaddress.ip_network(prefix)[1])


@dataclass(frozen=True)
class Cable:
    """`place`: (address, subnet prefix) that it was laid for; `space`: the VM's namespace."""

    index: int
    place: tuple[str, str]
    space: Space

    @property
    def device(self) -> str:
        return f"card{self.index}"


class Router:
    """Made empty; `become` makes it what is wanted, by difference."""

    def __init__(self, network_id: str, internet: Internet, services: Services) -> None:
        self.id = network_id
        self.space = Space()
        self.space.set("ipv4/ip_forward", "1")
        self._filter = self.space.filter()
        self._internet = internet
        self._services = services
        self._dns = DnsServer(Resolver(services.resolve))
        self._cables: dict[str, Cable] = {}
        self._own: set[str] = set()
        self._blackholes: set[str] = set()
        self._uplink: int | None = None
        self._public: set[str] = set()
        self._imds: socket.socket | None = None
        self._doors: dict[str, tuple[PrivateEndpoint, socket.socket]] = {}
        self._layout: Layout | None = None

    def card(self, interface_id: str) -> Space | None:
        """The namespace of an interface."""
        cable = self._cables.get(interface_id)
        return cable.space if cable else None

    async def become(self, wanted: Wanted) -> None:
        self._addresses(wanted.own_addresses)
        self._nowhere({*NOWHERE, *wanted.network.prefixes})
        self._lay_cables(wanted)
        self._reach_internet(wanted.public_addresses)
        self._raise_walls(wanted)
        self._dns.resolver.zones = wanted.zones
        await self._serve_platform()
        await self._serve_endpoints({endpoint.id: endpoint for endpoint in wanted.approved})

    def _addresses(self, wanted: set[str]) -> None:
        links = self.space.links
        for address in wanted - self._own:
            links.address(LOOPBACK_INDEX, f"{address}/32")
        for address in self._own - wanted:
            links.remove_address(LOOPBACK_INDEX, f"{address}/32")
        links.commit()
        self._own = set(wanted)

    def _nowhere(self, wanted: set[str]) -> None:
        links = self.space.links
        for prefix in wanted - self._blackholes:
            links.blackhole(prefix)
        for prefix in self._blackholes - wanted:
            links.remove_route(prefix)
        links.commit()
        self._blackholes = wanted

    def _lay_cables(self, wanted: Wanted) -> None:
        places = {card.id: (card.address, wanted.subnet_prefix(card)) for card in wanted.interfaces}
        for interface_id, cable in list(self._cables.items()):
            if places.get(interface_id) != cable.place:
                self._remove_cable(interface_id)
        for interface_id, place in places.items():
            if interface_id not in self._cables:
                self._cables[interface_id] = self._lay_cable(*place)

    def _lay_cable(self, address: str, prefix: str) -> Cable:
        cable = Cable(self.space.index(), (address, prefix), Space())
        links = self.space.links
        links.veth(cable.device, cable.index, CARD, CARD_INDEX, cable.space.descriptor).up(cable.index)
        links.route(f"{address}/32", cable.index).commit()
        length = prefix.partition("/")[2]
        # Without a route to the neighbours: they, too, are behind the router.
        own = cable.space.links.address(CARD_INDEX, f"{address}/{length}").up(CARD_INDEX)
        own.route(DEFAULT, CARD_INDEX, gateway(prefix)).commit()
        return cable

    def _remove_cable(self, interface_id: str) -> None:
        cable = self._cables.pop(interface_id)
        self.space.links.remove_link(cable.index).commit()
        cable.space.close()

    def _reach_internet(self, wanted: set[str]) -> None:
        for address in self._public - wanted:
            self._internet.forget(address)
            self.space.links.remove_address(UPLINK_INDEX, f"{address}/32").commit()
        if wanted and self._uplink is None:
            self._uplink = self._internet.connect(self.space)
        if self._uplink is not None:
            for address in wanted - self._public:
                self.space.links.address(UPLINK_INDEX, f"{address}/32").commit()
                self._internet.lead(address, self._uplink)
        if not wanted and self._uplink is not None:
            self._internet.disconnect(self._uplink)
            self._uplink = None
        if not wanted:
            self.space.links.blackhole(DEFAULT).commit()
        self._public = wanted

    def _raise_walls(self, wanted: Wanted) -> None:
        devices = {interface_id: cable.device for interface_id, cable in self._cables.items()}
        network = wanted.network
        layout = Layout(network.prefixes, network.subnets, wanted.interfaces, wanted.approved, devices)
        if layout != self._layout:
            self._filter.replace(ruleset(layout))
            self._layout = layout

    async def _serve_platform(self) -> None:
        if self._imds is None:
            await self._dns.start(self.space, AZURE_DNS)
            self._imds = self.space.listen(IMDS, _IMDS_PORT)
            await self._services.serve(self._imds, Origin("imds", network_id=self.id), tls=False)

    async def _serve_endpoints(self, wanted: dict[str, PrivateEndpoint]) -> None:
        for identifier, (endpoint, listener) in list(self._doors.items()):
            if wanted.get(identifier) != endpoint:
                del self._doors[identifier]
                await self._services.unserve(listener)
        for identifier, endpoint in wanted.items():
            if identifier not in self._doors:
                listener = self.space.listen(endpoint.address, _TLS_PORT)
                self._doors[identifier] = (endpoint, listener)
                origin = Origin("private_endpoint", network_id=self.id, endpoint_id=identifier)
                await self._services.serve(listener, origin, tls=True)

    async def close(self) -> None:
        """The namespace goes when the last process in it does."""
        await self._serve_endpoints({})
        if self._imds is not None:
            await self._services.unserve(self._imds)
        self._dns.close()
        self._reach_internet(set())
        for interface_id in list(self._cables):
            self._remove_cable(interface_id)
        self._filter.close()
        self.space.close()
