"""Services of a VM: one supervisor process for each that was started; their state in /run/units.

A supervisor holds a lock on its unit's file as long as it lives: so it is known to live, and can be waited for.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
from pathlib import Path
from typing import Any

from . import place, supervisor, units

UNIT_FOLDERS = ("/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system")
_ENABLED = "/etc/systemd/system/multi-user.target.wants"


def load(name: str) -> units.Unit:
    """Raises UnitError, also when there is no such unit."""
    full = units.full_name(name)
    for folder in UNIT_FOLDERS:
        path = place.place(f"{folder}/{full}")
        if path.is_file():
            return units.parse(full, path.read_text())
    raise units.UnitError(f"Unit {full} not found.")


def enable(name: str) -> None:
    unit = load(name)
    if not unit.wanted_by:
        raise units.UnitError(f"{unit.name} has no [Install] section with WantedBy=")
    folder = place.place(_ENABLED)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / unit.name).touch()


def disable(name: str) -> None:
    (place.place(_ENABLED) / units.full_name(name)).unlink(missing_ok=True)


def is_enabled(name: str) -> bool:
    return (place.place(_ENABLED) / units.full_name(name)).exists()


def start_enabled() -> None:
    """Starts them all, waiting for none."""
    folder = place.place(_ENABLED)
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        try:
            start(path.name, wait=False)
        except units.UnitError as error:
            print(error, file=sys.stderr)  # noqa: T201


def state(name: str) -> dict[str, Any]:
    """{"active": active | activating | inactive | failed | deactivating, "main": process id or 0, "detail": text}"""
    full = units.full_name(name)
    told = supervisor.read_state(full)
    if told["active"] in ("active", "activating", "deactivating") and not _running(full) and not told["remains"]:
        return told | {"active": "failed", "main": 0, "detail": "its supervisor was killed"}
    return told


def _running(full: str) -> bool:
    with supervisor.lock_file(full) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def start(name: str, *, wait: bool = True) -> None:
    """Starts a service that doesn't run. Raises UnitError when it can't be started."""
    unit = load(name)
    if state(name)["active"] in ("active", "activating"):
        return
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _become_supervisor(unit, writer)
    os.close(writer)
    os.waitpid(child, 0)
    if not wait:
        os.close(reader)
        return
    with os.fdopen(reader) as answer:
        said = answer.read()
    if said != supervisor.STARTED:
        raise units.UnitError(f"{unit.name} failed: {said or 'its supervisor ended'}; see {supervisor.log(unit.name)}")


def _become_supervisor(unit: units.Unit, writer: int) -> None:
    """Leaves the caller's session and streams: what it was started from may go."""
    os.setsid()
    if os.fork():
        os._exit(0)
    nothing = os.open("/dev/null", os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.chdir("/")
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        supervisor.Supervisor(unit, writer).run()
    finally:
        os._exit(0)


def stop(name: str) -> None:
    """Ends the service and waits until it has ended."""
    full = units.full_name(name)
    told = supervisor.read_state(full)
    if _running(full):
        os.kill(told["supervisor"], signal.SIGTERM)
        with supervisor.lock_file(full) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
    elif told["remains"]:
        unit = load(name)
        supervisor.Supervisor(unit, None).stop_remaining()


def log_of(name: str) -> Path:
    return place.place(supervisor.log(units.full_name(name)))


def describe(name: str) -> str:
    """What `systemctl status` prints."""
    unit, now = load(name), state(name)
    enabled = "enabled" if is_enabled(name) else "disabled"
    lines = [
        f"{unit.name} (local stand-in of systemd)",
        f"   Loaded: loaded ({enabled})",
        f"   Active: {now['active']} {now['detail']}".rstrip(),
    ]
    if now["main"]:
        lines.append(f" Main PID: {now['main']}")
    if log_of(name).exists():
        lines += ["", *log_of(name).read_text(errors="replace").splitlines()[-10:]]
    return "\n".join(lines)
