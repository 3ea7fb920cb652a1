"""A life on virtual time, whose Azure then answers over real connections."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.localazure.engine import Engine


@contextmanager
def answering(engine: Engine) -> Iterator[None]:
    """While the block lasts the engine's Azure answers; its own clock stands still."""
    loop = engine.direct.loop
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def open_door(engine: Engine) -> None:
    """The engine's Azure can be reached from now on, whenever it answers."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    engine.direct.loop.run_until_complete(asyncio.wait_for(engine.azure.proxy(listener), 10))
