"""The front of all services: which one a host name means, the log of requests, faults, and errors in each
service's own form."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from aiohttp import web

from localcloud.azure import graph, imds, inference, network, routes
from localcloud.azure.answers import Answerer
from localcloud.azure.arm import Call
from localcloud.azure.blobs import Storage
from localcloud.azure.entra import Directory
from localcloud.azure.errors import NotFound, Refusal
from localcloud.azure.faults import BREAKS, BrokenError, Fault
from localcloud.azure.keyvault import Vault
from localcloud.azure.model import Answer, Cloud, Json
from localcloud.azure.receivers import TOPICS, WEBHOOKS, Receivers
from localcloud.fabric import IMDS, Origin

CORRELATION = "x-ms-correlation-request-id"
"""What ARM takes over from whoever sends it, into its answers and the activity log."""
LOGINS = frozenset({"login.microsoftonline.com", "login.windows.net", "login.microsoft.com"})
MANAGEMENT = "management.azure.com"
LOG_LENGTH = 20_000
LARGEST_BODY = 64 * 1024 * 1024


@dataclass
class Incoming:
    """A request as the services see it. `peer`: the caller's address; `headers`: found in any case; `fate`: the fault
    rule that befalls it."""

    method: str
    host: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes
    origin: Origin
    peer: str = ""
    fate: Fault | None = None

    def json(self) -> Any:
        if not self.content:
            return None
        try:
            return json.loads(self.content)
        except ValueError as error:
            raise Refusal(400, "InvalidRequestContent", f"The request content is not valid JSON: {error}.") from error


Service = Callable[[Incoming], Awaitable[Answer]]


def _custom_data(body: Any) -> str:
    """A VM's custom data in clear, empty for any other body."""
    try:
        custom = str(body["properties"]["osProfile"]["customData"])
        return base64.b64decode(custom).decode(errors="replace")
    except (KeyError, TypeError, ValueError):
        return ""


def is_known(host: str) -> bool:
    """Whether a host name is Azure's: what the proxy lets through to here."""
    suffixes = (".vault.azure.net", ".blob.core.windows.net", ".openai.azure.com", TOPICS, WEBHOOKS)
    return host in LOGINS or host in (MANAGEMENT, graph.HOST) or host.endswith(suffixes)


@dataclass
class Front:
    cloud: Cloud
    directory: Directory
    vaults: dict[str, Vault]
    storages: dict[str, Storage]
    answer: Answerer
    receivers: Receivers
    faults: list[Fault] = field(default_factory=list)
    log: deque[Json] = field(default_factory=lambda: deque(maxlen=LOG_LENGTH))
    logged: int = 0
    bodies: deque[str] = field(default_factory=lambda: deque(maxlen=LOG_LENGTH))
    """What ARM was sent, as text, custom data decoded: for searches after secrets."""
    local: Service | None = None
    """What answers on the proxy's own loopback address: control API and App Service's identity endpoint."""

    async def respond(self, raw: web.BaseRequest, origin: Origin) -> web.Response:
        """Answers one HTTP request of a caller who stands at `origin`."""
        host = IMDS if origin.kind == "imds" else raw.host.rsplit(":", 1)[0].lower()
        path = "/" + raw.path.lstrip("/")
        content, peer = await raw.read(), raw.remote or ""
        incoming = Incoming(raw.method, host, path, dict(raw.query), raw.headers, content, origin, peer)
        try:
            return self.response(await self.handle(incoming), incoming)
        except BrokenError as broken:
            return await self._broken(raw, broken)

    async def handle(self, incoming: Incoming) -> Answer:
        """What a request comes to, whatever it came over. Raises BrokenError where a fault rule cuts it off."""
        fault = incoming.fate = self._fault(incoming)
        began, known = self.cloud.clock.now(), len(self.cloud.operations)
        if fault and fault.effect in ("reset", "hang"):
            self._log(incoming, 0, began)
            raise BrokenError(fault.effect)
        answer = fault.answer() if fault and fault.effect == "answer" else await self._served(incoming)
        for operation in islice(self.cloud.operations.values(), known, None):
            operation.fate = fault
        self._log(incoming, answer.status, began)
        if fault and fault.effect in BREAKS:
            raise BrokenError(fault.effect, answer)
        return answer

    async def _served(self, incoming: Incoming) -> Answer:
        service, form = self._service(incoming)
        try:
            return await service(incoming)
        except Refusal as refusal:
            return form(refusal)

    async def _broken(self, raw: web.BaseRequest, broken: BrokenError) -> web.Response:
        """Ends the connection as the rule says; what is returned goes nowhere."""
        if broken.effect == "hang":
            await asyncio.Event().wait()  # until the caller has had enough, or this cloud ends
        if raw.transport is not None:
            if broken.effect == "half" and broken.answer is not None:
                body = self.response(broken.answer).body
                text = body if isinstance(body, bytes) else b""
                raw.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(text) + 2))
                raw.transport.write(text[: len(text) // 2])
                raw.transport.close()
            else:
                raw.transport.abort()
        return web.Response()

    def _service(self, incoming: Incoming) -> tuple[Service, Callable[[Refusal], Answer]]:
        host = incoming.host
        if incoming.origin.kind == "imds":
            return self._imds, _json_error
        if incoming.origin.kind == "private_endpoint" and not host.endswith(".openai.azure.com"):
            return _nobody, _json_error
        if host.endswith(".blob.core.windows.net"):
            return self._blobs, _xml_error
        by_host = {MANAGEMENT: self._arm, graph.HOST: self._graph, "127.0.0.1": self.local, "localhost": self.local}
        service = (
            by_host.get(host) if not host.startswith(("127.", "localhost")) or incoming.origin.kind == "host" else None
        )
        if host in LOGINS:
            service = self._login
        elif host.endswith(".vault.azure.net"):
            service = self._vault
        elif host.endswith(".openai.azure.com"):
            service = self._inference
        elif host.endswith((TOPICS, WEBHOOKS)):
            service = self.receivers.handle
        return service or _nobody, _json_error

    async def _arm(self, incoming: Incoming) -> Answer:
        headers = incoming.headers
        try:
            caller = self.directory.caller(headers.get("Authorization"), "arm")
        except Refusal as refusal:
            refusal.headers["WWW-Authenticate"] = (
                f'Bearer authorization_uri="https://login.microsoftonline.com/{self.cloud.tenant}", '
                f'error="invalid_token", error_description="{refusal.code}"'
            )
            raise
        path = "/" + "/".join(part for part in incoming.path.split("/") if part)
        body = incoming.json()
        if body is not None:
            self.bodies.append(f"{incoming.method} {path} {json.dumps(body)}{_custom_data(body)}")
        call = Call(self.cloud, caller, incoming.method, path, incoming.query, headers, body, incoming.fate)
        return await routes.handle(call)

    async def _login(self, incoming: Incoming) -> Answer:
        form = dict(parse_qsl(incoming.content.decode())) if incoming.method == "POST" else {}
        return self.directory.handle(incoming.method, incoming.path, form)

    async def _graph(self, incoming: Incoming) -> Answer:
        self.directory.caller(incoming.headers.get("Authorization"), "graph")
        return graph.handle(self.cloud, self.directory, incoming.method, incoming.path, incoming.json() or {})

    async def _vault(self, incoming: Incoming) -> Answer:
        vault = self.vaults.get(incoming.host.split(".")[0])
        if vault is None:
            return await _nobody(incoming)
        headers = incoming.headers
        body = incoming.json() or {}
        return vault.handle(
            self.directory,
            {
                "method": incoming.method,
                "path": incoming.path,
                "query": incoming.query,
                "authorization": headers.get("Authorization"),
                "body": body if isinstance(body, dict) else {},
            },
        )

    async def _blobs(self, incoming: Incoming) -> Answer:
        storage = self.storages.get(incoming.host.split(".")[0])
        if storage is None:
            return await _nobody(incoming)
        return storage.handle(
            self.directory, incoming.method, incoming.path, incoming.query, incoming.headers, incoming.content
        )

    async def _inference(self, incoming: Incoming) -> Answer:
        account = inference.account_of(self.cloud, incoming.host)
        inference.admit(self.cloud, account, incoming.origin, incoming.peer)
        inference.authenticate(self.cloud, self.directory, account, incoming.headers)
        if incoming.method != "POST":
            raise NotFound("404", "Resource not found")
        return await inference.complete(
            self.cloud, account, incoming.path, incoming.query, incoming.json(), self.answer
        )

    async def _imds(self, incoming: Incoming) -> Answer:
        origin = incoming.origin
        if origin.interface_id:
            machine = network.machine_of(self.cloud, origin.interface_id)
        else:
            machine = imds.machine_at(self.cloud, origin.network_id or "", incoming.peer)
        return imds.handle(self.cloud, self.directory, machine, incoming.path, incoming.query, incoming.headers)

    def _fault(self, incoming: Incoming) -> Fault | None:
        if incoming.path.startswith("/localcloud/"):
            return None
        rules = (fault for fault in self.faults if fault.effect != "refuse")
        return next((fault for fault in rules if fault.hits(incoming.method, incoming.host + incoming.path)), None)

    def refuses(self, place: str) -> bool:
        """Whether a rule lets no connection come about. `place`: the host, and the path where that is known too."""
        return any(fault.hits("CONNECT", place) for fault in self.faults if fault.effect == "refuse")

    def _log(self, incoming: Incoming, status: int, began: float) -> None:
        """Never a body or a query, and of the headers the correlation id alone: they may hold secrets. A status of 0:
        there was no answer."""
        self.logged += 1
        self.log.append(
            {
                "number": self.logged,
                "time": began,
                "seconds": round(self.cloud.clock.now() - began, 4),
                "from": incoming.origin.kind,
                "peer": incoming.peer,
                "method": incoming.method,
                "host": incoming.host,
                "path": incoming.path,
                "status": status,
                "correlation": incoming.headers.get(CORRELATION),
            }
        )

    def response(self, answer: Answer, incoming: Incoming | None = None) -> web.Response:
        request_id = self.cloud.uuid()
        correlation = (incoming.headers.get(CORRELATION) if incoming else None) or request_id
        headers = {"x-ms-request-id": request_id, CORRELATION: correlation, **answer.headers}
        if answer.body is None:
            return web.Response(status=answer.status, headers=headers)
        if isinstance(answer.body, bytes):
            return web.Response(status=answer.status, body=answer.body, headers=headers)
        headers.setdefault("Content-Type", "application/json; charset=utf-8")
        return web.Response(status=answer.status, body=json.dumps(answer.body).encode(), headers=headers)


async def _nobody(incoming: Incoming) -> Answer:
    return Answer(404, {"error": {"code": "NotFound", "message": f"Nobody answers here to the name {incoming.host}."}})


def _json_error(refusal: Refusal) -> Answer:
    return Answer(refusal.status, {"error": refusal.error()}, dict(refusal.headers))


def _xml_error(refusal: Refusal) -> Answer:
    body = (
        f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{escape(refusal.code)}</Code>'
        f"<Message>{escape(refusal.message)}</Message></Error>"
    )
    headers = {"x-ms-error-code": refusal.code, "Content-Type": "application/xml", **refusal.headers}
    return Answer(refusal.status, None if refusal.status == 304 else body.encode(), headers)
