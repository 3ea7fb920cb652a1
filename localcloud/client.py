"""A very small HTTP client of the local app and of the local cloud's control address."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

# Both are on loopback: whatever proxy the machine has set must not see these calls.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


def call(method: str, url: str, body: Any = None, headers: dict[str, str] | None = None, timeout: float = 30) -> Answer:
    """One request; an error status is an answer, not an exception. `body`: bytes as they are, anything else as JSON."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310 (http to loopback only)
        url, data, {"Content-Type": "application/json"} | (headers or {}), method=method
    )
    try:
        with _OPENER.open(request, timeout=timeout) as response:
            return Answer(response.status, dict(response.headers), response.read().decode(errors="replace"))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, dict(error.headers), error.read().decode(errors="replace"))
