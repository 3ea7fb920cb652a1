"""The worker's process, seen from the tests."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

DRIVE = Path(__file__).resolve().parent / "drive.py"


class RefusedError(Exception):
    """The worker does not take the app; the message is its own."""


class Worker:
    """A worker with the app of a folder; `environment`: all that it is started with. Raises RefusedError."""

    def __init__(self, python: Path, folder: Path, environment: Mapping[str, str], log: Path) -> None:
        self._log = log.open("w")
        words = [str(python), str(DRIVE), str(folder)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            words, cwd=folder, env=dict(environment), stdin=pipe, stdout=pipe, stderr=self._log, text=True
        )
        told = self._hear()
        if "refused" in told:
            self.close()
            raise RefusedError(told["refused"])
        self.functions: dict[str, list[dict[str, Any]]] = told["functions"]
        self.capabilities: dict[str, str] = told["capabilities"]

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"the worker ended: {Path(self._log.name).read_text()[-2000:]}"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def invoke(self, function: str, **inputs: Any) -> dict[str, Any]:
        """What the worker answers: status, exception, value."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"function": function, "inputs": inputs}) + "\n")
        self._process.stdin.flush()
        return self._hear()

    def activity(self, name: str, given: Any) -> Any:
        """An activity's result. Raises AssertionError if it failed."""
        answer = self.invoke(name, request={"string": json.dumps(given)})
        assert answer["status"] == "Success", answer["exception"]
        return json.loads(answer["value"]["json"])

    def http(self, name: str, method: str, url: str, body: Any = None, **more: Any) -> tuple[int, Any]:
        """Status and JSON body. more: `headers`, `params` (of the route), `query`; other inputs."""
        parts: dict[str, Any] = {key: more.pop(key) for key in ("headers", "params", "query") if key in more}
        text = "" if body is None else json.dumps(body)
        request: dict[str, Any] = {"method": method, "url": url, "body": text, **parts}
        answer = self.invoke(name, req={"http": request}, **more)
        assert answer["status"] == "Success", answer["exception"]
        http = answer["value"]["http"]
        return int(http["status_code"]), json.loads(http["body"])

    def close(self) -> None:
        """Lets it send what it has to tell, then ends it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._log.close()
