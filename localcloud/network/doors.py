"""What stands for a VM's network where it has none: a proxy that knows its names, and a door for each address.

A VM in loopback mode reaches Azure through its own CONNECT proxy, which looks names up as its virtual network would:
first the VM's /etc/hosts, then private zones, then the public DNS. A program that knows no proxy (Ockam's node) gets
a port of its own for each host that its custom data names. Nothing keeps a program from going past all this.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from localcloud.fabric import AZURE_PUBLIC, Origin, Services, Topology
from localcloud.network.dns import linked_zones, look_up

HOST = "127.0.0.1"
INLET = b"127.0.0.1:443"
"""Where a portal's inlet listens: one port that all VMs of this machine can't share."""
AZURE_HOST = re.compile(rb"([a-z0-9-]+(?:\.[a-z0-9-]+)*\.azure\.com):443")
_BACKLOG = 128
_BLOCK = 1 << 16
_HEAD_SECONDS = 10

Address = tuple[str, int]


def listener(port: int = 0) -> socket.socket:
    """A listening, non-blocking loopback socket."""
    made = socket.socket()
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((HOST, port))
        made.listen(_BACKLOG)
        made.setblocking(False)
    except OSError:
        made.close()
        raise
    return made


class Azure:
    """Azure's addresses on this machine: a listener for each that a VM went to. `topology`: as it is now."""

    def __init__(self, services: Services, topology: Callable[[], Topology]) -> None:
        self.services, self.topology = services, topology
        self._listeners: dict[Origin, socket.socket] = {}
        self._lock = asyncio.Lock()

    async def reach(self, network_id: str, host: str) -> Address | None:
        """Where a host name leads from within a network; None: nowhere."""
        topology = self.topology()
        found = look_up(host.lower(), linked_zones(topology, network_id), self.services.resolve)
        for address in found.addresses:
            if address == AZURE_PUBLIC:
                return await self._at(Origin("public"))
            for endpoint in topology.endpoints:
                if endpoint.address == address and endpoint.approved and endpoint.subnet_id.startswith(network_id):
                    return await self._at(Origin("private_endpoint", network_id, endpoint.id))
        return None

    async def _at(self, origin: Origin) -> Address:
        async with self._lock:
            if origin not in self._listeners:
                made = self._listeners[origin] = listener()
                await self.services.serve(made, origin, tls=True)
            address: Address = self._listeners[origin].getsockname()
            return address

    async def close(self) -> None:
        for made in self._listeners.values():
            await self.services.unserve(made)
        self._listeners.clear()


@dataclass
class Doors:
    """One VM's. `hosts`: its /etc/hosts; `inlet`: the port that stands for 443."""

    azure: Azure
    network_id: str
    hosts: Path
    inlet: int = 0
    proxy: str = ""
    _servers: list[asyncio.Server] = field(default_factory=list)

    async def open(self, custom_data: bytes) -> bytes:
        """Starts the proxy and what the custom data calls for; gives that data with the doors' addresses in it."""
        spare = listener()
        self.inlet = spare.getsockname()[1]
        spare.close()  # the node listens there itself
        self.proxy = f"http://{HOST}:{await self._serve(self._connect)}"
        for name in {found.decode() for found in AZURE_HOST.findall(custom_data)}:
            port = await self._serve(self._forward_to(name))
            custom_data = custom_data.replace(f"{name}:443".encode(), f"{HOST}:{port}".encode())
        return custom_data.replace(INLET, f"{HOST}:{self.inlet}".encode())

    async def _serve(self, handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]) -> int:
        made = listener()
        self._servers.append(await asyncio.start_server(handle, sock=made))  # type: ignore[arg-type]
        port: int = made.getsockname()[1]
        return port

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """CONNECT HOST:PORT, as a client of a proxy says it."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError, ValueError):
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _HEAD_SECONDS)
            method, target, _ = head.decode("latin-1").split(" ", 2)
            there = await self._lead(target.rpartition(":")[0]) if method == "CONNECT" else None
            if there is not None:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await _join(reader, writer, there)
                return
            writer.write(b"HTTP/1.1 502 No such host in this network\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
        writer.close()

    def _forward_to(self, name: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]:
        async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there = await self._lead(name)
            if there is None:
                writer.close()
            else:
                await _join(reader, writer, there)

        return forward

    async def _lead(self, name: str) -> Address | None:
        for line in self.hosts.read_text().splitlines():
            address, *names = line.split() or [""]
            if name in names and address == HOST:
                return HOST, self.inlet
        return await self.azure.reach(self.network_id, name)

    async def close(self) -> None:
        for server in self._servers:
            server.close()


async def _join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, there: Address) -> None:
    """Carries bytes both ways until both ends have hung up."""
    try:
        far_reader, far_writer = await asyncio.open_connection(*there)
    except OSError:
        writer.close()
        return
    await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
    for end in (writer, far_writer):
        end.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while block := await reader.read(_BLOCK):
            writer.write(block)
            await writer.drain()
        writer.write_eof()
