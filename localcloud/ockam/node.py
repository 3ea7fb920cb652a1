"""A running node: it attends at its project, listens at its inlet, and answers the calls of its relay."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from localcloud.ockam import wire
from localcloud.ockam.configuration import Configuration
from localcloud.ockam.home import Home
from localcloud.ockam.portal import Portal
from localcloud.ockam.wire import Message, Refusal

PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds before the project is tried again, the first time, the second, and so on; the last one stays."""
STEADY_SECONDS = 10.0
"""A connection that lasted as long makes the pauses short again; a project that takes nodes in only to drop them is
tried more and more rarely."""


@dataclass(frozen=True)
class Status:
    """attending: the node is connected to the project
    served: somebody serves the relay that the inlet calls
    """

    attending: bool
    served: bool = False
    last_failure: str | None = None


class Node:
    """tell: called with the status, first and after every change
    log: takes lines for people
    """

    def __init__(
        self, home: Home, configuration: Configuration, tell: Callable[[Status], None], log: Callable[[str], None]
    ) -> None:
        self._address = home.membership().address
        self._to_project = home.to_project()
        self._portal = Portal(home, log)
        self._inlet, self._outlet = configuration.inlet, configuration.outlet
        self._tell, self._log = tell, log
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, started: asyncio.Event) -> None:
        """Until cancelled. `started` is set when the inlet listens and the project has let the node in. Before that,
        raises Refusal if the project doesn't want it, and OSError if the inlet's address can't be had."""
        self._tell(Status(attending=False))
        inlet = self._inlet
        server = await asyncio.start_server(self._called, inlet.host, inlet.port) if inlet else None
        try:
            await self._attend_for_ever(started)
        finally:
            if server:
                server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _attend_for_ever(self, started: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            began = loop.time()
            try:
                await self._attend(started)
            except Refusal as refusal:
                if not started.is_set():
                    raise
                failure = str(refusal)
            except wire.LOST as error:
                failure = str(error) or type(error).__name__
            self._tell(Status(attending=False, last_failure=failure))
            self._log(f"the project is out of reach: {failure}")
            failures = 0 if loop.time() - began > STEADY_SECONDS else failures
            await asyncio.sleep(PAUSES[min(failures, len(PAUSES) - 1)])
            failures += 1

    async def _attend(self, started: asyncio.Event) -> None:
        """One connection to the project; ends with what ended it."""
        request = {
            "do": "attend",
            "relays": [self._outlet.relay] if self._outlet else [],
            "watched": [self._inlet.relay] if self._inlet else [],
        }
        answer, reader, writer = await wire.ask(self._address, self._to_project, request)
        try:
            self._log("attending at the project")
            self._tell(Status(attending=True, served=any(answer["relays"].values())))
            started.set()
            while True:
                self._hear(await wire.receive(reader))
        finally:
            writer.transport.abort()

    def _hear(self, event: Message) -> None:
        if event.get("event") == "relay":
            self._tell(Status(attending=True, served=bool(event["up"])))
        elif event.get("event") == "call" and self._outlet:
            self._spawn(self._portal.answer(self._outlet, str(event["call"])))

    def _called(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert self._inlet is not None
        self._spawn(self._portal.enter(self._inlet, reader, writer))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
