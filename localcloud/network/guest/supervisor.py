"""Runs one service as systemd would: pre-commands, main process, restarts, stop."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import IO, Any

from . import place, units

STARTED = "started"
_FOLDER = "/run/units"
_NOTHING = {"active": "inactive", "main": 0, "supervisor": 0, "remains": False, "detail": ""}


class _Stop(BaseException):
    """SIGTERM came."""


class _Failed(Exception):
    """The service did not do as it should."""


def log(name: str) -> str:
    """Where the unit's output goes, as the VM names it."""
    return f"/var/log/{name.removesuffix('.service')}.log"


def _file(name: str) -> Path:
    folder = place.place(_FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


def lock_file(name: str) -> IO[str]:
    return _file(f"{name}.lock").open("a")


def read_state(name: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(_file(f"{name}.json").read_text())
    except FileNotFoundError:
        return dict(_NOTHING)
    return found


class Supervisor:
    """`waiting`: descriptor of a pipe on whose other end somebody waits for the start's outcome."""

    def __init__(self, unit: units.Unit, waiting: int | None) -> None:
        self._unit = unit
        self._waiting = waiting
        self._main: subprocess.Popen[bytes] | None = None
        self._stopping = False
        self._variables = place.environment()

    def run(self) -> None:
        """Until the service has ended for good. Only one supervisor of a unit runs; a second leaves at once."""
        with lock_file(self._unit.name) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._say(STARTED)
                return
            signal.signal(signal.SIGTERM, self._stop)
            try:
                self._tell("activating")
                self._supervise()
            except _Stop:
                self._stopping = True
                self._end()
                self._tell("inactive")
            except Exception as error:
                self._end_main()
                self._tell("failed", str(error))
                self._say(str(error))

    def stop_remaining(self) -> None:
        """The stop commands of a service whose processes have all ended while it counts as active."""
        self._commands(self._unit.stop, ignore=True)
        self._tell("inactive")

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if not self._stopping:
            self._stopping = True
            raise _Stop

    def _supervise(self) -> None:
        self._note_what_is_not_simulated()
        starts: deque[float] = deque(maxlen=self._unit.start_limit[0])
        while True:
            self._check_limit(starts)
            failure = self._once()
            if not self._again(failure):
                break
            self._print(f"restarting in {self._unit.restart_seconds:g} s: {failure or 'it ended'}")
            self._tell("activating", "waits to be restarted")
            time.sleep(self._unit.restart_seconds)
        if failure is not None:
            raise _Failed(failure)
        self._tell("active" if self._unit.remain else "inactive", remains=self._unit.remain)
        self._say(STARTED)

    def _note_what_is_not_simulated(self) -> None:
        for key in self._unit.not_simulated:
            self._print(f"not simulated: {key}=")

    def _check_limit(self, starts: deque[float]) -> None:
        burst, interval = self._unit.start_limit
        now = time.monotonic()
        if burst and len(starts) == burst and now - starts[0] < interval:
            raise _Failed(f"started {burst} times within {interval:g} s (start-limit-hit)")
        starts.append(now)

    def _once(self) -> str | None:
        """One life of the service; None: it ended well."""
        try:
            self._commands(self._unit.start_pre)
            if self._unit.kind == "oneshot":
                self._commands(self._unit.start)
            else:
                self._serve(self._unit.start[0])
        except _Failed as failure:
            return str(failure)
        return None

    def _serve(self, command: units.Command) -> None:
        self._main = self._spawn(command)
        self._tell("active")
        self._say(STARTED)
        code = self._main.wait()
        self._end_main()
        if code and not command.optional and code != -signal.SIGTERM:
            raise _Failed(f"its main process ended with {code}")

    def _again(self, failure: str | None) -> bool:
        word = self._unit.restart
        if self._unit.kind == "oneshot" and failure is None:
            return False
        if word == "always":
            return True
        return word in ("on-failure", "on-abnormal") if failure else word == "on-success"

    def _commands(self, commands: Iterable[units.Command], *, ignore: bool = False) -> None:
        for command in commands:
            try:
                self._main = self._spawn(command)
                code = self._main.wait()
                if code and not (command.optional or ignore):
                    raise _Failed(f"{command.words[0]} ended with {code}")
            finally:
                if not self._stopping:
                    self._main = None

    def _spawn(self, command: units.Command) -> subprocess.Popen[bytes]:
        variables = self._environment()
        words = command.expanded(variables)
        with place.place(log(self._unit.name)).open("ab") as output:
            try:
                return subprocess.Popen(
                    words,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    cwd=place.place("/") if self._unit.directory == "/" else self._unit.directory,
                    env=variables,
                    start_new_session=True,
                )
            except OSError as error:
                raise _Failed(f"{words[0] if words else 'nothing'} can't be run: {error.strerror}") from error

    def _environment(self) -> dict[str, str]:
        found = self._variables | dict(self._unit.environment)
        for path in self._unit.environment_files:
            where = Path(path.removeprefix("-"))
            if where.is_file():
                found |= units.environment_file(where.read_text())
            elif not path.startswith("-"):
                raise _Failed(f"its EnvironmentFile {path} is not there")
        if self._main is not None:
            found["MAINPID"] = str(self._main.pid)
        return found

    def _end(self) -> None:
        """Stop commands, then SIGTERM to all of the main process's group, then SIGKILL."""
        self._tell("deactivating")
        main = self._main
        if main is not None and main.poll() is None:
            self._commands(self._unit.stop, ignore=True)
        self._main = main
        self._end_main()

    def _end_main(self) -> None:
        main, self._main = self._main, None
        if main is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(main.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            main.wait(self._unit.stop_seconds)
        with suppress(ProcessLookupError):
            os.killpg(main.pid, signal.SIGKILL)
        main.wait()

    def _tell(self, active: str, detail: str = "", *, remains: bool = False) -> None:
        main = self._main.pid if self._main is not None else 0
        told = {"active": active, "main": main, "supervisor": os.getpid(), "remains": remains, "detail": detail}
        new = _file(f"{self._unit.name}.json.{os.getpid()}")
        new.write_text(json.dumps(told))
        new.replace(_file(f"{self._unit.name}.json"))

    def _say(self, outcome: str) -> None:
        """To whoever started this, once."""
        if self._waiting is not None:
            with suppress(BrokenPipeError):
                os.write(self._waiting, outcome.encode())
            os.close(self._waiting)
            self._waiting = None

    def _print(self, line: str) -> None:
        with place.place(log(self._unit.name)).open("a") as output:
            output.write(f"{self._unit.name}: {line}\n")
