"""The network where there are no namespaces: every VM is a folder and processes of the host.

Nothing is isolated: no NSG, no NAT, no private addresses, no DNS of its own. A VM reaches Azure through doors of its
own (`doors.py`), and its identity at an address of its own in AZURE_POD_IDENTITY_AUTHORITY_HOST.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import socket
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from localcloud.fabric import Machine, Mode, Origin, Ran, Services, Topology
from localcloud.network import scripts
from localcloud.network.doors import HOST, Azure, Doors, listener
from localcloud.network.guest import place
from localcloud.network.image import Image, write_folder
from localcloud.network.machines import BootError, guest_command, unknown

IDENTITY_VARIABLE = "AZURE_POD_IDENTITY_AUTHORITY_HOST"


@dataclass
class _Folder:
    """A VM: `imds` is its own way to the metadata service; `process` guards its processes, None while it is off."""

    machine: Machine
    root: Path
    imds: socket.socket
    doors: Doors
    process: asyncio.subprocess.Process | None = None

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.returncode is None

    @property
    def environment(self) -> dict[str, str]:
        return {place.ROOT_VARIABLE: str(self.root), "PATH": os.environ.get("PATH", place.SEARCH_PATH)}


class Loopback:
    """`directory`: the VMs' folders are made there and removed with them."""

    mode: Mode = "loopback"

    def __init__(self, services: Services, directory: Path, image: Image) -> None:
        self._services = services
        self._folders = directory / "machines"
        self._image = image
        self._lock = asyncio.Lock()
        self._machines: dict[str, _Folder] = {}
        self._topology = Topology()
        self._numbers = count(1)
        self._azure = Azure(services, lambda: self._topology)

    async def apply(self, topology: Topology) -> None:
        self._topology = topology

    async def boot(self, machine: Machine) -> None:
        async with self._lock:
            known = self._machines.get(machine.id)
            if known is not None:
                await self._start(known, first=False)
                return
            network_id = self._network_of(machine.interface_id)
            imds = listener()
            folder = self._folders / hashlib.sha256(machine.id.encode()).hexdigest()[:16]
            doors = Doors(self._azure, network_id, folder / "etc/hosts")
            known = self._machines[machine.id] = _Folder(machine, folder, imds, doors)
            origin = Origin("imds", network_id=network_id, interface_id=machine.interface_id)
            await self._services.serve(imds, origin, tls=False)
            custom_data = await doors.open(machine.custom_data)
            more = {
                IDENTITY_VARIABLE: f"http://{HOST}:{imds.getsockname()[1]}",
                "HTTPS_PROXY": doors.proxy,
                "NO_PROXY": f"{HOST},localhost",
            }
            write_folder(folder, self._image, machine.name, custom_data, more)
            await self._start(known, first=True)

    def _network_of(self, interface_id: str) -> str:
        subnets = {subnet.id: network.id for network in self._topology.networks for subnet in network.subnets}
        for interface in self._topology.interfaces:
            if interface.id == interface_id:
                return subnets[interface.subnet_id]
        raise LookupError(f"{interface_id} was never applied")

    async def _start(self, known: _Folder, *, first: bool) -> None:
        if known.running:
            return
        shutil.rmtree(known.root / "run", ignore_errors=True)
        with (known.root / "var/log/console.log").open("ab") as console:
            # Its input is a pipe that nothing is written to: when it closes, this process is gone.
            known.process = await asyncio.create_subprocess_exec(
                *guest_command(self._image.python, "keeper", "first" if first else "again"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=console,
                env=known.environment,
                start_new_session=True,
            )
        assert known.process.stdout is not None
        if not await known.process.stdout.readline():
            raise BootError(f"{known.machine.name}: {(known.root / 'var/log/console.log').read_text()[-2000:]}")

    def _known(self, machine_id: str) -> _Folder:
        if machine_id not in self._machines:
            raise unknown(machine_id)
        return self._machines[machine_id]

    async def power_off(self, machine_id: str) -> None:
        await self._stop(self._known(machine_id))

    async def _stop(self, known: _Folder) -> None:
        process, known.process = known.process, None
        if process is not None:
            assert process.stdin is not None
            process.stdin.close()
            await process.wait()

    async def power_on(self, machine_id: str) -> None:
        async with self._lock:
            await self._start(self._known(machine_id), first=False)

    async def delete(self, machine_id: str) -> None:
        known = self._machines.pop(machine_id, None)
        if known is not None:
            await self._stop(known)
            await self._services.unserve(known.imds)
            await known.doors.close()
            await asyncio.to_thread(shutil.rmtree, known.root, ignore_errors=True)

    async def run(self, machine_id: str, script: str, seconds: float) -> Ran:
        known = self._known(machine_id)
        if not known.running:
            raise unknown(machine_id)
        file = known.root / f"run-command-{next(self._numbers)}.sh"
        file.touch(0o700)
        file.write_text(place.relocate(script, str(known.root)))
        try:
            command = guest_command(self._image.python, "here", str(file))
            return await scripts.run(command, seconds, environment=known.environment)
        finally:
            file.unlink(missing_ok=True)

    async def public_listener(self, address: str, port: int) -> socket.socket:
        """On the loopback address instead: at the same port if that is free, else at any."""
        try:
            return listener(port)
        except OSError:
            return listener()

    def census(self) -> dict[str, int]:
        return {
            "networks": len(self._topology.networks),
            "interfaces": len(self._topology.interfaces),
            "endpoints": len(self._topology.endpoints),
            "zones": len(self._topology.zones),
            "machines": len(self._machines),
            "processes": sum(known.running for known in self._machines.values()),
        }

    async def close(self) -> None:
        for identifier in list(self._machines):
            await self.delete(identifier)
        await self._azure.close()
        self._topology = Topology()
        with contextlib.suppress(OSError):
            self._folders.rmdir()
