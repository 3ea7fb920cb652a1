"""However the world ends, nothing of it is left."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.network.bench import ROOT, Bench

pytestmark = pytest.mark.world
SECONDS = 30


async def hold(bench: Bench) -> None:
    """Two VMs with services and scripts in them, all with a mark in their command line; then waits for ever."""
    mark = await asyncio.to_thread(sys.stdin.readline)
    for card in ("left/a", "right/a"):
        await bench.boot(card, f"#!/bin/sh\nsetsid sh -c 'echo {mark.strip()}; sleep 1000; true' > /started &\n")
        await bench.said(card, "until [ -s /started ]; do sleep 0.02; done")
    print(bench.fabric.census(), flush=True)  # noqa: T201 - to the test
    await asyncio.Event().wait()


def marked(mark: str) -> Iterator[Path]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "cmdline").read_bytes():
                yield folder
        except OSError:
            continue


def until_gone(mark: str) -> None:
    """Waits for the kernel to tell of each process's end."""

    for folder in list(marked(mark)):
        try:
            descriptor = os.pidfd_open(int(folder.name))
        except ProcessLookupError:
            continue
        ready, _, _ = select.select([descriptor], [], [], SECONDS)
        os.close(descriptor)
        assert ready, f"{folder} is still there"
    assert not list(marked(mark))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left(how: signal.Signals, tmp_path: Path) -> None:
    mark = f"mark-{uuid.uuid4()}"
    command = [sys.executable, "-m", "tests.network.bench", f"{__name__}:hold", "rootns"]
    mounts = Path("/proc/self/mounts").read_text()
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as world:
        assert world.stdin is not None
        assert world.stdout is not None
        world.stdin.write(f"{mark}\n")
        world.stdin.flush()
        line = world.stdout.readline()
        if "machines" not in line:
            pytest.skip(line)
        assert len(list(marked(mark))) >= 2
        world.send_signal(how)
        world.wait(SECONDS)
    until_gone(mark)
    assert Path("/proc/self/mounts").read_text() == mounts


def test_the_exit_code_is_the_worlds() -> None:
    program = "from localcloud.network import enter, find_mode; m = find_mode(); enter(m); raise SystemExit(7)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, timeout=SECONDS, check=False)
    assert done.returncode == 7


def test_modes() -> None:
    program = (
        "from localcloud.network import find_mode as f; print(f('none'), f('loopback'), f('userns') != 'rootns', f())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, timeout=SECONDS, check=True, capture_output=True, text=True
    )
    assert done.stdout.startswith("none loopback True ")


def test_what_is_refused_is_said() -> None:
    """Where user namespaces are used up, only loopback is left. (Set in a namespace of its own.)"""
    program = (
        "from pathlib import Path; from localcloud.network.guest import kernel; from localcloud.network import *;"
        "kernel.unshare(kernel.CLONE_NEWUSER);"
        "Path('/proc/self/uid_map').write_text('0 0 1'); Path('/proc/sys/user/max_user_namespaces').write_text('0');"
        "print(why_not('userns'), find_mode())"
    )
    if why_not_here := _why_not("userns"):
        pytest.skip(why_not_here)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, timeout=SECONDS, check=True, capture_output=True, text=True
    )
    assert "unshare" in done.stdout
    assert done.stdout.endswith(" loopback\n")


def _why_not(mode: str) -> str:
    program = f"from localcloud.network import why_not; print(why_not({mode!r}) or '')"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, timeout=SECONDS, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()
