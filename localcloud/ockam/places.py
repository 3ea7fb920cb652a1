"""The directory of a node, and by it the node's process: is it running, how is it, let it end.

OCKAM_HOME/nodes/NAME/lock      held locked by the node's process for as long as it lives: a process id alone would
                                be somebody else's after a reboot
OCKAM_HOME/nodes/NAME/pid, status.json, log
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.ockam import files
from localcloud.ockam.home import Home

END_SECONDS = 5.0
GLANCE_SECONDS = 0.2
"""Whoever only looks whether a node runs has its lock for a moment."""
LOOK_EVERY = 0.01


class NodeError(Exception):
    """A node that did not start, runs already, or is not there."""


@dataclass(frozen=True)
class Place:
    """A node's directory."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def log(self) -> Path:
        return self.path / "log"

    @property
    def _pid(self) -> Path:
        return self.path / "pid"

    def claim(self) -> int:
        """The lock, as a file descriptor that this process and its children hold. Raises NodeError if a process runs
        here already."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        deadline = time.monotonic() + GLANCE_SECONDS
        while (lock := self._lock()) is None:
            if time.monotonic() > deadline:
                raise NodeError(f"a node named {self.name} is running already")
            time.sleep(LOOK_EVERY)
        return lock

    def _lock(self) -> int | None:
        lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return None
        return lock

    @property
    def running(self) -> bool:
        if not (self.path / "lock").exists():
            return False
        lock = self._lock()
        if lock is not None:
            os.close(lock)
        return lock is None

    def write_pid(self) -> None:
        files.write(self._pid, f"{os.getpid()}\n")

    def write_status(self, document: dict[str, Any]) -> None:
        files.write(self.path / "status.json", json.dumps(document))

    def status(self) -> dict[str, Any]:
        """What `ockam node show` prints. Nothing of a stopped node is up."""
        try:
            document: dict[str, Any] = json.loads((self.path / "status.json").read_text())
        except FileNotFoundError:
            document = {"inlets": [], "outlets": [], "relays": []}
        running = self.running
        if not running:
            for inlet in document["inlets"]:
                inlet["status"] = "Down"
            for relay in document["relays"]:
                relay["connection_status"] = "Down"
        return {"name": self.name, "status": "running" if running else "stopped"} | document

    def end(self) -> None:
        """Ends the process, if there is one, and removes the directory."""
        for how in (signal.SIGTERM, signal.SIGKILL):
            deadline = time.monotonic() + END_SECONDS
            if self.running:
                with contextlib.suppress(OSError, ValueError):
                    os.kill(int(self._pid.read_text()), how)
            while self.running and time.monotonic() < deadline:
                time.sleep(LOOK_EVERY)
        shutil.rmtree(self.path, ignore_errors=True)


def places(home: Home) -> list[Place]:
    return [Place(path) for path in sorted(home.nodes.iterdir())] if home.nodes.is_dir() else []
