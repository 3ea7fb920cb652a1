"""An Ockam project: authority and relay behind one port, TLS 1.3 only.

| request | who may | answer |
|---|---|---|
| enroll {ticket, request} | anybody with a ticket | {identifier, credential} |
| ticket {attributes, seconds, count} | enrollers | {code} |
| members | enrollers | {members: [{identifier, attributes, enrolled_at}]} |
| remove {identifier} | enrollers | {}; the member's connections are cut |
| attend {relays, watched} | members; a relay only with the right to it | {relays: {name: up}}, then events |
| connect {relay} | members | {}, then bytes |
| pick_up {call} | the member whose relay is called | {}, then bytes |
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from localcloud.ockam import files, wire
from localcloud.ockam.identity import BadRequest, context, credential_of
from localcloud.ockam.ledger import RELAY, Ledger, Member
from localcloud.ockam.switchboard import Attendance, Connection, Switchboard, Watch
from localcloud.ockam.wire import Message, Refusal

ASK_SECONDS = 30.0
"""How long somebody may be connected without asking for anything."""


class Project:
    """home: where its state is kept (mode 0700), and found again when it is started the next time
    name: for people
    clock: seconds since the epoch; tickets expire by it
    watch: sees every block that the relay passes on
    """

    def __init__(self, home: Path, name: str, clock: Callable[[], float], watch: Watch = lambda block: None) -> None:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.name = name
        self.ledger = Ledger.open(home / "state.json", name, clock)
        self._switchboard = Switchboard(watch)
        self._tls = _server_context(home / "server.pem", self.ledger)
        self._closed = False
        self._servers: list[asyncio.Server] = []
        self._connections: dict[Connection, asyncio.Task[None]] = {}
        self._handlers: Mapping[str, Callable[[Connection, Message], Awaitable[None]]] = {
            "enroll": self._enroll,
            "ticket": self._ticket,
            "members": self._members,
            "remove": self._remove,
            "attend": self._attend,
            "connect": self._connect,
            "pick_up": self._pick_up,
        }

    @property
    def relays(self) -> list[str]:
        """Names of the relays that are served now."""
        return self._switchboard.relays

    @property
    def members(self) -> list[Member]:
        return list(self.ledger.members.values())

    async def serve(self, listener: socket.socket) -> None:
        """Serves on a listening socket from now on, until `close`, which closes it."""
        listener.setblocking(False)
        server = await asyncio.start_server(
            self._client,
            sock=listener,
            ssl=self._tls,
            ssl_handshake_timeout=wire.HANDSHAKE_SECONDS,
            ssl_shutdown_timeout=wire.FLUSH_SECONDS,
            limit=wire.LONGEST,
        )
        self._servers.append(server)

    async def close(self) -> None:
        """Ends every connection and closes the listeners. The state stays in its home."""
        self._closed = True
        for server in self._servers:
            server.close()
        self._servers.clear()
        tasks = list(self._connections.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connection = Connection(reader, writer, self._member(writer))
        if self._closed:
            connection.cut()
            return
        self._connections[connection] = task
        try:
            wire.tune(writer)
            await self._answer(connection)
            await wire.hang_up(writer)
        except wire.LOST:
            connection.cut()
        except asyncio.CancelledError:
            # Only `close` cancels, and it waits for this task, not for what becomes of it.
            connection.cut()
        finally:
            del self._connections[connection]

    def _member(self, writer: asyncio.StreamWriter) -> Member | None:
        tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
        credential = credential_of(tls.getpeercert(binary_form=True))
        return self.ledger.members.get(credential.identifier) if credential else None

    async def _answer(self, connection: Connection) -> None:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                request = await wire.receive(connection.reader)
            handler = self._handlers.get(str(request.get("do")))
            if handler is None:
                raise Refusal("BadMessage", "there is no such request")
            try:
                await handler(connection, request)
            except (KeyError, TypeError, ValueError, AttributeError, BadRequest) as error:
                raise Refusal("BadMessage", f"the request is not as it must be: {error!r}") from error
        except Refusal as refusal:
            wire.send(connection.writer, {"error": refusal.code, "message": str(refusal)})

    async def _enroll(self, connection: Connection, request: Message) -> None:
        identifier = self.ledger.authority.identify(request["request"])
        member = self.ledger.redeem(request["ticket"], identifier)
        credential = self.ledger.authority.sign(request["request"], member.attributes)
        wire.send(connection.writer, {"ok": True, "identifier": identifier, "credential": credential})

    async def _ticket(self, connection: Connection, request: Message) -> None:
        _enroller(connection)
        attributes = {str(key): str(value) for key, value in request["attributes"].items()}
        code = self.ledger.issue(attributes, float(request["seconds"]), int(request["count"]))
        wire.send(connection.writer, {"ok": True, "code": code})

    async def _members(self, connection: Connection, request: Message) -> None:
        _enroller(connection)
        # One line holds them all, so this answer may be longer than any other message.
        members = [asdict(member) for member in self.members]
        wire.send(connection.writer, {"ok": True, "members": members})

    async def _remove(self, connection: Connection, request: Message) -> None:
        _enroller(connection)
        identifier = str(request["identifier"])
        self.ledger.remove(identifier)
        for other in list(self._connections):
            if other.member is not None and other.member.identifier == identifier and other is not connection:
                other.cut()
        wire.send(connection.writer, {"ok": True})

    async def _attend(self, connection: Connection, request: Message) -> None:
        member = _member_of(connection)
        relays = tuple(map(str, request["relays"]))
        for relay in relays:
            if not member.may_serve(relay):
                raise Refusal("RelayNotAllowed", f"this member's {RELAY} is not {relay!r}: it may not register it")
        await self._switchboard.attend(Attendance(connection, relays, tuple(map(str, request["watched"]))))

    async def _connect(self, connection: Connection, request: Message) -> None:
        _member_of(connection)
        await self._switchboard.connect(connection, str(request["relay"]))

    async def _pick_up(self, connection: Connection, request: Message) -> None:
        _member_of(connection)
        await self._switchboard.pick_up(connection, str(request["call"]))


def _server_context(path: Path, ledger: Ledger) -> ssl.SSLContext:
    if not path.exists():
        files.write(path, ledger.authority.server())
    made = context(ssl.PROTOCOL_TLS_SERVER, ledger.authority.certificate)
    made.load_cert_chain(path)
    # Whoever enrols has no certificate yet.
    made.verify_mode = ssl.CERT_OPTIONAL
    return made


def _member_of(connection: Connection) -> Member:
    if connection.member is None:
        raise Refusal("NotAMember", "this node is not, or no longer, a member of the project")
    return connection.member


def _enroller(connection: Connection) -> None:
    if not _member_of(connection).enroller:
        raise Refusal("NotAllowed", "only an enroller of the project may do this")
