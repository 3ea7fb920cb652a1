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
from tests.localazure.arm import Arm

SPEED = 0.002
PATIENCE = 20.0


class World:
    """One running local Azure. `environment`: what the app would be started with; `patience`: seconds that `send` waits
    for an answer."""

    def __init__(self, certificates: Certificates, *, speed: float = SPEED, seed: int = 1) -> None:
        self.fabric = NoFabric()
        self.certificates = certificates
        self.speed, self.seed = speed, seed
        self.patience = PATIENCE
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

    def send(self, method: str, url: str, **more: Any) -> requests.Response:
        """requests.request over the proxy, with trust in the CA."""
        with requests.Session() as session:
            session.trust_env = False
            options: dict[str, Any] = {
                "proxies": {"https": self.url},
                "verify": str(self.certificates.bundle),
                "timeout": self.patience,
            }
            return session.request(method, url, **options | more)

    def arm(self, token: str | None = None) -> Arm:
        """ARM as the app sees it, or the bearer of another token."""
        return Arm(self.send, until, self.azure.cloud.subscription, token or self.token())


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


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.005)


def make(directory: Path) -> Certificates:
    certificates = Certificates(directory)
    certificates.make()
    return certificates
