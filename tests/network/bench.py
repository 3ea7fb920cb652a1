"""A small network for tests: fake services, a topology that is easy to change, scenarios in namespaces of their own.

A scenario is an async function of a `Bench`; `run` calls it in a process that has entered the outer namespaces.
"""

from __future__ import annotations

import asyncio
import importlib
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from socket import socket

import pytest

from localcloud.fabric import (
    AZURE_PUBLIC,
    DnsAnswer,
    Fabric,
    Interface,
    Machine,
    Mode,
    Origin,
    PrivateEndpoint,
    PrivateZone,
    Ran,
    Subnet,
    Topology,
    VirtualNetwork,
    ZoneLink,
)
from localcloud.network import Image, Loopback, Network, enter, why_not

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 90
UNAVAILABLE = 77
HOST = "acme.openai.azure.com"
PRIVATE = "acme.privatelink.openai.azure.com"
GATEWAY = "198.18.0.1"

FETCH = f"""\
#!{sys.executable} -IS
# fetch HOST PORT [PATH]: the body of the answer, or "unreachable" and exit code 1, within a second.
import http.client, sys
try:
    connection = http.client.HTTPConnection(sys.argv[1], int(sys.argv[2]), timeout=1)
    connection.request("GET", (sys.argv[3:] or ["/"])[0])
    print(connection.getresponse().read().decode())
except OSError as error:
    sys.exit(f"unreachable: {{error}}")
"""
SERVE = f"""\
#!{sys.executable} -IS
# serve PORT: answers "here is NAME, to PEER" for ever; prints a line once it listens.
import http.server, socket, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
        self.wfile.write(f"here is {{socket.gethostname()}}, to {{self.client_address[0]}}".encode())
server = http.server.HTTPServer(("0.0.0.0", int(sys.argv[1])), Handler)
print("listening", flush=True)
server.serve_forever()
"""
SERVICE = """\
cat > /etc/systemd/system/web.service <<END
[Service]
ExecStart=/usr/local/bin/serve 2222
[Install]
WantedBy=multi-user.target
END
systemctl enable --now web
until fetch 127.0.0.1 2222; do :; done
"""


class FakeServices:
    """Answers every request with where the caller came from, and knows one name, which leads to a private link."""

    def __init__(self) -> None:
        self.served: dict[socket, tuple[asyncio.Server, Origin, bool]] = {}

    async def serve(self, listener: socket, origin: Origin, *, tls: bool) -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                await reader.readuntil(b"\r\n\r\n")
                said = f"{origin.kind} {origin.network_id} {origin.interface_id} {writer.get_extra_info('peername')[0]}"
                writer.write(f"HTTP/1.0 200 OK\r\n\r\n{said}".encode())
                await writer.drain()
            writer.close()

        self.served[listener] = (await asyncio.start_server(answer, sock=listener), origin, tls)

    async def unserve(self, listener: socket) -> None:
        self.served.pop(listener)[0].close()

    def resolve(self, name: str) -> DnsAnswer | None:
        known = {HOST: DnsAnswer("CNAME", PRIVATE), PRIVATE: DnsAnswer("A", AZURE_PUBLIC)}
        return known.get(name)

    def kinds(self) -> list[str]:
        return sorted(origin.kind for _, origin, _ in self.served.values())


def image(**more: str) -> Image:
    files = {"/usr/local/bin/fetch": FETCH, "/usr/local/bin/serve": SERVE}
    return Image(python=Path(sys.executable), ca=b"the local CA\n", files=files, environment=more)


def two_networks() -> Topology:
    """ "left" and "right", with the same address space. Left has a NAT gateway, two cards and a private endpoint."""
    prefixes = ("10.0.0.0/16",)
    return Topology(
        networks=(
            VirtualNetwork("left", prefixes, (Subnet("left/nodes", "10.0.0.0/24", None, GATEWAY),)),
            VirtualNetwork("right", prefixes, (Subnet("right/nodes", "10.0.0.0/24"),)),
        ),
        interfaces=(
            Interface("left/a", "left/nodes", "10.0.0.4"),
            Interface("left/b", "left/nodes", "10.0.0.6"),
            Interface("right/a", "right/nodes", "10.0.0.4"),
        ),
        endpoints=(PrivateEndpoint("left/endpoint", "left/nodes", "10.0.0.5", "account"),),
    )


def zone(*networks: str, records: bool = True, redirect: bool = False) -> PrivateZone:
    found = {"acme": ("10.0.0.5",)} if records else {}
    links = tuple(ZoneLink(network, redirect) for network in networks)
    return PrivateZone("zone", "privatelink.openai.azure.com", found, links)


class Bench:
    def __init__(self, fabric: Fabric, services: FakeServices, directory: Path) -> None:
        self.fabric = fabric
        self.services = services
        self.directory = directory
        self.topology = two_networks()

    async def change(self, **parts: object) -> None:
        """Applies the topology with these parts replaced."""
        self.topology = replace(self.topology, **parts)  # type: ignore[arg-type]
        await self.fabric.apply(self.topology)

    async def subnet(self, identifier: str, **parts: object) -> None:
        """Applies the topology with a subnet changed."""
        networks = tuple(
            replace(
                network,
                subnets=tuple(
                    replace(subnet, **parts) if subnet.id == identifier else subnet  # type: ignore[arg-type]
                    for subnet in network.subnets
                ),
            )
            for network in self.topology.networks
        )
        await self.change(networks=networks)

    async def card(self, identifier: str, **parts: object) -> None:
        """Applies the topology with an interface changed."""
        cards = tuple(
            replace(card, **parts) if card.id == identifier else card  # type: ignore[arg-type]
            for card in self.topology.interfaces
        )
        await self.change(interfaces=cards)

    async def boot(self, card: str, custom_data: str = "") -> None:
        """A VM with the id and the name of its interface."""
        await self.fabric.boot(Machine(card, card.replace("/", "-"), card, custom_data.encode()))

    async def run(self, machine: str, script: str, seconds: float = 20) -> Ran:
        return await self.fabric.run(machine, script, seconds)

    async def said(self, machine: str, script: str) -> str:
        """Output of a script that must succeed."""
        ran = await self.run(machine, script)
        assert ran.exit_code == 0, f"{script}: {ran}"
        return ran.output.strip()

    async def unreachable(self, machine: str, address: str, port: int) -> bool:
        ran = await self.run(machine, f"fetch {address} {port}")
        return ran.exit_code == 1 and "unreachable" in ran.error

    async def finished(self, machine: str) -> None:
        """Until cloud-init has done its part."""
        await self.said(machine, "until [ -e /var/lib/cloud/instance/boot-finished ]; do sleep 0.02; done")


Scenario = Callable[[Bench], Awaitable[None]]


def run(scenario: Scenario, mode: Mode = "rootns") -> None:
    """Runs the scenario in a process of its own, and skips the test where the machine does not allow the mode."""
    name = f"{scenario.__module__}:{scenario.__name__}"
    command = [sys.executable, "-m", "tests.network.bench", name, mode]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
    if done.returncode == UNAVAILABLE:
        pytest.skip(f"{mode}: {done.stdout.strip()}")
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def main(name: str, mode: Mode) -> None:
    if mode != "loopback" and (refused := why_not(mode)):
        sys.stdout.write(refused)
        sys.exit(UNAVAILABLE)
    enter(mode)
    module, _, function = name.partition(":")
    asyncio.run(play(getattr(importlib.import_module(module), function), mode))


async def play(scenario: Scenario, mode: Mode) -> None:
    services = FakeServices()
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        fabric: Fabric
        if mode == "loopback":
            fabric = Loopback(services, directory, image(COLOUR="green"))
        else:
            fabric = Network(services, directory, image(COLOUR="green"), mode)
        bench = Bench(fabric, services, directory)
        try:
            await fabric.apply(bench.topology)
            await scenario(bench)
        finally:
            await fabric.close()
        assert services.served == {}, "something is still served"
        assert list(directory.iterdir()) == [], "something is left on the disk"


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])  # type: ignore[arg-type]
