"""The words in which ARM (`localcloud.azure`) and the network (`localcloud.network`) speak to each other.

ARM keeps the wanted state and computes a `Topology` from it, whole, after every change; the network makes
it so by difference. The network in turn opens sockets where Azure's services are reached (public addresses,
private endpoints, IMDS) and hands each to ARM's side with the `Origin` that tells where a caller stands.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

Mode = Literal["rootns", "userns", "loopback", "none"]
"""How true the network is: namespaces as root, namespaces without root, loopback addresses only, or no
network at all (`none`: ARM alone, for tests on virtual time)."""

AZURE_DNS = "168.63.129.16"
IMDS = "169.254.169.254"
AZURE_PUBLIC = "203.0.113.10"
"""Where every public Azure host name resolves to in the local internet."""
OCKAM_PUBLIC = "203.0.113.20"
"""Where the Ockam project (authority and relay) stands in the local internet."""
OCKAM_PORT = 4000
PUBLIC_POOL = "198.18.0.0/15"
"""ARM gives out public IP addresses from here (RFC 2544: routed nowhere)."""


@dataclass(frozen=True)
class Rule:
    """One NSG rule, as ARM has it. `sources`, `destinations`: CIDRs, "*" or service tags; `ports`: "443",
    "1000-2000" or "*"."""

    name: str
    priority: int
    direction: Literal["Inbound", "Outbound"]
    access: Literal["Allow", "Deny"]
    protocol: str
    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    ports: tuple[str, ...]


@dataclass(frozen=True)
class Subnet:
    """`rules` None: no NSG is attached. `nat_address` None: no NAT gateway (no way out)."""

    id: str
    prefix: str
    rules: tuple[Rule, ...] | None = None
    nat_address: str | None = None


@dataclass(frozen=True)
class VirtualNetwork:
    id: str
    prefixes: tuple[str, ...]
    subnets: tuple[Subnet, ...]


@dataclass(frozen=True)
class Interface:
    """A VM's network interface. `rules` None: no NSG of its own."""

    id: str
    subnet_id: str
    address: str
    public_address: str | None = None
    rules: tuple[Rule, ...] | None = None


@dataclass(frozen=True)
class PrivateEndpoint:
    """`target`: ARM id of the resource behind it. `approved` False: the connection is still pending."""

    id: str
    subnet_id: str
    address: str
    target: str
    approved: bool = True


@dataclass(frozen=True)
class ZoneLink:
    network_id: str
    redirect_nxdomain: bool = False


@dataclass(frozen=True)
class PrivateZone:
    """`records`: relative name -> IPv4 addresses (A records)."""

    id: str
    name: str
    records: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    links: tuple[ZoneLink, ...] = ()


@dataclass(frozen=True)
class Topology:
    """The whole network that ARM wants at this moment. All ids are lower-cased ARM ids."""

    networks: tuple[VirtualNetwork, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    endpoints: tuple[PrivateEndpoint, ...] = ()
    zones: tuple[PrivateZone, ...] = ()


@dataclass(frozen=True)
class Machine:
    """A VM. `custom_data`: the decoded user data. `interface_id`: lower-cased ARM id."""

    id: str
    name: str
    interface_id: str
    custom_data: bytes


@dataclass(frozen=True)
class Ran:
    """What a script in a VM came to. `output` and `error`: the whole text, uncut."""

    exit_code: int
    output: str
    error: str


@dataclass(frozen=True)
class Origin:
    """Where a caller of an Azure service stands.

    host: the machine that the local cloud runs on (the app, the person), through the proxy
    public: the local internet; the caller's address is the peer address (a NAT gateway's)
    private_endpoint: through the private endpoint `endpoint_id`
    imds: the metadata address inside the virtual network `network_id`; the peer address tells which VM, or
        `interface_id` where addresses tell nothing (loopback)
    """

    kind: Literal["host", "public", "private_endpoint", "imds"]
    network_id: str | None = None
    endpoint_id: str | None = None
    interface_id: str | None = None


@dataclass(frozen=True)
class DnsAnswer:
    kind: Literal["A", "CNAME"]
    value: str


class Services(Protocol):
    """What Azure's side offers to the network."""

    async def serve(self, listener: socket.socket, origin: Origin, *, tls: bool) -> None:
        """Serves Azure's HTTP services on a listening, non-blocking socket until `unserve` of it."""

    async def unserve(self, listener: socket.socket) -> None:
        """Stops serving that socket and closes it."""

    def resolve(self, name: str) -> DnsAnswer | None:
        """The public DNS: one answer for a lower-case name, None for NXDOMAIN. CNAMEs are followed by the
        caller, who looks in the private zones linked to its network first at every hop."""


class Fabric(Protocol):
    """What the network offers to Azure's side. Every call is idempotent; ids are lower-cased ARM ids."""

    mode: Mode

    async def apply(self, topology: Topology) -> None:
        """Makes the network so; raises nothing for a topology that ARM has validated."""

    async def boot(self, machine: Machine) -> None:
        """Starts a VM: returns once it runs (its cloud-init goes on in it). The interface must be applied."""

    async def power_off(self, machine_id: str) -> None:
        """Stops the VM and keeps its disk; `power_on` boots it again from that disk (no first boot)."""

    async def power_on(self, machine_id: str) -> None: ...

    async def delete(self, machine_id: str) -> None:
        """Ends the VM and forgets its disk. Of an unknown one: nothing happens."""

    async def run(self, machine_id: str, script: str, seconds: float) -> Ran:
        """Runs a shell script in the VM as root; a script over its time (seconds) is ended with exit code 124."""

    async def public_listener(self, address: str, port: int) -> socket.socket:
        """A listening, non-blocking socket on an address of the local internet."""

    def census(self) -> dict[str, int]:
        """What exists: counts of networks, interfaces, endpoints, zones, machines, processes."""

    async def close(self) -> None:
        """Ends everything; nothing is left behind."""
