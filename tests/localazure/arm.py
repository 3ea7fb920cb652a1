"""ARM without an SDK: raw requests, to see exactly what is answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

VERSIONS = {
    "microsoft.network/privatednszones": "2024-06-01",
    "microsoft.network": "2026-03-01",
    "microsoft.compute/disks": "2026-03-02",
    "microsoft.compute": "2026-04-01",
    "microsoft.cognitiveservices": "2025-09-01",
    "microsoft.managedidentity": "2024-11-30",
    "microsoft.authorization": "2022-04-01",
}
GROUPS = "2025-04-01"
DONE = ("Succeeded", "Failed")
Send = Callable[..., requests.Response]
"""Like requests.request."""
Until = Callable[[Callable[[], bool]], None]
"""Waits until something is true."""


@dataclass
class Arm:
    """Management API as the bearer of a token."""

    send: Send
    until: Until
    subscription: str
    token: str

    @property
    def groups(self) -> str:
        return f"/subscriptions/{self.subscription}/resourceGroups"

    def call(
        self, method: str, path: str, body: Any = None, *, version: str | None = None, **headers: str
    ) -> requests.Response:
        """`version`: an empty one sends none; headers: with _ for -."""
        url = path if path.startswith("https://") else f"https://management.azure.com{path}"
        if version is None:
            tail = path.lower().rpartition("/providers/")[2]
            version = next((v for prefix, v in VERSIONS.items() if tail.startswith(prefix)), GROUPS)
        if version and "api-version=" not in url:
            url += f"{'&' if '?' in url else '?'}api-version={version}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send(method, url, json=body, headers={"Authorization": f"Bearer {self.token}"} | named)

    def get(self, path: str, **more: Any) -> Any:
        answer = self.call("GET", path, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def put(self, path: str, body: Any, **more: Any) -> Any:
        """PUT, then wait until it is done; the resource."""
        answer = self.call("PUT", path, body, **more)
        assert answer.status_code in (200, 201, 202), answer.text
        return self.settled(path)

    def settled(self, path: str) -> Any:
        self.until(lambda: self.get(path)["properties"]["provisioningState"] in DONE)
        return self.get(path)

    def delete(self, path: str) -> None:
        answer = self.call("DELETE", path)
        assert answer.status_code in (200, 202, 204), answer.text
        self.until(lambda: self.call("GET", path).status_code == 404)

    def outcome(self, answer: requests.Response) -> Any:
        """The end of an operation, from its own URL."""
        url = answer.headers["Azure-AsyncOperation"]
        self.until(lambda: self.get(url)["status"] != "InProgress")
        return self.get(url)

    def refused(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, str]:
        """Status and code of a refusal, which has ARM's shape."""
        answer = self.call(method, path, body, **more)
        assert answer.status_code >= 400, answer.text
        document = answer.json()
        assert set(document) == {"error"}
        assert document["error"]["message"]
        assert answer.headers["x-ms-request-id"]
        return answer.status_code, document["error"]["code"]
