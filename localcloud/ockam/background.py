"""Nodes as processes: started in the foreground or in the background."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

from localcloud.ockam.configuration import Configuration
from localcloud.ockam.home import Home
from localcloud.ockam.node import Node, Status
from localcloud.ockam.places import END_SECONDS, NodeError, Place
from localcloud.ockam.wire import Refusal

START_SECONDS = 30.0


def foreground(home: Home, configuration: Configuration, log: Callable[[str], None]) -> None:
    """Runs the node in this process until SIGTERM or SIGINT. Raises NodeError if it can't start."""
    place = Place(home.nodes / configuration.name)
    lock = place.claim()
    try:
        asyncio.run(_run(home, configuration, place, lambda: log(f"node {place.name} is up"), log))
    except NodeError:
        shutil.rmtree(place.path, ignore_errors=True)
        raise
    finally:
        os.close(lock)


def background(home: Home, configuration: Configuration) -> None:
    """Starts the node as a process of its own, and returns when it is up. Raises NodeError if it can't start; then
    nothing of it is left."""
    place = Place(home.nodes / configuration.name)
    lock = place.claim()
    ours, theirs = os.pipe()
    try:
        first = os.fork()
        if first == 0:
            _second_fork(lambda: _body(home, configuration, place, theirs))
        os.close(theirs)
        os.waitpid(first, 0)
        said = _listen(ours)
    finally:
        os.close(ours)
        os.close(lock)
    if said != "up":
        place.end()
        raise NodeError(said or "the node's process ended without a word")


def _second_fork(body: Callable[[], int]) -> None:
    """Runs in the child: a session of its own, and no parent to be waited for by."""
    os.setsid()
    code = 1
    try:
        code = body() if os.fork() == 0 else 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _body(home: Home, configuration: Configuration, place: Place, theirs: int) -> int:
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(place.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for target, source in ((0, nothing), (1, log), (2, log)):
        os.dup2(source, target)
    try:
        asyncio.run(_run(home, configuration, place, lambda: _say(theirs, "up"), write_line))
    except NodeError as error:
        _say(theirs, str(error))
        return 1
    return 0


def write_line(text: str) -> None:
    """A line with the time before it, to standard error."""
    sys.stderr.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}\n")
    sys.stderr.flush()


def _say(pipe: int, text: str) -> None:
    # Whoever listened may have lost patience and gone.
    with contextlib.suppress(OSError):
        os.write(pipe, text.encode())
        os.close(pipe)


def _listen(pipe: int) -> str:
    """What the node says of its start; empty if it ended without a word."""
    said = b""
    while True:
        if not select.select([pipe], [], [], START_SECONDS + END_SECONDS)[0]:
            return "the node did not start in time"
        block = os.read(pipe, 4096)
        if not block:
            return said.decode()
        said += block


async def _run(
    home: Home, configuration: Configuration, place: Place, up: Callable[[], None], log: Callable[[str], None]
) -> None:
    """Until told to end. Raises NodeError if the node can't start."""
    place.write_pid()
    started = asyncio.Event()
    latest = Status(attending=False)

    def tell(status: Status) -> None:
        nonlocal latest
        latest = status
        place.write_status(document(configuration, status))

    running = asyncio.create_task(Node(home, configuration, tell, log).run(started))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.cancel)
    try:
        async with asyncio.timeout(START_SECONDS):
            await _first(running, started)
        up()
        await running
    except TimeoutError as error:
        raise NodeError(f"the node did not come up in {START_SECONDS:.0f} s: {latest.last_failure}") from error
    except (Refusal, OSError) as error:
        raise NodeError(str(error)) from error
    except asyncio.CancelledError:
        log("the node ends")
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _first(running: asyncio.Task[None], started: asyncio.Event) -> None:
    """Waits until the node has started; raises what kept it from that."""
    waiting = asyncio.create_task(started.wait())
    try:
        await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
    finally:
        waiting.cancel()


def document(configuration: Configuration, status: Status) -> dict[str, Any]:
    """The lists of `ockam node show`."""
    inlet, outlet = configuration.inlet, configuration.outlet
    up = {True: "Up", False: "Down"}
    shown: dict[str, Any] = {"inlets": [], "outlets": [], "relays": []}
    if inlet:
        address, state = f"{inlet.host}:{inlet.port}", up[status.attending and status.served]
        shown["inlets"].append({"listen_addr": address, "via": inlet.relay, "allow": inlet.allow, "status": state})
    if outlet:
        shown["outlets"].append({"to": f"{outlet.host}:{outlet.port}", "allow": outlet.allow})
        relay = {"alias": outlet.relay, "connection_status": up[status.attending], "last_failure": status.last_failure}
        shown["relays"].append(relay)
    return shown
