"""The `systemctl` command of local VMs: a stand-in for the part of systemd that services need."""

from __future__ import annotations

import sys
from collections.abc import Callable

from . import service
from .units import UnitError

USAGE = """systemctl (the local cloud's stand-in for systemd's command; services only)
usage: systemctl daemon-reload
       systemctl {start|stop|restart|enable [--now]|disable [--now]} [--no-block] UNIT...
       systemctl {is-active|is-enabled|is-failed|status} UNIT..."""
_IGNORED = {"--quiet", "-q", "--no-pager", "--system", "--no-ask-password", "-l", "--full"}
_NOT_ACTIVE = 3
"""Exit code for a unit that isn't active."""


def main(arguments: list[str]) -> int:
    """Exit code as systemd's own."""
    options = {word for word in arguments if word.startswith("-")}
    words = [word for word in arguments if not word.startswith("-")]
    quiet = bool(options & {"--quiet", "-q"})
    unknown = options - _IGNORED - {"--now", "--no-block"}
    if unknown or not words:
        return _usage(f"unknown option {', '.join(unknown)}" if unknown else "")
    verb, names = words[0], words[1:]
    if verb == "daemon-reload":
        return 0  # unit files are read when they are needed
    if verb in _QUESTIONS and names:
        return max(_ask(verb, name, quiet) for name in names)
    if verb not in _DEEDS or not names:
        return _usage(f"unknown command {verb}")
    return max(_do(verb, name, options) for name in names)


def _usage(problem: str) -> int:
    print(USAGE if not problem else f"{problem}\n{USAGE}", file=sys.stderr)  # noqa: T201
    return 1


def _do(verb: str, name: str, options: set[str]) -> int:
    try:
        _DEEDS[verb](name, options)
    except UnitError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _start(name: str, options: set[str]) -> None:
    service.start(name, wait="--no-block" not in options)


def _stop(name: str, options: set[str]) -> None:
    service.stop(name)


def _restart(name: str, options: set[str]) -> None:
    service.load(name)
    service.stop(name)
    _start(name, options)


def _enable(name: str, options: set[str]) -> None:
    service.enable(name)
    if "--now" in options:
        _start(name, options)


def _disable(name: str, options: set[str]) -> None:
    service.disable(name)
    if "--now" in options:
        service.stop(name)


_DEEDS: dict[str, Callable[[str, set[str]], None]] = {
    "start": _start,
    "stop": _stop,
    "restart": _restart,
    "enable": _enable,
    "disable": _disable,
}


def _ask(verb: str, name: str, quiet: bool) -> int:
    try:
        said, code = _QUESTIONS[verb](name)
    except UnitError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 4
    if not quiet:
        print(said)  # noqa: T201
    return code


def _is_active(name: str) -> tuple[str, int]:
    active = str(service.state(name)["active"])
    return active, 0 if active == "active" else _NOT_ACTIVE


def _is_failed(name: str) -> tuple[str, int]:
    active = str(service.state(name)["active"])
    return active, 0 if active == "failed" else 1


def _is_enabled(name: str) -> tuple[str, int]:
    service.load(name)
    enabled = service.is_enabled(name)
    return ("enabled", 0) if enabled else ("disabled", 1)


def _status(name: str) -> tuple[str, int]:
    said = service.describe(name)
    return said, 0 if service.state(name)["active"] == "active" else _NOT_ACTIVE


_QUESTIONS: dict[str, Callable[[str], tuple[str, int]]] = {
    "is-active": _is_active,
    "is-failed": _is_failed,
    "is-enabled": _is_enabled,
    "status": _status,
}
