"""The whole of the local Azure behind one object: started, reached through a proxy, asked for what exists."""

from __future__ import annotations

import asyncio
import random
import socket
import ssl
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from weakref import WeakSet

from aiohttp import web

from localcloud.azure import answers, cognitive, endpoints, seed
from localcloud.azure.answers import Answerer
from localcloud.azure.blobs import Storage
from localcloud.azure.certificates import Certificates
from localcloud.azure.clock import Clock
from localcloud.azure.control import IDENTITY_PATH, Control
from localcloud.azure.entra import Directory
from localcloud.azure.front import LARGEST_BODY, LOGINS, MANAGEMENT, Front
from localcloud.azure.keyvault import Vault
from localcloud.azure.model import Cloud, Json
from localcloud.azure.proxy import Doorway
from localcloud.azure.rbac import Access
from localcloud.azure.receivers import Receivers
from localcloud.fabric import AZURE_PUBLIC, DnsAnswer, Fabric, Origin

PRIVATE_LINK = "privatelink."


@dataclass(frozen=True)
class Administrator:
    """An Owner of both subscriptions who may also use vault and storage: for people and tests, never for the app."""

    tenant_id: str
    client_id: str
    client_secret: str


class LocalAzure:
    """Azure's side of the local cloud; implements `fabric.Services`.

    speed: every typical duration is multiplied by it; seed: of names, ids and secrets; answer: the model's words.
    `certificates` must have been made by the time that something is served.
    """

    def __init__(
        self,
        *,
        fabric: Fabric,
        certificates: Certificates,
        clock: Clock,
        speed: float,
        seed: int = 0,
        answer: Answerer | None = None,
    ) -> None:
        self.certificates = certificates
        generator = random.Random(seed)  # noqa: S311 - a local stand-in; its secrets open nothing else
        self.cloud = Cloud(fabric, clock, speed, generator, _uuid(generator), _uuid(generator))
        self.cloud.access = Access(clock)
        self._plant(answer or answers.built_in)
        self._runners: dict[socket.socket, web.ServerRunner] = {}
        self._proxy: asyncio.Server | None = None
        self._connections: WeakSet[asyncio.Transport] = WeakSet()
        self._proxy_http: web.Server | None = None
        self._address = ("127.0.0.1", 0)

    def _plant(self, answer: Answerer) -> None:
        cloud = self.cloud
        self.seed = seed.plant(cloud)
        directory = Directory(cloud)
        vault, storage = self.seed.vault, self.seed.storage
        self.front = Front(
            cloud,
            directory,
            {vault.name: Vault(cloud, vault)},
            {storage.name: Storage(cloud, storage)},
            answer,
            Receivers(directory, self.seed.identity),
        )
        self.administrator = self._administrator(directory)
        self._identity_secret = cloud.secret("App Service's identity header", 32)
        self.control = Control(self.front, self.seed.identity, self._identity_secret, frozenset())
        self.control.seeded = frozenset(item for items in self.control._everything().values() for item in items)
        self.front.local = self.control.handle

    def _administrator(self, directory: Directory) -> Administrator:
        application = directory.register("administrator")
        principal = application.caller.object_id
        for subscription in (self.cloud.subscription, self.cloud.hub):
            seed.grant(self.cloud, principal, seed.OWNER, f"/subscriptions/{subscription}")
        seed.grant(self.cloud, principal, seed.SECRETS_OFFICER, self.seed.vault.id)
        seed.grant(self.cloud, principal, seed.BLOB_OWNER, self.seed.storage.id)
        return Administrator(self.cloud.tenant, application.caller.client_id, application.secret)

    async def start(self) -> None:
        """Nothing runs by itself: this only gives the network its first (empty) topology."""
        from localcloud.azure import engine

        await engine.apply(self.cloud)

    async def close(self) -> None:
        """Stops serving and drops everything that is under way."""
        if self._proxy is not None:
            self._proxy.close()
        if self._proxy_http is not None:
            await self._proxy_http.shutdown(0.1)
        for connection in list(self._connections):
            connection.abort()
        for listener in list(self._runners):
            await self.unserve(listener)
        tasks = list(self.cloud.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # aborted connections end in the loop's next turn

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return self.certificates.server_context()

    async def proxy(self, listener: socket.socket) -> None:
        """CONNECT proxy, control API and App Service's identity endpoint, on a listening loopback socket."""
        self._address = listener.getsockname()[:2]
        server = self._server(Origin("host"))
        self._proxy_http = server
        loop = asyncio.get_running_loop()

        def doorway() -> Doorway:
            return Doorway(server, self._context, self._connections, self.front.refuses)

        self._proxy = await loop.create_server(doorway, sock=listener)

    def _server(self, origin: Origin) -> web.Server:
        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            return await self.front.respond(request, origin)

        loop = asyncio.get_running_loop()

        def make(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
            return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=LARGEST_BODY)

        return web.Server(handle, request_factory=make, access_log=None)

    async def serve(self, listener: socket.socket, origin: Origin, *, tls: bool) -> None:
        runner = web.ServerRunner(self._server(origin), shutdown_timeout=0.1)
        await runner.setup()
        await web.SockSite(runner, listener, ssl_context=self._context if tls else None).start()
        self._runners[listener] = runner

    async def unserve(self, listener: socket.socket) -> None:
        runner = self._runners.pop(listener, None)
        if runner is not None:
            await runner.cleanup()
        listener.close()

    def resolve(self, name: str) -> DnsAnswer | None:
        host = name.rstrip(".").lower()
        label, _, rest = host.partition(".")
        public = DnsAnswer("A", AZURE_PUBLIC)
        if host == MANAGEMENT or host in LOGINS:
            return public
        if rest == "vault.azure.net":
            return public if label in self.front.vaults else None
        if rest == "blob.core.windows.net":
            return public if label in self.front.storages else None
        return self._resolve_account(label, rest)

    def _resolve_account(self, label: str, rest: str) -> DnsAnswer | None:
        """With a private endpoint the name leads over its privatelink name, which the outside resolves too."""
        account = cognitive.account_of_host(self.cloud, f"{label}.{cognitive.SUFFIX}")
        if account is None or rest.removeprefix(PRIVATE_LINK) != cognitive.SUFFIX:
            return None
        linked = any(endpoint.settled is not None for endpoint in endpoints.of_account(self.cloud, account))
        if rest == cognitive.SUFFIX and linked:
            return DnsAnswer("CNAME", f"{label}.{PRIVATE_LINK}{cognitive.SUFFIX}")
        return DnsAnswer("A", AZURE_PUBLIC) if linked or rest == cognitive.SUFFIX else None

    def settings(self) -> dict[str, str]:
        """Environment variables for the app: where the proxy is, whom to trust, who it is, what it was given."""
        url = f"http://{self._address[0]}:{self._address[1]}"
        bundle = str(self.certificates.bundle)
        return {
            "HTTPS_PROXY": url,
            "HTTP_PROXY": url,
            "NO_PROXY": "127.0.0.1,localhost",
            "REQUESTS_CA_BUNDLE": bundle,
            "SSL_CERT_FILE": bundle,
            "IDENTITY_ENDPOINT": url + IDENTITY_PATH,
            "IDENTITY_HEADER": self._identity_secret,
            "AZURE_CLIENT_ID": self.seed.identity.properties["clientId"],
            "AZURE_SUBSCRIPTION_ID": self.cloud.subscription,
            "AZURE_TENANT_ID": self.cloud.tenant,
            "ISTHMUS_KEY_VAULT_ID": self.seed.vault.id,
            "ISTHMUS_STORAGE_URL": f"https://{self.seed.storage.name}.blob.core.windows.net",
        }

    def census(self) -> Json:
        """Everything that exists beside what was there from the start (which stands under "seeded")."""
        return self.control.census()


def _uuid(generator: random.Random) -> str:
    import uuid

    return str(uuid.UUID(int=generator.getrandbits(128), version=4))
