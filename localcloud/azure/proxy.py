"""The way in for the app and for people: a CONNECT proxy and plain HTTP on one listener.

CONNECT to one of Azure's names is answered here, with this cloud's certificate; to any other name it is refused,
so that nothing leaves the machine by mistake. Anything that is not CONNECT is plain HTTP for this cloud itself.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from weakref import WeakSet

from localcloud.azure.front import is_known

HEAD_LIMIT = 16 * 1024
END_OF_HEAD = b"\r\n\r\n"
CONNECT = b"CONNECT "
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
REFUSED = (
    b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"
    b"This proxy leads to the local cloud only.\n"
)
NOBODY = b"HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n"
"""What a proxy says when the other side refuses the connection."""

MakeProtocol = Callable[[], asyncio.Protocol]


class Doorway(asyncio.Protocol):
    """Reads just enough of a new connection to know whom to hand it to. `known`: all connections, to end them with
    this cloud; `refuses`: whether nobody is to be found behind a host name."""

    def __init__(
        self,
        serve: MakeProtocol,
        context: ssl.SSLContext,
        known: WeakSet[asyncio.Transport],
        refuses: Callable[[str], bool],
    ) -> None:
        self._serve, self._context, self._known, self._refuses = serve, context, known, refuses
        self._received = b""
        self._transport: asyncio.Transport | None = None
        self._upgrade: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._known.add(transport)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._received += data
        start = self._received[: len(CONNECT)]
        if start != CONNECT[: len(start)]:
            self._hand_over(self._transport)
        elif END_OF_HEAD in self._received:
            self._connect(self._transport)
        elif len(self._received) > HEAD_LIMIT:
            self._transport.close()

    def _hand_over(self, transport: asyncio.Transport) -> None:
        protocol = self._serve()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        protocol.data_received(self._received)

    def _connect(self, transport: asyncio.Transport) -> None:
        target = self._received.split(b" ", 2)[1].decode("latin-1")
        host, _, port = target.rpartition(":")
        if port != "443" or not is_known(host.lower()):
            transport.write(REFUSED)
            transport.close()
            return
        if self._refuses(host.lower()):
            transport.write(NOBODY)
            transport.close()
            return
        transport.write(ESTABLISHED)
        self._upgrade = asyncio.get_running_loop().create_task(self._start_tls(transport))

    async def _start_tls(self, transport: asyncio.Transport) -> None:
        protocol = self._serve()
        try:
            secure = await asyncio.get_running_loop().start_tls(transport, protocol, self._context, server_side=True)
        except (OSError, ssl.SSLError):
            transport.close()  # the caller went away, or does not trust this cloud's CA
            return
        if secure is not None:
            protocol.connection_made(secure)
