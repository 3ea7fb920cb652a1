"""The Pythons of this machine, each with a virtual environment that has what is asked for and nothing else."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "python"


def interpreter(version: str) -> Path | None:
    """A Python of that version, on PATH or of pyenv; None where there is none that starts."""
    return next((path for path in _candidates(version) if _is(path, version)), None)


def _candidates(version: str) -> Iterator[Path]:
    if on_path := shutil.which(f"python{version}"):
        yield Path(on_path)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob(f"versions/{version}.*/bin/python"), reverse=True)


def _is(path: Path, version: str) -> bool:
    """A shim of pyenv is there and may not start."""
    words: list[str | Path] = [path, "-c", "import sys; print(*sys.version_info[:2], sep='.')"]
    told = subprocess.run(words, capture_output=True, text=True)
    return told.stdout.strip() == version


def environment(version: str, *requirements: str) -> Path | None:
    """The Python of a virtual environment with that installed (pip's words, such as `-r FILE`); kept for the next time
    that the same is asked for. None where there is no such Python. Raises CalledProcessError."""
    base = interpreter(version)
    if base is None:
        return None
    files = [Path(word) for before, word in pairwise(requirements) if before == "-r"]
    asked = "\n".join([version, *requirements, *(file.read_text() for file in files)])
    folder = FOLDER / f"{version}-{hashlib.sha256(asked.encode()).hexdigest()[:12]}"
    python = folder / "bin" / "python"
    done = folder / ".done"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([base, "-m", "venv", folder], check=True)
        quiet = ["--quiet", "--disable-pip-version-check"]
        subprocess.run([python, "-m", "pip", "install", *quiet, *requirements], check=True, stderr=subprocess.DEVNULL)
        done.touch()
    return python
