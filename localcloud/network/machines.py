"""VMs as processes: one with its own namespaces, which is started, run things in, and ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
from itertools import count
from pathlib import Path

from localcloud.fabric import Machine, Ran
from localcloud.network import scripts
from localcloud.network.image import GUEST, Image, write_disk

_CALL = "import sys; sys.path.append({path!r}); from guest.{module} import main; main(*sys.argv[1:])"
_LIGHT = ("joining", "here")
"""Modules that need nothing but the standard library, and start faster without looking for more."""


class BootError(RuntimeError):
    """The VM did not come up; the message says why."""


def guest_command(python: Path, module: str, *arguments: str) -> list[str]:
    """The command line that runs a module of `guest`."""
    isolated = "-IS" if module in _LIGHT else "-I"
    return [str(python), isolated, "-c", _CALL.format(path=str(GUEST), module=module), *arguments]


def unknown(machine_id: str) -> LookupError:
    return LookupError(f"{machine_id} is not running")


class VirtualMachine:
    """One VM and its disk, below `folder`."""

    def __init__(self, machine: Machine, folder: Path, image: Image) -> None:
        self.machine = machine
        self._folder = folder
        self._image = image
        self._process: asyncio.subprocess.Process | None = None
        self._init: int | None = None
        self._booted = False
        self._lock = asyncio.Lock()
        self._numbers = count(1)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def boot(self, card: int) -> None:
        """Starts it if it doesn't run: for the first time with a new disk. Raises BootError.

        card: descriptor of its interface's network namespace
        """
        async with self._lock:
            if self.running:
                return
            if not self._booted:
                # Whatever an attempt that failed has left.
                shutil.rmtree(self._folder, ignore_errors=True)
                write_disk(self._disk, self._changes, self._image, self.machine.name, self.machine.custom_data)
            await self._start(card, first=not self._booted)
            self._booted = True

    @property
    def _disk(self) -> Path:
        return self._folder / "disk"

    @property
    def _changes(self) -> Path:
        return self._folder / "changes"

    async def _start(self, card: int, *, first: bool) -> None:
        spec = {
            "name": self.machine.name,
            "namespace": card,
            "disk": str(self._disk),
            "changes": str(self._changes),
            "visible": self._image.visible,
            "first": first,
        }
        with (self._folder / "start.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *guest_command(self._image.python, "init", json.dumps(spec)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                pass_fds=(card,),
                start_new_session=True,
            )
        assert process.stdout is not None
        line = await process.stdout.readline()
        told = json.loads(line) if line else {"error": (self._folder / "start.log").read_text()[-2000:]}
        if "init" not in told:
            await process.wait()
            raise BootError(f"{self.machine.name}: {told['error']}")
        self._process, self._init = process, int(told["init"])

    async def power_off(self) -> None:
        """As if the plug were pulled: with its first process the kernel ends all others."""
        async with self._lock:
            process, self._process = self._process, None
            if process is None or self._init is None:
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._init, signal.SIGKILL)
            await process.wait()

    async def run(self, script: str, seconds: float) -> Ran:
        """Raises LookupError when the VM doesn't run."""
        if not self.running:
            raise unknown(self.machine.id)
        path = f"/var/lib/waagent/run-command/{next(self._numbers)}/script.sh"
        file = self._disk / path.lstrip("/")
        file.parent.mkdir(parents=True)
        file.write_text(script)
        file.chmod(0o700)
        try:
            return await scripts.run(guest_command(self._image.python, "joining", str(self._init), path), seconds)
        finally:
            # Protected parameters stand in the script.
            shutil.rmtree(file.parent, ignore_errors=True)

    async def delete(self) -> None:
        await self.power_off()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    def processes(self) -> int:
        """How many processes run in it."""
        if not self.running:
            return 0
        try:
            return sum(entry.name.isdigit() for entry in Path(f"/proc/{self._init}/root/proc").iterdir())
        except OSError:
            return 0
