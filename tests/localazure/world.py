"""A local Azure in a thread of its own, so that the SDKs' synchronous clients can be tried on it unmodified."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from azure.identity import ClientSecretCredential, ManagedIdentityCredential

from localcloud.azure import Certificates, LocalAzure, NoFabric, SystemClock

SPEED = 0.002
PATIENCE = 20.0


class World:
    """One running local Azure. `environment`: what the app would be started with."""

    def __init__(self, certificates: Certificates, *, speed: float = SPEED, seed: int = 1) -> None:
        self.fabric = NoFabric()
        self.certificates = certificates
        self.speed, self.seed = speed, seed
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def start(self) -> None:
        self.thread.start()
        self.run(self._start())
        self.environment: Mapping[str, str] = self.azure.settings()

    async def _start(self) -> None:
        self.azure = LocalAzure(
            fabric=self.fabric, certificates=self.certificates, clock=SystemClock(), speed=self.speed, seed=self.seed
        )
        await self.azure.start()
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setblocking(False)
        await self.azure.proxy(listener)

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    def close(self) -> None:
        self.run(self.azure.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    @property
    def url(self) -> str:
        return self.environment["HTTP_PROXY"]

    @property
    def group_path(self) -> str:
        return f"/subscriptions/{self.azure.cloud.subscription}/resourceGroups"

    def control(self, method: str, path: str, json: Any = None) -> Any:
        answer = requests.request(method, f"{self.url}/localcloud/{path}", json=json, timeout=10, proxies={"http": ""})
        answer.raise_for_status()
        return answer.json()

    def options(self) -> dict[str, Any]:
        """What an Azure SDK client is given so that it goes through the proxy and trusts the CA."""
        proxies = {"https": self.url, "http": self.url}
        return {"proxies": proxies, "connection_verify": str(self.certificates.bundle)}

    def administrator(self) -> ClientSecretCredential:
        person = self.azure.administrator
        return ClientSecretCredential(person.tenant_id, person.client_id, person.client_secret, **self.options())

    def token(self, audience: str = "https://management.azure.com") -> str:
        """The app's own token, got as the app gets it."""
        with environment(self.environment):
            credential = ManagedIdentityCredential(client_id=self.environment["AZURE_CLIENT_ID"])
            return str(credential.get_token(f"{audience}/.default").token)

    def arm(self, token: str | None = None) -> Arm:
        """ARM as the app sees it, or the bearer of another token."""
        return Arm(self, token or self.token())


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


VERSIONS = {
    "microsoft.network/privatednszones": "2024-06-01",
    "microsoft.network": "2026-03-01",
    "microsoft.compute/disks": "2026-03-02",
    "microsoft.compute": "2026-04-01",
    "microsoft.cognitiveservices": "2025-09-01",
    "microsoft.managedidentity": "2024-11-30",
    "microsoft.authorization": "2022-04-01",
}


class Arm:
    """ARM without an SDK: raw requests, to see exactly what is answered."""

    def __init__(self, world: World, token: str) -> None:
        self.world = world
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.proxies = {"https": world.url}
        self.session.verify = str(world.certificates.bundle)
        self.session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        version = more.pop("version", None) or next(
            (v for prefix, v in VERSIONS.items() if f"/providers/{prefix}" in path.lower()), "2025-04-01"
        )
        url = path if path.startswith("https://") else f"https://management.azure.com{path}"
        params = {} if "api-version" in url else {"api-version": version}
        return self.session.request(method, url, json=body, params=params | more.pop("params", {}), timeout=20, **more)

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
        found: Any = None

        def look() -> bool:
            nonlocal found
            found = self.get(path)
            return found["properties"]["provisioningState"] in ("Succeeded", "Failed")

        until(look)
        return found

    def delete(self, path: str) -> None:
        answer = self.call("DELETE", path)
        assert answer.status_code in (200, 202, 204), answer.text
        until(lambda: self.call("GET", path).status_code == 404)

    def outcome(self, answer: requests.Response) -> Any:
        """The end of an operation, from its own URL."""
        url = answer.headers["Azure-AsyncOperation"]
        until(lambda: self.get(url)["status"] != "InProgress")
        return self.get(url)


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.005)


def make(directory: Path) -> Certificates:
    certificates = Certificates(directory)
    certificates.make()
    return certificates
