"""Stands for a VM's first process where there are no namespaces: boots, and ends all of the VM's processes.

They are known by ISTHMUS_ROOT in their environment, which every process of a VM inherits. `main` ends when its
standard input does, for whatever reason: so a VM ends with the network's process, even if that is killed.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from . import booting, place


def main(which: str) -> None:
    """`which`: "first" or "again", the boot. Prints one line once it keeps watch."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the booting process
    print("ready", flush=True)  # noqa: T201
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _leave_streams()
        os.environ.update(place.login_environment())
        booting.main(first=which == "first")
    while sys.stdin.buffer.read(4096):
        pass
    end_all()


def _leave_streams() -> None:
    nothing = os.open("/dev/null", os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)  # the console's log


def end_all() -> None:
    """Until none is found: one may start another while it is being ended."""
    while found := processes():
        for number in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(number, signal.SIGKILL)


def processes() -> list[int]:
    """Ids of this VM's processes but the own one. Without /proc: none, they can't be found."""
    mark = f"{place.ROOT_VARIABLE}={place.root()}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        number = int(folder.name)
        with suppress(OSError):
            if number != os.getpid() and mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(number)
    return found
