"""JSON lines over TLS: how the project and its members speak.

A connection begins with one request, {"do": ..., ...}, and one answer, {"ok": true, ...} or {"error": code,
"message": text}. What follows depends on the request: nothing, events (JSON lines), or bytes that the relay passes on.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import Mapping
from typing import Any

from localcloud.ockam.identity import SERVER_NAME

Message = dict[str, Any]
LONGEST = 64 * 1024
"""Bytes of a line; also what is buffered of a portal's stream."""
LONGEST_ANSWER = 16 * 1024 * 1024
"""Bytes of an answer that ends its connection: the list of members is one line."""
HANDSHAKE_SECONDS = 10.0
ANSWER_SECONDS = 20.0
FLUSH_SECONDS = 600.0
"""How long an end that reads slowly, or not at all, may take for the last bytes of a stream."""
GOODBYE_SECONDS = 2.0
LOST = (OSError, asyncio.IncompleteReadError, TimeoutError, EOFError)
"""What a connection that broke, or was never there, raises."""


class Refusal(Exception):
    """The project says no. `code`: one word for programs; the message is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


async def receive(reader: asyncio.StreamReader) -> Message:
    """The next line. Raises EOFError at the end of the connection, Refusal for what is no message."""
    try:
        line = await reader.readuntil(b"\n")
    except asyncio.IncompleteReadError as error:
        raise EOFError("the connection was closed") from error
    except asyncio.LimitOverrunError as error:
        raise Refusal("BadMessage", "the message is too long") from error
    try:
        message = json.loads(line)
    except ValueError as error:
        raise Refusal("BadMessage", "the message is no JSON") from error
    if not isinstance(message, dict):
        raise Refusal("BadMessage", "the message is no JSON object")
    return message


def send(writer: asyncio.StreamWriter, message: Mapping[str, Any]) -> None:
    """Puts one line into the connection's buffer."""
    writer.write(json.dumps(message).encode() + b"\n")


def tune(writer: asyncio.StreamWriter) -> None:
    """Sends small messages at once, and lets the kernel find out within seconds that the other side is gone without a
    word (a VM that was ended). Raises OSError on a connection that is gone."""
    connected: socket.socket | None = writer.get_extra_info("socket")
    if connected is None:
        raise ConnectionResetError("the connection is closed already")
    # asyncio does so by itself only for sockets that were made with an explicit protocol number.
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 3), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, option):
            connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


async def ask(
    address: tuple[str, int], context: ssl.SSLContext, request: Mapping[str, Any], longest: int = LONGEST
) -> tuple[Message, asyncio.StreamReader, asyncio.StreamWriter]:
    """Connects, asks, and gives the answer with the connection that it came on. Raises Refusal, or one of LOST."""
    async with asyncio.timeout(ANSWER_SECONDS):
        reader, writer = await asyncio.open_connection(
            *address,
            ssl=context,
            server_hostname=SERVER_NAME,
            ssl_handshake_timeout=HANDSHAKE_SECONDS,
            ssl_shutdown_timeout=FLUSH_SECONDS,
            limit=longest,
        )
        try:
            tune(writer)
            send(writer, request)
            answer = await receive(reader)
            if "error" in answer:
                raise Refusal(str(answer["error"]), str(answer.get("message", "")))
        except BaseException:
            writer.transport.abort()
            raise
        return answer, reader, writer


async def ask_once(address: tuple[str, int], context: ssl.SSLContext, request: Mapping[str, Any]) -> Message:
    """The answer alone. Raises Refusal, or one of LOST."""
    answer, _, writer = await ask(address, context, request, LONGEST_ANSWER)
    await hang_up(writer)
    return answer


async def hang_up(writer: asyncio.StreamWriter, seconds: float = GOODBYE_SECONDS) -> None:
    """Ends a connection whose other end may be gone; what is still buffered has so many seconds to leave."""
    writer.close()
    try:
        async with asyncio.timeout(seconds):
            await writer.wait_closed()
    except LOST:
        writer.transport.abort()
