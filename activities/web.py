"""Requests to addresses that somebody named: over TLS, without following anything, and not into our own surroundings.

A name is looked up and its addresses are checked before anything connects, and the address that was really connected to
is checked again, since a name may lead elsewhere a moment later. Where the app's platform has a proxy (HTTPS_PROXY),
that one looks names up and decides.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import select_proxy
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool

from isthmus.receivers import may_be_reached


class RefusedAddressError(requests.ConnectionError):
    """The host leads to an address that nothing is sent to."""


def session(*, private: bool) -> requests.Session:
    """`private`: whether private address ranges may be reached."""
    found = requests.Session()
    found.mount("https://", Careful(private))
    found.adapters.pop("http://")
    return found


class Careful(HTTPAdapter):
    """`private`: whether private address ranges may be reached."""

    def __init__(self, private: bool) -> None:
        self._private = private
        super().__init__(max_retries=0)

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = {"https": _pool(self._private)}

    def send(self, request: requests.PreparedRequest, *arguments: Any, **named: Any) -> requests.Response:
        """Raises RefusedAddressError, and what requests raises."""
        url = str(request.url)
        if not select_proxy(url, named.get("proxies")):
            self._look(url)
        return super().send(request, *arguments, **named)

    def _look(self, url: str) -> None:
        parts = urlsplit(url)
        try:
            found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
        except OSError as error:
            raise requests.ConnectionError(f"{parts.hostname} is not known") from error
        if not all(may_be_reached(str(address[0]), private=self._private) for *_, address in found):
            raise RefusedAddressError(f"{parts.hostname} leads to an address that nothing is sent to")


def _pool(private: bool) -> type[HTTPSConnectionPool]:
    class Connection(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            peer: Mapping[int, Any] = self.sock.getpeername()
            if not may_be_reached(str(peer[0]), private=private):
                self.close()
                raise OSError("the host led to an address that nothing is sent to")

    class Pool(HTTPSConnectionPool):
        ConnectionCls = Connection

    return Pool
