"""The two ends of a portal: what becomes of one TCP connection that an inlet accepts.

One caller is one connection to the relay, one channel through it, and one connection that the outlet opens. The
inlet's first frame says that it knows the outlet, the outlet's that it has opened its connection; after that each way
carries what it is given, at the slower side's pace, and ends by itself.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from localcloud.ockam import wire
from localcloud.ockam.channel import BLOCK, Channel, PolicyError
from localcloud.ockam.configuration import Inlet, Outlet
from localcloud.ockam.home import Home
from localcloud.ockam.wire import Refusal

DIAL_SECONDS = 10.0
GO_AHEAD = b"go ahead"
BROKEN = (*wire.LOST, Refusal, PolicyError)
"""Whatever can go wrong on the way; none of it is a bug."""


class Portal:
    """Both ends, as one member can be them. `log` takes lines for people."""

    def __init__(self, home: Home, log: Callable[[str], None]) -> None:
        self._address = home.membership().address
        self._to_project = home.to_project()
        self._as_client = home.context(ssl.PROTOCOL_TLS_CLIENT)
        self._as_server = home.context(ssl.PROTOCOL_TLS_SERVER)
        self._log = log

    async def enter(self, inlet: Inlet, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Brings a caller of the inlet to the outlet. Raises nothing: whoever can't be brought there is cut off."""
        try:
            async with _closing(writer), self._relayed({"do": "connect", "relay": inlet.relay}) as (far, away):
                channel = Channel(far, away, self._as_client, server=False)
                await channel.open(inlet.allow)
                await channel.send(GO_AHEAD)
                _welcome(await channel.receive())
                await carry(channel, reader, writer)
        except BROKEN as error:
            self._log(f"a caller of {inlet.host}:{inlet.port} was cut off: {_words(error)}")

    async def answer(self, outlet: Outlet, call: str) -> None:
        """Picks up a call and connects it to where the outlet leads. Raises nothing."""
        try:
            async with self._relayed({"do": "pick_up", "call": call}) as (far, away):
                channel = Channel(far, away, self._as_server, server=True)
                async with self._target(outlet, channel) as (reader, writer):
                    await carry(channel, reader, writer)
        except BROKEN as error:
            self._log(f"a caller by relay {outlet.relay} was cut off: {_words(error)}")

    @asynccontextmanager
    async def _relayed(self, request: wire.Message) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A connection that the relay joins with another. It needs no reset: a channel knows when it was cut, and the
        last frame may be the one that says why."""
        _, reader, writer = await wire.ask(self._address, self._to_project, request)
        try:
            yield reader, writer
        except BROKEN:
            await wire.hang_up(writer)
            raise
        except BaseException:
            writer.transport.abort()
            raise
        await wire.hang_up(writer, wire.FLUSH_SECONDS)

    @asynccontextmanager
    async def _target(
        self, outlet: Outlet, channel: Channel
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """Lets the caller in, connects it, and tells it how that went."""
        try:
            await channel.open(outlet.allow)
        except PolicyError as error:
            await channel.send(json.dumps({"error": str(error)}).encode())
            raise
        # Until the inlet is content with this end too, the target hears nothing.
        await channel.receive()
        try:
            async with asyncio.timeout(DIAL_SECONDS):
                reader, writer = await asyncio.open_connection(outlet.host, outlet.port, limit=BLOCK)
        except wire.LOST as error:
            await channel.send(json.dumps({"error": f"the outlet can't connect: {_words(error)}"}).encode())
            raise
        async with _closing(writer):
            await channel.send(json.dumps({"ok": True}).encode())
            yield reader, writer


async def carry(channel: Channel, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Returns when both ways have ended; raises what broke the first of them."""
    ways = [asyncio.create_task(_into(channel, reader)), asyncio.create_task(_out_of(channel, writer))]
    try:
        await asyncio.gather(*ways)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _into(channel: Channel, reader: asyncio.StreamReader) -> None:
    while block := await reader.read(BLOCK):
        await channel.send(block)
    await channel.send(b"")


async def _out_of(channel: Channel, writer: asyncio.StreamWriter) -> None:
    while block := await channel.receive():
        writer.write(block)
        await writer.drain()
    writer.write_eof()


@asynccontextmanager
async def _closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """For connections without TLS: hangs up in order if all went well. Otherwise the other side gets a reset, so that
    it doesn't take half of a stream for all of it."""
    try:
        yield
    except BaseException:
        _reset(writer)
        raise
    await wire.hang_up(writer, wire.FLUSH_SECONDS)


def _reset(writer: asyncio.StreamWriter) -> None:
    connected: socket.socket | None = writer.get_extra_info("socket")
    # Of a connection that is closed already there is no socket, or a closed one.
    if connected is not None and connected.fileno() >= 0:
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _welcome(frame: bytes) -> None:
    """Raises Refusal if the outlet's first frame says no."""
    answer = json.loads(frame or b"{}")
    if not answer.get("ok"):
        raise Refusal("OutletRefused", str(answer.get("error")))


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__
