"""Starts and ends the local cloud's processes: the world, and the Functions host that runs the app in it.

    conductor ──┬── world   Azure, networks, VMs, the Ockam project; all of it dies with this one process
                └── host    the unmodified app, told of the world by environment variables alone

Both are in sessions of their own, so that Ctrl-C reaches the conductor alone, and both die with it whatever
happens to it. Everything they write is in one temporary directory.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any

ROOT = Path(__file__).resolve().parent.parent
PR_SET_PDEATHSIG = 1
START_SECONDS = 60.0
END_SECONDS = 10.0
APP_SETTINGS = {
    "ISTHMUS_CLEANUP_SCHEDULE": "0 */5 * * * *",
    "ISTHMUS_DRIFT_SCHEDULE": "30 */10 * * * *",
    "ISTHMUS_EVENTS_SCHEDULE": "*/2 * * * * *",
}


class StartError(Exception):
    """A process of the local cloud did not come up; the message has its last words."""


def _die_with_parent() -> None:
    """Runs in the child between fork and exec. Where there is no prctl, only an orderly end is provided for."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@dataclass
class Process:
    """One process of the local cloud, its log kept in a file and its `ready` line waited for."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    log: Path
    sockets: tuple[socket.socket, ...] = ()
    ready: dict[str, Any] = field(default_factory=dict)
    _popen: subprocess.Popen[str] | None = None
    _reader: threading.Thread | None = None

    def start(self) -> dict[str, Any]:
        """Starts it and gives what its ready line said. Raises StartError."""
        self._popen = subprocess.Popen(
            self.command,
            cwd=ROOT,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            pass_fds=[s.fileno() for s in self.sockets],
            preexec_fn=_die_with_parent,
        )
        came = threading.Event()
        assert self._popen.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self._popen.stdout, came), daemon=True)
        self._reader.start()
        if not came.wait(START_SECONDS) or not self.ready:
            self.stop()
            raise StartError(f"the {self.name} did not start:\n{self.last_words()}")
        return self.ready

    def _read(self, lines: IO[str], came: threading.Event) -> None:
        with lines, self.log.open("a") as log:
            for line in lines:
                if not self.ready and (ready := _json(line)):
                    self.ready = ready  # never logged: it has the app's identity in it
                    came.set()
                    continue
                log.write(line)
                log.flush()
        came.set()

    def last_words(self, lines: int = 15) -> str:
        return "\n".join(self.log.read_text().splitlines()[-lines:]) if self.log.exists() else ""

    @property
    def running(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    @property
    def pid(self) -> int:
        assert self._popen is not None
        return self._popen.pid

    def kill(self) -> None:
        """SIGKILL, as a machine that fails would."""
        if self._popen is not None and self.running:
            self._popen.kill()
            self._popen.wait()
            self._finish_log()

    def stop(self) -> None:
        """SIGTERM, then SIGKILL if it doesn't end."""
        if self._popen is None or not self.running:
            return
        self._popen.terminate()
        try:
            self._popen.wait(END_SECONDS)
            self._finish_log()
        except subprocess.TimeoutExpired:
            self.kill()

    def _finish_log(self) -> None:
        """The pipe ends with the last process that has it."""
        if self._reader is not None:
            self._reader.join(END_SECONDS)


def _json(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) and found.get("event") == "ready" else {}


class LocalCloud:
    """The local cloud and the app in it, for as long as the `with` block lasts.

    mode: a lesser network than this machine allows (userns, loopback); None: the best
    speed: seconds here for one typical second of Azure
    app: the folder with function_app.py
    """

    def __init__(
        self,
        *,
        mode: str | None = None,
        speed: float = 0.02,
        app: Path = ROOT,
        port: int = 0,
        settings: Mapping[str, str] | None = None,
        tell: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.mode, self.speed, self.app, self.port, self.tell = mode, speed, app, port, tell
        self.settings = dict(settings or {})
        self.directory = Path(tempfile.mkdtemp(prefix="isthmus-"))
        self.world: Process | None = None
        self.host: Process | None = None

    def __enter__(self) -> LocalCloud:
        try:
            self.start_world()
            self.start_host()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start_world(self) -> None:
        self.tell("starting the local cloud")
        listeners = tuple(socket.create_server(("127.0.0.1", 0)) for _ in range(2))
        command = [sys.executable, "-m", "localcloud.world", str(self.directory / "world"), "--speed", str(self.speed)]
        command += ["--sockets", ",".join(str(listener.fileno()) for listener in listeners)]
        if self.mode:
            command += ["--mode", self.mode]
        self.world = Process("local cloud", command, _clean_environment(), self.directory / "world.log", listeners)
        try:
            self.world.start()
        finally:
            for listener in listeners:
                listener.close()
        self.tell(f"network: {self.world.ready['mode']}; ockam: {self.world.ready['ockam']}")

    def start_host(self, *instead: str) -> None:
        """Starts the Functions host (again): what its database holds is gone on with. `instead`: a module with words of
        its own that runs the host in its own way."""
        assert self.world is not None
        self.tell("starting the Functions host")
        command = [sys.executable, "-m", *(instead or ("localcloud.host",)), str(self.app)]
        command += ["--port", str(self.port), "--db", str(self.database)]
        environment = _clean_environment() | APP_SETTINGS | self.world.ready["settings"] | self.settings
        self.host = Process("Functions host", command, environment, self.directory / "host.log")
        self.host.start()

    @property
    def database(self) -> Path:
        """The Functions host's SQLite file."""
        return self.directory / "host.db"

    @property
    def url(self) -> str:
        """Where the app answers."""
        assert self.host is not None
        return str(self.host.ready["url"])

    @property
    def control(self) -> str:
        """Where the local cloud tells of itself: /localcloud/census and others."""
        assert self.world is not None
        return str(self.world.ready["control"])

    @property
    def network_mode(self) -> str:
        assert self.world is not None
        return str(self.world.ready["mode"])

    def close(self) -> None:
        """Ends both processes and removes the directory."""
        for process in (self.host, self.world):
            if process is not None:
                process.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def _clean_environment() -> dict[str, str]:
    """This process's environment without what would lead Azure clients elsewhere."""
    unwanted = ("AZURE_", "IDENTITY_", "MSI_", "ISTHMUS_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(unwanted)}
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
