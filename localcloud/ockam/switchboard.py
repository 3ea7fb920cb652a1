"""Which member serves which relay at this moment, and the joining of inlets to outlets.

A node *attends*: it keeps one connection open, on which it hears who wants to come through its relay and whether the
relays that it watches are served. For each caller the node opens a connection of its own, and the relay passes bytes
between the two.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from localcloud.ockam import wire
from localcloud.ockam.ledger import Member
from localcloud.ockam.wire import Refusal

BLOCK = 64 * 1024
PICK_UP_SECONDS = 15.0
Watch = Callable[[bytes], None]


@dataclass(eq=False)
class Connection:
    """One connection of a member, or of somebody who is none (yet)."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    member: Member | None

    def cut(self) -> None:
        self.writer.transport.abort()


@dataclass(eq=False)
class Attendance:
    """A node's standing connection. `relays`: what it serves; `watched`: whose state it wants to hear of."""

    connection: Connection
    relays: tuple[str, ...]
    watched: tuple[str, ...]


@dataclass(eq=False)
class Call:
    """An inlet's connection that waits for the outlet's. `identifier`: who may pick it up."""

    identifier: str
    picked_up: asyncio.Future[Connection]
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Switchboard:
    """`watch` sees every block that is passed on, as the relay sees it."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._attending: list[Attendance] = []
        self._serving: dict[str, Attendance] = {}
        self._calls: dict[str, Call] = {}

    @property
    def relays(self) -> list[str]:
        """Names of the relays that are served now."""
        return sorted(self._serving)

    async def attend(self, attendance: Attendance) -> None:
        """Serves a node until its connection ends. A relay is with the member that enrolled last: a rebuilt VM takes
        it over from the one that it replaces, and keeps it. Raises Refusal."""
        former = {self._serving[name] for name in attendance.relays if name in self._serving}
        for other in former:
            if _enrolled(other.connection) > _enrolled(attendance.connection):
                raise Refusal("RelayTaken", "the relay is served by a member that enrolled later")
        self._attending.append(attendance)
        self._serving.update(dict.fromkeys(attendance.relays, attendance))
        for other in former:
            other.connection.cut()
        try:
            states = {name: name in self._serving for name in attendance.watched}
            wire.send(attendance.connection.writer, {"ok": True, "relays": states})
            self._tell(attendance.relays, up=True)
            while await attendance.connection.reader.read(BLOCK):
                pass
        finally:
            self._attending.remove(attendance)
            gone = [name for name in attendance.relays if self._serving.get(name) is attendance]
            for name in gone:
                del self._serving[name]
            self._tell(gone, up=False)

    def _tell(self, relays: list[str] | tuple[str, ...], *, up: bool) -> None:
        for attendance in self._attending:
            for name in set(relays) & set(attendance.watched):
                wire.send(attendance.connection.writer, {"event": "relay", "relay": name, "up": up})

    async def connect(self, caller: Connection, relay: str) -> None:
        """Brings a caller to the relay's node and passes bytes until one of them hangs up. Raises Refusal."""
        attendance = self._serving.get(relay)
        if attendance is None or attendance.connection.member is None:
            raise Refusal("RelayDown", f"nobody serves the relay {relay!r} at the moment")
        number = secrets.token_hex(16)
        picked_up: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()
        call = self._calls[number] = Call(attendance.connection.member.identifier, picked_up)
        try:
            wire.send(attendance.connection.writer, {"event": "call", "relay": relay, "call": number})
            async with asyncio.timeout(PICK_UP_SECONDS):
                callee = await picked_up
            wire.send(caller.writer, {"ok": True})
            await self._join(caller, callee)
        except TimeoutError as error:
            raise Refusal("RelayDown", f"the node behind the relay {relay!r} does not answer") from error
        finally:
            self._calls.pop(number, None)
            call.over.set()
        await wire.hang_up(caller.writer, wire.FLUSH_SECONDS)

    async def pick_up(self, callee: Connection, number: str) -> None:
        """The node's side of a call; returns when the call is over. Raises Refusal."""
        call = self._calls.get(number)
        if (
            call is None
            or call.picked_up.done()
            or callee.member is None
            or callee.member.identifier != call.identifier
        ):
            raise Refusal("NoCall", "there is no such call for this member")
        wire.send(callee.writer, {"ok": True})
        call.picked_up.set_result(callee)
        await call.over.wait()
        await wire.hang_up(callee.writer, wire.FLUSH_SECONDS)

    async def _join(self, one: Connection, other: Connection) -> None:
        ways = [
            asyncio.create_task(self._pass_on(one.reader, other.writer)),
            asyncio.create_task(self._pass_on(other.reader, one.writer)),
        ]
        try:
            # The ends say inside their own TLS when one way is at its end: a connection closes when both are.
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while block := await reader.read(BLOCK):
            self._watch(block)
            writer.write(block)
            await writer.drain()


def _enrolled(connection: Connection) -> float:
    return connection.member.enrolled_at if connection.member else 0.0
