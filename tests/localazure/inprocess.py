"""The app's SDK clients on a local Azure in this very process: everything is real but the connection.

`Session` stands where requests' session stands in azure-core's transport: a method that takes a request and gives an
answer, or raises what requests raises when a connection breaks.
"""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from http.client import RemoteDisconnected
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import requests
import urllib3
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from requests.structures import CaseInsensitiveDict

from activities.cloud import Cloud
from isthmus.settings import Settings
from localcloud.azure import LocalAzure
from localcloud.azure.entra import MACHINE_LIFETIME
from localcloud.azure.faults import BrokenError
from localcloud.azure.front import Incoming
from localcloud.azure.identities import caller_of
from localcloud.azure.model import Answer
from localcloud.azure.rbac import Caller
from localcloud.fabric import Origin

HOST = Origin("host")
Around = Callable[[Incoming, Callable[[], Answer]], Answer]
"""Called for every request, with what carries it out."""


def as_it_is(incoming: Incoming, serve: Callable[[], Answer]) -> Answer:
    return serve()


class _Body(io.BytesIO):
    """azure-core sets an attribute on what it reads from."""


class Session:
    """origin, peer: where the caller stands; around: what a test wants to happen at each request; spent: seconds that
    clients waited in vain."""

    def __init__(
        self, azure: LocalAzure, loop: asyncio.AbstractEventLoop, origin: Origin = HOST, peer: str = "127.0.0.1"
    ) -> None:
        self.azure, self.loop = azure, loop
        self.origin, self.peer = origin, peer
        self.around: Around = as_it_is
        self.spent = 0.0
        self._one_at_a_time = Lock()

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        data: Any = None,
        timeout: tuple[float, float] = (0.0, 0.0),
        stream: bool = False,
        **_more: Any,
    ) -> requests.Response:
        response = self._sent(method, url, headers, data, timeout)
        if not stream:
            _ = response.content  # as requests does, which may find that it breaks off
        return response

    def _sent(
        self, method: str, url: str, headers: Mapping[str, str], data: Any, timeout: tuple[float, float]
    ) -> requests.Response:
        incoming = self._incoming(method, url, headers, data)
        if self.azure.front.refuses(incoming.host + incoming.path):
            why = urllib3.exceptions.NewConnectionError(None, "[Errno 111] Connection refused")  # type: ignore[arg-type]
            raise requests.exceptions.ConnectionError(why)
        try:
            answer = self.around(incoming, lambda: self._carried_out(incoming))
        except BrokenError as broken:
            if broken.effect == "half" and broken.answer is not None:
                return self._response(method, url, broken.answer, whole=False)
            raise self._broken(broken, timeout) from None
        return self._response(method, url, answer)

    def _carried_out(self, incoming: Incoming) -> Answer:
        """What goes on around it may take other threads, with requests of their own: they must not wait for it."""
        with self._one_at_a_time:
            return self.loop.run_until_complete(self.azure.front.handle(incoming))

    def _incoming(self, method: str, url: str, headers: Mapping[str, str], data: Any) -> Incoming:
        parts = urlsplit(url)
        content = data.read() if hasattr(data, "read") else data or b""
        return Incoming(
            method,
            parts.netloc.lower(),
            unquote(parts.path) or "/",
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            CaseInsensitiveDict(headers),
            content.encode() if isinstance(content, str) else content,
            self.origin,
            self.peer,
        )

    def _broken(self, broken: BrokenError, timeout: tuple[float, float]) -> Exception:
        if broken.effect == "hang":
            self.spent += timeout[1]
            return requests.exceptions.ReadTimeout(f"Read timed out. (read timeout={timeout[1]})")
        gone = RemoteDisconnected("Remote end closed connection without response")
        return requests.exceptions.ConnectionError(urllib3.exceptions.ProtocolError("Connection aborted.", gone))

    def _response(self, method: str, url: str, answer: Answer, *, whole: bool = True) -> requests.Response:
        shown = self.azure.front.response(answer)
        body = shown.body if isinstance(shown.body, bytes) and method != "HEAD" else b""
        response = requests.Response()
        response.status_code, response.url = answer.status, url
        response.headers = CaseInsensitiveDict(shown.headers)
        response.headers["Content-Length"] = str(len(body))
        response.raw = _Body(body) if whole else _cut(body)
        return response

    def close(self) -> None:
        """Nothing is open."""


def _cut(body: bytes) -> urllib3.HTTPResponse:
    """The first half of it, then the connection's end."""
    headers = {"Content-Length": str(len(body) + 2)}
    return urllib3.HTTPResponse(io.BytesIO(body[: len(body) // 2]), headers, preload_content=False)


class Transport(RequestsTransport):  # type: ignore[misc]
    """azure-core's own, on a Session. Where a client would sleep, time is only counted."""

    def __init__(self, session: Session) -> None:
        super().__init__(session=session, session_owner=False)
        self._counted = session

    def sleep(self, duration: float) -> None:
        self._counted.spent += duration


class Identity:
    """The app's managed identity."""

    def __init__(self, azure: LocalAzure) -> None:
        self._azure = azure

    @property
    def caller(self) -> Caller:
        return caller_of(self._azure.seed.identity)

    def get_token(self, *scopes: str, **_more: Any) -> AccessToken:
        audience = scopes[0].removesuffix("/.default")
        token, _ = self._azure.front.directory.token(self.caller, audience, MACHINE_LIFETIME)
        # The client's own clock is the machine's.
        return AccessToken(token, int(time.time()) + MACHINE_LIFETIME)


class DirectCloud(Cloud):
    """The app's façade with its clients on a transport of ours."""

    def __init__(self, azure: LocalAzure, session: Session) -> None:
        super().__init__(Settings.read(azure.settings()), transport=Transport(session))
        self._azure, self._session = azure, session
        self.at_once = 1  # one loop serves everything, one request after the other

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._azure.cloud.clock.now(), UTC)

    @cached_property
    def credential(self) -> Any:
        return Identity(self._azure)

    def _of(self, subscription: str) -> Cloud:
        other = DirectCloud(self._azure, self._session)
        other.settings = replace(self.settings, subscription=subscription)
        return other
