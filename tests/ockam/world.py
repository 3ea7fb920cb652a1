"""A project in a thread of its own, and machines (each an OCKAM_HOME) whose `ockam` command is a real subprocess."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from localcloud.ockam import Project, administrator_home, stand_in_script

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 20.0


def until(true: Callable[[], Any]) -> Any:
    """The first true value; looks as fast as it can (most looks are subprocesses)."""
    deadline = time.monotonic() + PATIENCE
    while not (value := true()):
        assert time.monotonic() < deadline, "it did not come true in time"
        threading.Event().wait(0.005)
    return value


class World:
    """One project, its administrator, and everything that was started by a test."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.now = 1_000_000.0
        self.forwarded = bytearray()
        self.machines: list[Machine] = []
        self.script = directory / "ockam"
        self.script.write_text(stand_in_script(Path(sys.executable), ROOT))
        self.script.chmod(0o755)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.port = 0
        self.start()
        self.administrator = self.machine("administrator", administrator=True)

    def start(self) -> None:
        """(Again) on the same port and from the same state."""
        self.project = Project(
            self.directory / "project", "test", lambda: self.now, watch=lambda block: self.forwarded.extend(block)
        )
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        self.run(self.project.serve(listener))

    def stop(self) -> None:
        self.run(self.project.close())

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    def close(self) -> None:
        for machine in self.machines:
            if (machine.home / "nodes").exists():
                machine("node", "delete", "--all", "--yes")
        self.stop()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def machine(self, name: str, *, administrator: bool = False) -> Machine:
        home = self.directory / name
        if administrator:
            address = ("127.0.0.1", self.port)
            administrator_home(home, self.project, address, address)
        made = Machine(home, self.script)
        self.machines.append(made)
        return made

    def ticket(self, *words: str) -> str:
        done = self.administrator("project", "ticket", *words)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def members(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.administrator.json("project-member", "list", "--output", "json")
        return listed

    def bearer(self, attribute: str) -> str:
        """The identifier of the member with this attribute."""
        return next(str(member["identifier"]) for member in self.members() if attribute in member["attributes"])

    def outlet(self, to: str, *, relay: str = "relay-1", name: str = "outlet") -> Machine:
        """A machine whose outlet for members with `inlet` is up."""
        machine = self.machine(name)
        ticket = self.ticket("--attribute", "outlet", "--relay", relay)
        machine.create({"relay": relay, "tcp-outlet": {"to": to, "allow": "inlet"}}, ticket)
        return machine

    def inlet(self, *, relay: str = "relay-1", name: str = "inlet", allow: str = "outlet") -> tuple[Machine, int]:
        """A machine whose inlet is up, and its port."""
        machine, port = self.machine(name), free_port()
        ticket = self.ticket("--attribute", "inlet")
        machine.create({"tcp-inlet": {"from": f"127.0.0.1:{port}", "via": relay, "allow": allow}}, ticket)
        return machine, port


class Machine:
    """One OCKAM_HOME."""

    def __init__(self, home: Path, script: Path) -> None:
        self.home, self.script = home, script
        self.environment = {"PATH": os.environ["PATH"], "OCKAM_HOME": str(home)}

    def __call__(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.script, *words],
            capture_output=True,
            text=True,
            timeout=60,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
        )

    def json(self, *words: str) -> Any:
        done = self(*words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def create(self, configuration: Any, ticket: str | None = None) -> None:
        words = ["node", "create", json.dumps(configuration)]
        done = self(*words, *(["--enrollment-ticket", ticket] if ticket else []))
        assert done.returncode == 0, done.stderr

    def show(self) -> Any:
        return self.json("node", "show", "--output", "json")

    def log(self) -> str:
        return (self.home / "nodes" / "default" / "log").read_text()

    @property
    def pid(self) -> int:
        return int((self.home / "nodes" / "default" / "pid").read_text())

    def reboot(self) -> None:
        """Everything that ran is gone without a word; the files are still there."""
        os.kill(self.pid, signal.SIGKILL)
        until(lambda: self.show()["status"] == "stopped")


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        return int(server.getsockname()[1])


class Target:
    """What an outlet leads to: a TCP server, one thread a connection, that does with it what `serve` does."""

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self._serve = serve
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        self.callers = 0
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                connected, _ = self._server.accept()
            except OSError:
                return
            self.callers += 1
            thread = threading.Thread(target=self._handle, args=(connected,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _handle(self, connected: socket.socket) -> None:
        with connected:
            connected.settimeout(PATIENCE)
            with suppress(OSError):
                self._serve(connected)

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for thread in self._threads:
            thread.join(PATIENCE)


def everything(connected: socket.socket) -> bytes:
    """What comes until the other side ends its way."""
    blocks = []
    while block := connected.recv(65536):
        blocks.append(block)
    return b"".join(blocks)


def echo_whole(connected: socket.socket) -> None:
    """Answers only when the caller's way has ended: needs half-close."""
    connected.sendall(everything(connected))


def dial(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def through(port: int, data: bytes) -> bytes:
    """Sends everything, ends its way, and gives what came back."""
    with dial(port) as connected:
        sender = threading.Thread(target=_send, args=(connected, data))
        sender.start()
        answer = everything(connected)
        sender.join(PATIENCE)
        return answer


def _send(connected: socket.socket, data: bytes) -> None:
    with suppress(OSError):
        connected.sendall(data)
        connected.shutdown(socket.SHUT_WR)


def refused(port: int) -> bool:
    """The inlet takes the connection and cuts it before anything comes."""
    try:
        with dial(port) as caller:
            return caller.recv(1) == b""
    except ConnectionResetError:
        # It may even come before `connect` has returned.
        return True
