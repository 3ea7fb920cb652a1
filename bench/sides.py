"""The two sides: each a process of its own, driven from outside by its own protocol (HTTP; gRPC)."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from durabletask.client import OrchestrationStatus, TaskHubGrpcClient

ROOT = Path(__file__).resolve().parents[1]
APP = ROOT / "bench" / "host_app"
MANAGEMENT = "/runtime/webhooks/durabletask"
RUNNING = "Pending,Running,ContinuedAsNew"
PATIENCE = 600.0


class Side(ABC):
    """One of the two, running from its making to `close`."""

    name: str

    def __init__(self, words: list[str], log: Path) -> None:
        with log.open("a") as lines:
            self._process = subprocess.Popen(
                [sys.executable, *words], cwd=ROOT, env=_plain(), stdout=subprocess.PIPE, stderr=lines, text=True
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} did not start; see {log}")
        self.url = str(json.loads(line)["url"])

    @abstractmethod
    def start(self, name: str, given: Any) -> str:
        """Starts an orchestration; gives its id."""

    @abstractmethod
    def wait(self, instance: str) -> None:
        """Returns when the orchestration has completed. Raises RuntimeError if it ended otherwise."""

    @abstractmethod
    def wait_all(self, instances: list[str]) -> None:
        """Returns when all have completed."""

    def memory(self) -> int:
        """Resident bytes of the process."""
        text = Path(f"/proc/{self._process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", text)
        assert found is not None
        return int(found[1]) * 1024

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()


class LocalHost(Side):
    """The local Functions host."""

    name = "local host"
    LOOK_SECONDS = 0.002

    def __init__(self, folder: Path) -> None:
        words = ["-m", "localcloud.host", str(APP), "--port", "0", "--db", str(folder / "hub.db")]
        super().__init__(words, folder / "host.log")
        self._connection = HTTPConnection(self.url.removeprefix("http://"))

    def _call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body)
        self._connection.request(method, MANAGEMENT + path, data, {"Content-Type": "application/json"})
        with self._connection.getresponse() as answer:
            return answer.status, json.loads(answer.read())

    def start(self, name: str, given: Any) -> str:
        # As the SDK's client sends inputs: JSON text in JSON.
        return str(self._call("POST", f"/orchestrators/{name}", json.dumps(given))[1]["id"])

    def wait(self, instance: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while (found := self._call("GET", f"/instances/{instance}?showInput=false"))[0] == 202:
            _pause(self.LOOK_SECONDS, deadline)
        if found[1]["runtimeStatus"] != "Completed":
            raise RuntimeError(f"{instance}: {found[1]}")

    def wait_all(self, instances: list[str]) -> None:
        deadline = time.monotonic() + PATIENCE
        while self._call("GET", f"/instances?top=1&showInput=false&runtimeStatus={RUNNING}")[1]:
            _pause(0.01, deadline)
        self.wait(instances[-1])

    def close(self) -> None:
        self._connection.close()
        super().close()


class InMemory(Side):
    """durabletask's in-memory backend with its worker."""

    name = "in memory"

    def __init__(self, folder: Path) -> None:
        super().__init__(["-m", "bench.in_memory"], folder / "in_memory.log")
        quiet = logging.getLogger("bench.in_memory")
        quiet.setLevel(logging.WARNING)
        self._client = TaskHubGrpcClient(host_address=self.url, logger=quiet)

    def start(self, name: str, given: Any) -> str:
        return self._client.schedule_new_orchestration(name, input=given)

    def wait(self, instance: str) -> None:
        state = self._client.wait_for_orchestration_completion(instance, timeout=int(PATIENCE))
        if state is None or state.runtime_status is not OrchestrationStatus.COMPLETED:
            raise RuntimeError(f"{instance}: {state}")

    def wait_all(self, instances: list[str]) -> None:
        for instance in instances:
            self.wait(instance)


def _pause(seconds: float, deadline: float) -> None:
    if time.monotonic() > deadline:
        raise TimeoutError("the orchestrations did not come to their end in time")
    time.sleep(seconds)


def _plain() -> dict[str, str]:
    """The environment without proxies: both sides are on loopback."""
    return {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
