"""Does what cloud-init would do, in its order, with its logs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from . import cloudinit, place

USER_DATA = "/var/lib/cloud/instance/user-data.txt"
_INSTANCE = "/var/lib/cloud/instance"
_LOG = "/var/log/cloud-init.log"
_OUTPUT = "/var/log/cloud-init-output.log"
_RESULT = "/var/lib/cloud/data/result.json"


def perform(*, first: bool) -> None:
    """Boot commands at every boot, the rest at the first one only."""
    folder = place.root()
    data = place.place(USER_DATA).read_bytes()
    wanted = cloudinit.moved(cloudinit.actions(data), lambda text: place.relocate(text, folder))
    errors: list[str] = []
    _log(f"local stand-in of cloud-init; {'first boot' if first else 'another boot'}")
    if wanted.boot_commands:
        _run("boothooks/bootcmd.sh", _lines(wanted.boot_commands), errors)
    if first:
        _first_boot(wanted, errors)
    result = place.place(_RESULT)
    result.parent.mkdir(parents=True, exist_ok=True)
    result.write_text(json.dumps({"v1": {"datasource": "DataSourceAzure", "errors": errors}}))
    place.place(f"{_INSTANCE}/boot-finished").write_text("finished\n")
    _log(f"finished with {len(errors)} error(s)")


def _first_boot(wanted: cloudinit.Actions, errors: list[str]) -> None:
    for note in wanted.notes:
        _log(note)
        if note.startswith("failed"):
            errors.append(note)
    for deferred in (False, True):
        for file in wanted.files:
            if file.deferred == deferred:
                _attempt(f"write_files {file.path}", partial(_write, file), errors)
    for number, script in enumerate(wanted.scripts, start=1):
        _run(f"scripts/part-{number:03d}", script, errors)
    if wanted.commands:
        _run("scripts/runcmd", _lines(wanted.commands), errors)


def _lines(commands: tuple[str, ...]) -> str:
    """As cloud-init does it: one script, which a failing line does not end."""
    return "\n".join(("#!/bin/sh", *commands, ""))


def _write(file: cloudinit.WriteFile) -> None:
    where = place.place(file.path)
    where.parent.mkdir(parents=True, exist_ok=True)
    with where.open("ab" if file.append else "wb") as stream:
        stream.write(file.content)
    where.chmod(file.mode)


def _run(name: str, text: str, errors: list[str]) -> None:
    script = place.place(f"{_INSTANCE}/{name}")
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(text)
    script.chmod(0o700)

    def start() -> None:
        with place.place(_OUTPUT).open("ab") as output:
            code = subprocess.run(
                [str(script)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=place.place("/"),
                env=place.environment() | {"HOME": str(place.place("/root"))},
                check=False,
            ).returncode
        if code:
            raise OSError(f"exit code {code}")

    _attempt(name, start, errors)


def _attempt(what: str, work: Callable[[], None], errors: list[str]) -> None:
    try:
        work()
        _log(f"{what}: done")
    except OSError as error:
        _log(f"failed: {what}: {error}")
        errors.append(f"{what}: {error}")


def _log(line: str) -> None:
    with place.place(_LOG).open("a") as log:
        log.write(f"{datetime.now(UTC).isoformat(timespec='milliseconds')} {line}\n")
