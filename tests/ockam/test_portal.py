"""What a portal does with bytes: real processes on both sides, one project between them."""

from __future__ import annotations

import secrets
import select
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from localcloud.ockam import wire
from tests.ockam.conftest import Portal
from tests.ockam.world import PATIENCE, Machine, Target, World, dial, everything, refused, through, until

MEGABYTE = 1024 * 1024
CANARY = b"canary-" + secrets.token_hex(16).encode()


@pytest.fixture
def target() -> Iterator[Callable[[Callable[[socket.socket], None]], Target]]:
    made: list[Target] = []

    def make(serve: Callable[[socket.socket], None]) -> Target:
        made.append(Target(serve))
        return made[-1]

    yield make
    for one in made:
        one.close()


Make = Callable[[Callable[[socket.socket], None]], Target]


def test_each_way_ends_by_itself(portal: Portal) -> None:
    # The target answers only when it has seen the end of the caller's way.
    assert through(portal.port, b"What is Ockham's Razor?") == b"What is Ockham's Razor?"


def test_nothing_at_all_is_carried_too(portal: Portal) -> None:
    assert through(portal.port, b"") == b""


def test_what_goes_in_comes_out_at_any_size(portal: Portal) -> None:
    data = secrets.token_bytes(8 * MEGABYTE + 1)
    assert through(portal.port, data) == data


def test_callers_do_not_mix(portal: Portal) -> None:
    sent = [secrets.token_bytes(100_000) for _ in range(16)]
    with ThreadPoolExecutor(len(sent)) as pool:
        assert list(pool.map(lambda data: through(portal.port, data), sent)) == sent


def test_the_relay_sees_ciphertext_only(portal: Portal) -> None:
    before = len(portal.world.forwarded)
    assert through(portal.port, CANARY * 100) == CANARY * 100
    assert len(portal.world.forwarded) - before > 2 * 100 * len(CANARY)
    assert CANARY not in portal.world.forwarded


def test_nothing_of_a_stream_is_in_a_log(portal: Portal) -> None:
    through(portal.port, CANARY)
    for machine in (portal.outlet, portal.inlet):
        written = (machine.home / "nodes" / "default" / "log").read_bytes()
        assert written
        assert CANARY not in written


def test_the_outlet_resolves_the_name(world: World, echo: Target) -> None:
    world.outlet(f"localhost:{echo.address.rpartition(':')[2]}")
    _, port = world.inlet()
    assert through(port, b"by name") == b"by name"


def test_a_slow_reader_slows_the_sender_and_still_gets_the_end(world: World, target: Make) -> None:
    block = secrets.token_bytes(MEGABYTE)
    enough = threading.Event()
    sent = 0

    def send_on(connected: socket.socket) -> None:
        nonlocal sent
        while not enough.is_set():
            connected.sendall(block)
            sent += 1

    outlet = world.outlet(target(send_on).address)
    inlet, port = world.inlet()
    before = memory(outlet), memory(inlet)
    with dial(port) as caller:
        assert caller.recv(1) == block[:1]
        # How much that is depends on the kernel's buffers, of which there are many on the way.
        until(_steady(lambda: sent))
        assert memory(outlet) < before[0] + 8 * MEGABYTE
        assert memory(inlet) < before[1] + 8 * MEGABYTE
        enough.set()
        caller.shutdown(socket.SHUT_WR)
        got = everything(caller)
    assert len(got) + 1 == sent * MEGABYTE
    assert block[:1] + got == block * sent


def memory(machine: Machine) -> int:
    """Bytes that the node's process has in use."""
    done = subprocess.run(["ps", "-o", "rss=", "-p", str(machine.pid)], capture_output=True, text=True, check=True)
    return int(done.stdout) * 1024


def _steady(value: Callable[[], int]) -> Callable[[], bool]:
    """True once the value has not changed for a hundred looks."""
    seen: list[int] = []

    def look() -> bool:
        seen.append(value())
        return len(seen) > 100 and len(set(seen[-100:])) == 1

    return look


def test_the_last_bytes_wait_for_a_reader_that_comes_back_late(world: World, target: Make) -> None:
    small = secrets.token_bytes(3 * MEGABYTE)
    over = threading.Event()

    def send_and_leave(connected: socket.socket) -> None:
        connected.sendall(small)
        connected.shutdown(socket.SHUT_WR)
        everything(connected)
        over.set()

    world.outlet(target(send_and_leave).address)
    _, port = world.inlet()
    with dial(port) as caller:
        caller.shutdown(socket.SHUT_WR)
        assert over.wait(PATIENCE)
        # Nobody loses patience, though this is longer than a goodbye takes when nobody is slow.
        assert not cut_within(caller, wire.GOODBYE_SECONDS + 0.5)
        assert everything(caller) == small


def cut_within(connected: socket.socket, seconds: float) -> bool:
    watch = select.poll()
    watch.register(connected, select.POLLERR | select.POLLHUP)
    return bool(watch.poll(seconds * 1000))


def test_a_stream_that_broke_does_not_look_like_one_that_ended(world: World, target: Make) -> None:
    def break_off(connected: socket.socket) -> None:
        connected.sendall(b"half")
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connected.recv(1)

    world.outlet(target(break_off).address)
    _, port = world.inlet()
    with dial(port) as caller:
        assert caller.recv(4) == b"half"
        caller.sendall(b"!")
        with pytest.raises(ConnectionResetError):
            everything(caller)


def test_a_closed_target_is_a_cut_connection(world: World) -> None:
    world.outlet("127.0.0.1:1")
    inlet, port = world.inlet()
    assert refused(port)
    log = inlet.home / "nodes" / "default" / "log"
    until(lambda: "the outlet can't connect" in log.read_text())


def test_the_outlet_lets_in_only_whom_its_policy_allows(world: World, echo: Target) -> None:
    callers = echo.callers
    outlet = world.machine("strict")
    ticket = world.ticket("--attribute", "outlet", "--relay", "relay-1")
    outlet.create({"relay": "relay-1", "tcp-outlet": {"to": echo.address, "allow": "somebody-else"}}, ticket)
    _, port = world.inlet()
    assert refused(port)
    assert echo.callers == callers
    log = outlet.home / "nodes" / "default" / "log"
    until(lambda: "has not the attribute 'somebody-else'" in log.read_text())


def test_the_inlet_talks_only_to_whom_its_policy_allows(world: World, echo: Target) -> None:
    callers = echo.callers
    world.outlet(echo.address)
    inlet, port = world.inlet(allow="another-outlet")
    assert refused(port)
    assert echo.callers == callers
    assert "has not the attribute 'another-outlet'" in (inlet.home / "nodes" / "default" / "log").read_text()


def test_an_inlet_is_up_when_its_outlet_is_there(world: World, echo: Target) -> None:
    inlet, port = world.inlet()
    assert inlet.show()["inlets"][0]["status"] == "Down"
    assert refused(port)
    outlet = world.outlet(echo.address)
    until(lambda: inlet.show()["inlets"][0]["status"] == "Up")
    assert through(port, b"now") == b"now"
    outlet("node", "delete", "--all", "--yes")
    until(lambda: inlet.show()["inlets"][0]["status"] == "Down")
