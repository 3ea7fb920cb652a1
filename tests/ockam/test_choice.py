"""An `ockam` that is on PATH is the one that the app and the VMs run; without one it is the stand-in, which says so."""

from __future__ import annotations

import subprocess
from pathlib import Path

from localcloud.conductor import ROOT
from localcloud.ockam import OckamCommand, choose


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def says(command: OckamCommand, directory: Path, *words: str) -> str:
    script = executable(directory / "ockam", command.script)
    return subprocess.run([script, *words], capture_output=True, text=True, check=True, timeout=60).stdout


def test_the_one_on_path_is_run_with_the_same_words(tmp_path: Path) -> None:
    real = executable(tmp_path / "it's here" / "ockam", '#!/bin/sh\necho "$#: $*"\n')
    command = choose(f"{tmp_path}/nothing:{real.parent}", ROOT)
    assert (command.label, command.stand_in) == (str(real), False)
    assert (
        says(command, tmp_path / "bin", "project", "ticket", "--attribute", "a b")
        == "4: project ticket --attribute a b\n"
    )


def test_without_one_it_is_the_stand_in_which_says_so(tmp_path: Path) -> None:
    command = choose(str(tmp_path), ROOT)
    assert command.stand_in
    assert "stand-in" in command.label
    assert "stand-in" in says(command, tmp_path / "bin", "--version")
