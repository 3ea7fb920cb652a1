"""Network namespaces without names: they live as long as their descriptors and the processes in them."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from localcloud.network.guest import kernel
from localcloud.network.netlink import LOOPBACK_INDEX, Links
from localcloud.network.nftables import Filter

T = TypeVar("T")

_IP_FREEBIND = 15
_BACKLOG = 128


def _in_thread(work: Callable[[], T]) -> T:
    """Namespaces belong to threads: one that is thrown away afterwards can't take anybody else along."""
    done: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return done[0]


class Space:
    """A network namespace with its loopback up."""

    def __init__(self) -> None:
        self.descriptor = _in_thread(_make)
        self.links: Links = self.inside(Links)
        self._next_index = 100

    def inside(self, work: Callable[[], T]) -> T:
        """Calls `work` in this namespace. Sockets that it makes stay there."""

        def run() -> T:
            kernel.setns(self.descriptor, kernel.CLONE_NEWNET)
            return work()

        return _in_thread(run)

    def index(self) -> int:
        """A number for a new link, never given twice."""
        self._next_index += 1
        return self._next_index

    def set(self, name: str, value: str) -> None:
        """A sysctl below /proc/sys/net of this namespace."""

        def write() -> None:
            Path(f"/proc/sys/net/{name}").write_text(value)

        self.inside(write)

    def listen(self, address: str, port: int) -> socket.socket:
        """A listening, non-blocking TCP socket."""
        return self._bound(socket.SOCK_STREAM, address, port)

    def datagrams(self, address: str, port: int) -> socket.socket:
        """A non-blocking UDP socket."""
        return self._bound(socket.SOCK_DGRAM, address, port)

    def _bound(self, kind: socket.SocketKind, address: str, port: int) -> socket.socket:
        def make() -> socket.socket:
            made = socket.socket(socket.AF_INET, kind)
            try:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                made.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)
                made.bind((address, port))
                if kind == socket.SOCK_STREAM:
                    made.listen(_BACKLOG)
                made.setblocking(False)
            except BaseException:
                made.close()
                raise
            return made

        return self.inside(make)

    def filter(self) -> Filter:
        return self.inside(Filter)

    def close(self) -> None:
        self.links.close()
        with contextlib.suppress(OSError):
            os.close(self.descriptor)
        self.descriptor = -1


def _make() -> int:
    kernel.unshare(kernel.CLONE_NEWNET)
    with Links() as links:
        links.up(LOOPBACK_INDEX).commit()
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
