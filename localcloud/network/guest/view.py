"""A VM's file view: its disk is the root, the host's programs are in it read-only, and nothing else of the host."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from . import kernel

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
_CLOSED = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_DEVICE_LINKS = {
    "ptmx": "pts/ptmx",
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
}
_HIDDEN = ("sysrq-trigger", "kcore", "kmsg", "keys")
"""Files of /proc that are the host's, not the VM's."""
LOCAL = "/usr/local"


def enter(disk: Path, changes: Path, visible: Iterable[str]) -> None:
    """Makes `disk` the root of this process, which must be the first of its process and mount namespaces.

    changes: folder that keeps what the VM writes below /usr/local; visible: paths of the host to show, read-only.
    """
    root = str(disk)
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount(root, root, None, kernel.MS_BIND)
    _programs(root, changes, visible)
    _processes(root)
    _devices(root)
    _memory(root, "/run", "mode=755")
    old = Path(root, ".old")
    old.mkdir(exist_ok=True)
    os.chdir(root)
    kernel.pivot_root(".", ".old")
    os.chdir("/")
    kernel.unmount("/.old")
    Path("/.old").rmdir()


def _programs(root: str, changes: Path, visible: Iterable[str]) -> None:
    shown: list[str] = []
    for path in [*SYSTEM, *sorted(visible)]:
        there = Path(path)
        if there.is_symlink() and path in SYSTEM:
            link = Path(root + path)
            if not link.is_symlink():
                link.symlink_to(there.readlink())
        elif there.is_dir() and not _covered(path, shown):
            Path(root + path).mkdir(parents=True, exist_ok=True)
            kernel.bind(path, root + path, read_only=True)
            shown.append(path)
    kernel.overlay(LOCAL, str(changes / "upper"), str(changes / "work"), root + LOCAL)


def _covered(path: str, shown: list[str]) -> bool:
    return any(path == other or path.startswith(f"{other}/") for other in shown)


def _processes(root: str) -> None:
    kernel.mount("proc", f"{root}/proc", "proc", _CLOSED)
    for name in _HIDDEN:
        if Path(f"{root}/proc/{name}").exists():
            kernel.mount("/dev/null", f"{root}/proc/{name}", None, kernel.MS_BIND)
    kernel.bind(f"{root}/proc/sys", f"{root}/proc/sys", read_only=True)
    kernel.mount("sysfs", f"{root}/sys", "sysfs", kernel.MS_RDONLY | _CLOSED)


def _devices(root: str) -> None:
    _memory(root, "/dev", "mode=755,size=1m")
    for name in _DEVICES:
        Path(f"{root}/dev/{name}").touch()
        kernel.mount(f"/dev/{name}", f"{root}/dev/{name}", None, kernel.MS_BIND)
    Path(f"{root}/dev/pts").mkdir()
    flags = kernel.MS_NOSUID | kernel.MS_NOEXEC
    kernel.mount("devpts", f"{root}/dev/pts", "devpts", flags, "newinstance,ptmxmode=0666,mode=620")
    Path(f"{root}/dev", "shm").mkdir()
    _memory(f"{root}/dev", "/shm", "mode=1777")
    for name, target in _DEVICE_LINKS.items():
        Path(f"{root}/dev/{name}").symlink_to(target)


def _memory(root: str, path: str, data: str) -> None:
    kernel.mount("tmpfs", root + path, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, data)
