"""The network of mode "none": it keeps what ARM wants and which VMs run, and there is nothing else to it."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from localcloud.fabric import Machine, Mode, Ran, Topology

Runner = Callable[[str, str], Awaitable[Ran]]
"""(machine id, script) -> what it came to."""


async def _silent(machine_id: str, script: str) -> Ran:
    return Ran(0, "", "")


@dataclass
class NoFabric:
    """`runner` answers for scripts; `machines`: those that exist, by id; `running`: those that are on."""

    runner: Runner = _silent
    mode: Mode = "none"
    topology: Topology = field(default_factory=Topology)
    machines: dict[str, Machine] = field(default_factory=dict)
    running: set[str] = field(default_factory=set)

    async def apply(self, topology: Topology) -> None:
        self.topology = topology

    async def boot(self, machine: Machine) -> None:
        known = {interface.id for interface in self.topology.interfaces}
        if machine.interface_id not in known:
            raise LookupError(f"{machine.interface_id} was never applied")
        self.machines[machine.id] = machine
        self.running.add(machine.id)

    async def power_off(self, machine_id: str) -> None:
        self.running.discard(machine_id)

    async def power_on(self, machine_id: str) -> None:
        self.running.add(machine_id)

    async def delete(self, machine_id: str) -> None:
        self.running.discard(machine_id)
        self.machines.pop(machine_id, None)

    async def run(self, machine_id: str, script: str, timeout: float) -> Ran:  # noqa: ASYNC109 - the contract's word
        if machine_id not in self.running:
            raise LookupError(f"{machine_id} is not running")
        return await self.runner(machine_id, script)

    async def public_listener(self, address: str, port: int) -> socket.socket:
        raise OSError(f"there is no network to listen on {address}:{port} in")

    def census(self) -> dict[str, int]:
        return {
            "networks": len(self.topology.networks),
            "interfaces": len(self.topology.interfaces),
            "endpoints": len(self.topology.endpoints),
            "zones": len(self.topology.zones),
            "machines": len(self.machines),
            "processes": 0,
        }

    async def close(self) -> None:
        self.machines.clear()
        self.running.clear()
