"""The world: Azure, networks, VMs and the Ockam project in one process, which everything in it dies with.

`python -m localcloud.world DIRECTORY --sockets PROXY,OCKAM` is started by the conductor, which made the two
listening sockets on loopback before, so that they stay reachable when this process has left for namespaces of
its own. When everything serves, it prints one JSON line: mode, control URL, and the app settings.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path

from localcloud import ockam
from localcloud.azure import Certificates, LocalAzure, SystemClock
from localcloud.fabric import OCKAM_PORT, OCKAM_PUBLIC, DnsAnswer, Fabric, Mode, Origin
from localcloud.network import Image, Loopback, Network, enter, find_mode
from localcloud.ockam import OckamCommand

ROOT = Path(__file__).resolve().parent.parent
PROJECT_NAME = "project.ockam.example"


class Internet:
    """The services of the local internet: Azure's, and the name of the Ockam project."""

    azure: LocalAzure

    async def serve(self, listener: socket.socket, origin: Origin, *, tls: bool) -> None:
        await self.azure.serve(listener, origin, tls=tls)

    async def unserve(self, listener: socket.socket) -> None:
        await self.azure.unserve(listener)

    def resolve(self, name: str) -> DnsAnswer | None:
        if name == PROJECT_NAME:
            return DnsAnswer("A", OCKAM_PUBLIC)
        return self.azure.resolve(name)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m localcloud.world", description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--sockets", required=True, help="file descriptors of the two listeners: proxy,ockam")
    parser.add_argument("--mode", choices=("rootns", "userns", "loopback"))
    parser.add_argument("--speed", type=float, default=0.02)
    arguments = parser.parse_args()
    proxy, project = (socket.socket(fileno=int(number)) for number in arguments.sockets.split(","))
    mode = find_mode(arguments.mode)
    enter(mode)
    asyncio.run(serve(arguments.directory, mode, arguments.speed, proxy, project))


async def serve(directory: Path, mode: Mode, speed: float, proxy: socket.socket, project_socket: socket.socket) -> None:
    """Runs everything until SIGTERM or SIGINT."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    directory.mkdir(parents=True, exist_ok=True)
    certificates = Certificates(directory / "certificates")
    certificates.make()
    project = ockam.Project(directory / "ockam-project", PROJECT_NAME, time.time)
    internet, command = Internet(), ockam.choose(os.environ["PATH"], ROOT)
    image = _image(command, certificates)
    fabric = _fabric(internet, directory / "machines", mode, image)
    internet.azure = LocalAzure(fabric=fabric, certificates=certificates, clock=SystemClock(), speed=speed)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(fabric.close)
        stack.push_async_callback(project.close)
        stack.push_async_callback(internet.azure.close)
        await internet.azure.start()
        for listener in (proxy, project_socket):
            listener.setblocking(False)
        await internet.azure.proxy(proxy)
        await project.serve(project_socket)
        home, near = directory / "ockam-administrator", project_socket.getsockname()
        far = near
        if mode != "loopback":
            await project.serve(await fabric.public_listener(OCKAM_PUBLIC, OCKAM_PORT))
            far = (PROJECT_NAME, OCKAM_PORT)
        ockam.administrator_home(home, project, near, far)
        settings = internet.azure.settings() | _ockam_settings(command, directory, home)
        ready = {
            "event": "ready",
            "mode": mode,
            "ockam": command.label,
            "control": settings["HTTP_PROXY"],
            "settings": settings,
        }
        print(json.dumps(ready), flush=True)  # noqa: T201 (the conductor reads it)
        await ended.wait()


def _image(command: OckamCommand, certificates: Certificates) -> Image:
    python = Path(sys.executable)
    files = {
        "/usr/local/bin/ockam": command.script,
        "/usr/local/bin/python3.12": f'#!/bin/sh\nexec {python} "$@"\n',
    }
    return Image(python=python, ca=certificates.bundle.read_bytes(), files=files)


def _fabric(internet: Internet, directory: Path, mode: Mode, image: Image) -> Fabric:
    if mode == "loopback":
        return Loopback(internet, directory, image)
    return Network(internet, directory, image, mode)


def _ockam_settings(command: OckamCommand, directory: Path, home: Path) -> dict[str, str]:
    """The stand-in is put on the app's PATH, with an administrator's home; the real command has its user's own."""
    if not command.stand_in:
        return {}
    script = directory / "bin" / "ockam"
    script.parent.mkdir()
    script.write_text(command.script)
    script.chmod(0o755)
    return {"OCKAM_HOME": str(home), "PATH": f"{os.environ['PATH']}:{script.parent}"}


if __name__ == "__main__":
    main()
