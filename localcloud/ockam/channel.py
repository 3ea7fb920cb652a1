"""TLS 1.3 from one end of a portal to the other, inside the relay's connections.

Both ends show credentials; each looks at what the other is, and whether it has the attribute that its own policy asks
for. What is sent is cut into frames (four bytes of length, then the bytes), because TLS has no end of one way only
that could be relied on: an empty frame is the end of that way. A channel that ends without one was cut.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import TypeVar

from localcloud.ockam.identity import Credential, credential_of

Result = TypeVar("Result")
BLOCK = 64 * 1024
HANDSHAKE_SECONDS = 15.0


class PolicyError(Exception):
    """The peer is not one that the policy (`allow`) lets in."""


class Channel:
    """A channel over the two ways of a connection that the relay has joined. One task may receive while another
    sends."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext, *, server: bool
    ) -> None:
        self._reader, self._writer = reader, writer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=server)
        self._received = bytearray()

    async def open(self, allow: str) -> Credential:
        """Shakes hands and checks the peer. Raises PolicyError, or what a broken connection raises."""
        async with asyncio.timeout(HANDSHAKE_SECONDS):
            await self._step(self._tls.do_handshake)
        peer = credential_of(self._tls.getpeercert(binary_form=True))
        if peer is None or peer.attributes.get(allow) != "true":
            who = peer.identifier if peer else "somebody who is no member"
            raise PolicyError(f"{who} has not the attribute {allow!r}")
        return peer

    async def send(self, frame: bytes) -> None:
        """At most BLOCK bytes; none at all: nothing more will come this way."""
        rest = memoryview(len(frame).to_bytes(4, "big") + frame)
        while rest:
            rest = rest[self._tls.write(rest) :]
        await self._flush()

    async def receive(self) -> bytes:
        """The next frame; empty: nothing more will come. Raises ConnectionResetError if the channel was cut."""
        length = int.from_bytes(await self._exactly(4), "big")
        if length > BLOCK:
            raise ConnectionResetError("a frame is too long")
        return await self._exactly(length)

    async def _exactly(self, count: int) -> bytes:
        while len(self._received) < count:
            block = await self._step(lambda: self._tls.read(BLOCK))
            if not block:
                raise ConnectionResetError("the other end of the portal is gone")
            self._received += block
        taken = bytes(self._received[:count])
        del self._received[:count]
        return taken

    async def _step(self, step: Callable[[], Result]) -> Result:
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                await self._flush()
                block = await self._reader.read(BLOCK)
                if not block:
                    raise ConnectionResetError("the other end of the portal is gone") from None
                self._incoming.write(block)
            except ssl.SSLError:
                # The peer should hear why, if there is still a way to tell it.
                await self._flush()
                raise
            else:
                await self._flush()
                return result

    async def _flush(self) -> None:
        # Not without need: the other end may have hung up when there is still something of it to be read.
        if self._outgoing.pending:
            self._writer.write(self._outgoing.read())
            await self._writer.drain()
