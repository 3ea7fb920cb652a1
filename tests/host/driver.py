"""Starts a host as a process, and speaks to one as any client does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from localcloud.client import Answer, call
from localcloud.host.write import TERMINAL

FEATURES = Path(__file__).parent / "features"
ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0
MANAGEMENT = "/runtime/webhooks/durabletask"
Json = dict[str, Any]


def until(true: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """The first true value: between two looks at another process there is nothing to wait on but the clock."""
    deadline = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < deadline, "it did not come true in time"
        threading.Event().wait(0.02)
    return value


class Host:
    """A Functions host at a base URL."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def call(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        return call(method, self.url + path, body, dict(headers or {}))

    def manage(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        return self.call(method, MANAGEMENT + path, body, **more)

    def start(self, name: str, given: Any = None, instance: str | None = None) -> str:
        """Starts an orchestration as the SDK's client does; its id."""
        answer = self.call("POST", f"/api/begin/{name}", {"id": instance, "input": given})
        assert answer.status == 202, answer.text
        return str(answer.json()["id"])

    def status(self, instance: str, query: str = "") -> Json:
        document: Json = self.manage("GET", f"/instances/{instance}{query}").json()
        return document

    def settled(self, instance: str) -> Json:
        """The instance's status once it is over."""

        def look() -> Json | None:
            status = self.status(instance)
            return status if status["runtimeStatus"] in TERMINAL else None

        found: Json = until(look)
        return found

    def ran(self, name: str, given: Any = None) -> Json:
        """Runs an orchestration to its end."""
        return self.settled(self.start(name, given))

    def output(self, name: str, given: Any = None) -> Any:
        status = self.ran(name, given)
        assert status["runtimeStatus"] == "Completed", status["output"]
        return status["output"]

    def failure(self, name: str, given: Any = None) -> str:
        status = self.ran(name, given)
        assert status["runtimeStatus"] == "Failed", status
        return str(status["output"])

    def events(self, instance: str) -> list[Json]:
        history: list[Json] = self.status(instance, "?showHistory=true&showHistoryOutput=true")["historyEvents"]
        return history


class Running:
    """A host process, with a database of its own unless one is given; may be killed and started again."""

    def __init__(
        self,
        folder: Path,
        app: Path = FEATURES,
        settings: Mapping[str, str] | None = None,
        command: tuple[str, ...] = ("-m", "localcloud.host"),
        more: tuple[str, ...] = (),
        database: Path | None = None,
    ) -> None:
        self.folder, self.app, self.command, self.more = folder, app, command, more
        self.database = database or folder / "hub.db"
        self.effects = folder / "effects"
        self.settings = {"FEATURES_EFFECTS": str(self.effects), "FEATURES_SCHEDULE": "0 0 0 1 1 *"} | dict(
            settings or {}
        )

    def __enter__(self) -> Running:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        words = [sys.executable, *self.command, str(self.app), "--db", str(self.database), "--port", "0", *self.more]
        with (self.folder / "host.log").open("a") as log:
            self.process = subprocess.Popen(
                words,
                cwd=ROOT,
                env=os.environ | {"PYTHONPATH": str(ROOT)} | self.settings,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.host = Host(json.loads(line)["url"] if line else "")

    @property
    def came_up(self) -> bool:
        return bool(self.host.url)

    @property
    def log(self) -> str:
        return (self.folder / "host.log").read_text()

    def traces(self) -> list[str]:
        """What activities did, one line each."""
        return self.effects.read_text().splitlines() if self.effects.exists() else []

    def kill(self) -> None:
        self.process.kill()
        self.ended()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.ended()

    def ended(self) -> int:
        code = self.process.wait(PATIENCE)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


def fresh() -> str:
    """An instance id of its own."""
    return uuid.uuid4().hex
