"""The network in namespaces: implements `fabric.Fabric` for the modes rootns and userns."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path

from localcloud.fabric import AZURE_PUBLIC, Machine, Mode, Origin, Ran, Services, Topology
from localcloud.network.dns import linked_zones
from localcloud.network.guest import kernel
from localcloud.network.image import Image
from localcloud.network.internet import Internet
from localcloud.network.machines import VirtualMachine, unknown
from localcloud.network.router import Router, Wanted
from localcloud.network.spaces import Space

_PUBLIC_PORT = 443


class Network:
    """To be used in the outer namespaces (`enter`). `directory`: disks are kept there, in memory."""

    def __init__(self, services: Services, directory: Path, image: Image, mode: Mode) -> None:
        self.mode: Mode = mode
        self._services = services
        self._disks = directory / "machines"
        self._image = image
        self._lock = asyncio.Lock()
        self._internet: Internet | None = None
        self._public: socket.socket | None = None
        self._routers: dict[str, Router] = {}
        self._machines: dict[str, VirtualMachine] = {}
        self._topology = Topology()

    async def apply(self, topology: Topology) -> None:
        async with self._lock:
            internet = await self._opened()
            wanted = {part.network.id: part for part in _parts(topology)}
            for identifier in [known for known in self._routers if known not in wanted]:
                await self._routers.pop(identifier).close()
            for identifier, part in wanted.items():
                if identifier not in self._routers:
                    self._routers[identifier] = Router(identifier, internet, self._services)
                await self._routers[identifier].become(part)
            self._topology = topology

    async def _opened(self) -> Internet:
        """The internet with Azure in it, made when it is needed first."""
        if self._internet is None:
            self._disks.mkdir(parents=True, exist_ok=True)
            # In memory and mounted in the outer namespace: whatever ends the world, no disk is left on the host.
            kernel.mount("tmpfs", str(self._disks), "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=755")
            self._internet = Internet()
            self._public = self._internet.listen(AZURE_PUBLIC, _PUBLIC_PORT)
            await self._services.serve(self._public, Origin("public"), tls=True)
        return self._internet

    async def boot(self, machine: Machine) -> None:
        """Raises LookupError for an interface that was not applied, BootError when the VM does not come up."""
        known = self._machines.get(machine.id)
        if known is None:
            name = hashlib.sha256(machine.id.encode()).hexdigest()[:16]
            known = self._machines[machine.id] = VirtualMachine(machine, self._disks / name, self._image)
        await known.boot(self._card(machine).descriptor)

    def _card(self, machine: Machine) -> Space:
        for router in self._routers.values():
            card = router.card(machine.interface_id)
            if card is not None:
                return card
        raise LookupError(f"{machine.interface_id} was never applied")

    def _known(self, machine_id: str) -> VirtualMachine:
        if machine_id not in self._machines:
            raise unknown(machine_id)
        return self._machines[machine_id]

    async def power_off(self, machine_id: str) -> None:
        await self._known(machine_id).power_off()

    async def power_on(self, machine_id: str) -> None:
        known = self._known(machine_id)
        await known.boot(self._card(known.machine).descriptor)

    async def delete(self, machine_id: str) -> None:
        known = self._machines.pop(machine_id, None)
        if known is not None:
            await known.delete()

    async def run(self, machine_id: str, script: str, seconds: float) -> Ran:
        return await self._known(machine_id).run(script, seconds)

    async def public_listener(self, address: str, port: int) -> socket.socket:
        async with self._lock:
            return (await self._opened()).listen(address, port)

    def census(self) -> dict[str, int]:
        return {
            "networks": len(self._routers),
            "interfaces": len(self._topology.interfaces),
            "endpoints": len(self._topology.endpoints),
            "zones": len(self._topology.zones),
            "machines": len(self._machines),
            "processes": sum(machine.processes() for machine in self._machines.values()),
        }

    async def close(self) -> None:
        await asyncio.gather(*(self.delete(identifier) for identifier in list(self._machines)))
        if self._internet is None:
            return
        await self.apply(Topology())
        async with self._lock:
            if self._public is not None:
                await self._services.unserve(self._public)
            self._internet.close()
            self._internet = None
            kernel.unmount(str(self._disks))
            self._disks.rmdir()


def _parts(topology: Topology) -> Iterator[Wanted]:
    for network in topology.networks:
        subnets = {subnet.id for subnet in network.subnets}
        yield Wanted(
            network,
            tuple(interface for interface in topology.interfaces if interface.subnet_id in subnets),
            tuple(endpoint for endpoint in topology.endpoints if endpoint.subnet_id in subnets),
            linked_zones(topology, network.id),
        )
