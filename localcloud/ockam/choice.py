"""Which `ockam` is used: the one that is on PATH, else the stand-in."""

from __future__ import annotations

import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class OckamCommand:
    """label   for people: where it lies, or that it is the stand-in
    script     text of an executable that runs it, the same for the app and for VM images
    stand_in   whether it is the stand-in, whose project the local cloud runs
    """

    label: str
    script: str
    stand_in: bool


def choose(path: str, repository: Path, python: Path = Path(sys.executable)) -> OckamCommand:
    """path: directories to look in, separated as PATH is; repository: where the stand-in's code lies."""
    found = shutil.which("ockam", path=path)
    if found is None:
        return OckamCommand("the stand-in (no `ockam` is on PATH)", stand_in_script(python, repository), True)
    return OckamCommand(found, f'#!/bin/sh\nexec {shlex.quote(found)} "$@"\n', False)


def stand_in_script(python: Path, repository: Path) -> str:
    """`-P`: what lies in the current directory is not imported."""
    return (
        "#!/bin/sh\n"
        "# A stand-in for the `ockam` command: see localcloud/ockam.\n"
        f'PYTHONPATH={shlex.quote(str(repository))} exec {shlex.quote(str(python))} -P -m localcloud.ockam "$@"\n'
    )
