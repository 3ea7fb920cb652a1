"""The outer namespaces of the world, which end with it; and how far this machine lets us go.

caller's process ── waits, hands signals on, exits with the world's code
  └─ process 1    reaps, hands signals on; the kernel ends everything in its namespace when it ends
       └─ the world: the caller goes on here
"""

from __future__ import annotations

import os
import select
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

from localcloud.fabric import Mode
from localcloud.network.guest import kernel

_ALL = kernel.CLONE_NEWNET | kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | kernel.CLONE_NEWIPC
_IDS = 65536
"""User ids that stay what they are in a root's own user namespace."""
_HANDED_ON = (signal.SIGTERM, signal.SIGINT)
_LOST = 137


def enter(mode: Mode) -> None:
    """Goes on in namespaces of its own, as a new process; to be called before there are threads.

    Nothing happens in the modes without namespaces. Raises OSError where the machine refuses (see `find_mode`).
    """
    if mode in ("loopback", "none"):
        return
    sys.stdout.flush()
    sys.stderr.flush()
    reader, writer = os.pipe()
    leave(mode)
    child = os.fork()
    if child:
        os.close(reader)
        _wait(child)  # holds the pipe's writing end as long as it lives
    os.close(writer)
    _end_with_parent(reader)
    world = os.fork()
    if world:
        os.close(reader)
        _wait(world)
    os.close(reader)
    own_mounts()


def leave(mode: Mode) -> None:
    """Leaves for new namespaces. The new process namespace only takes effect for the next child."""
    if mode == "rootns":
        _become_fenced_root()
    else:
        user, group = os.getuid(), os.getgid()
        kernel.unshare(kernel.CLONE_NEWUSER)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    kernel.unshare(_ALL)


def _become_fenced_root() -> None:
    """Root in a user namespace of its own; only a process outside of it may say which ids it has."""
    me = os.getpid()
    go_reader, go_writer = os.pipe()
    done_reader, done_writer = os.pipe()
    helper = os.fork()
    if helper == 0:
        os.close(go_writer)
        if not os.read(go_reader, 1):
            os._exit(1)  # it was refused before it came to the ids
        try:
            for name in ("uid_map", "gid_map"):
                Path(f"/proc/{me}/{name}").write_text(f"0 0 {_IDS}")
        except OSError:
            os._exit(1)
        os.write(done_writer, b"1")
        os._exit(0)
    os.close(done_writer)
    try:
        kernel.unshare(kernel.CLONE_NEWUSER)
        os.write(go_writer, b"1")
        if not os.read(done_reader, 1):
            raise PermissionError("the ids of a user namespace may not be set here")
    finally:
        for descriptor in (go_reader, go_writer, done_reader):
            os.close(descriptor)
        os.waitpid(helper, 0)


def own_mounts() -> None:
    """Mounts from now on are nobody else's, and /proc shows the own processes. For the first or second process."""
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("proc", "/proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)


def _end_with_parent(reader: int) -> None:
    kernel.die_with_parent()
    ready, _, _ = select.select([reader], [], [], 0)
    if ready:  # end of file: the parent had died before
        os._exit(_LOST)


def _wait(child: int) -> NoReturn:
    """Waits for the child, reaping whatever else ends here, and exits as it did."""

    def hand_on(number: int, frame: FrameType | None) -> None:
        os.kill(child, number)

    for number in _HANDED_ON:
        signal.signal(number, hand_on)
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)
