"""Builds the package that is published to Azure, and tries it: `python -m tools.package` (`make package`).

The package is the source that .funcignore leaves, without dependencies: Flex Consumption installs requirements.txt
itself (remote build), for its own Python and its own Linux, so that nothing is built twice for another machine.

It is tried on every Python that is promised and is here, with nothing but requirements.txt installed: it must import
and index, and must not import what the first request may not need. Exit code 1 if it does not.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from tools.python import ROOT, environment

ZIP = ROOT / "build" / "isthmus.zip"
VERSIONS = ("3.11", "3.12", "3.13")
TARGET = 1.5
"""Seconds of processor time for import and indexing, in a new process: what else the machine does is not counted."""
TRIES = 3
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The same source is the same package, whenever it is built."""

ALLOWED = re.compile(
    r"(function_app\.py|host\.json|requirements\.txt"
    r"|(activities|isthmus|orchestrators|triggers)/([a-z_]+/)*\w+\.py|isthmus/prices\.json|infra/vm/[\w.-]+)"
)
"""What may be in the package: whatever else turns up is a finding."""
NEEDED = ("function_app.py", "host.json", "requirements.txt", "infra/vm/manifest.json", "isthmus/prices.json")
NOT_AT_START = (
    *("azure.identity", "azure.keyvault", "azure.mgmt", "azure.monitor", "azure.storage"),
    *("cryptography", "msal", "opentelemetry.sdk", "requests"),
)
"""What indexing must not import: each is imported where it is first used."""
LOAD = """
import json, sys, time
begun = time.process_time()
import function_app
functions = len(function_app.app.get_functions())
print(json.dumps([functions, time.process_time() - begun, sorted(sys.modules)]))
"""
MEGABYTE = 1e6


@dataclass(frozen=True)
class Loaded:
    """How the app loaded: number of functions, the seconds of each try, the modules that were imported."""

    functions: int
    seconds: list[float]
    modules: list[str]


def contents(folder: Path = ROOT) -> list[Path]:
    """The files that would be published, as paths from the folder."""
    spec = GitIgnoreSpec.from_lines((folder / ".funcignore").read_text().splitlines())
    found = []
    for place, folders, files in os.walk(folder):
        here = Path(place).relative_to(folder)
        folders[:] = [name for name in folders if not spec.match_file(f"{(here / name).as_posix()}/")]
        found += [here / name for name in files if not spec.match_file((here / name).as_posix())]
    return sorted(found)


def findings(files: list[Path]) -> list[str]:
    """What is wrong with the contents."""
    names = [path.as_posix() for path in files]
    unwanted = [
        f"{name} must not be published: name it in .funcignore" for name in names if not ALLOWED.fullmatch(name)
    ]
    return unwanted + [f"{name} is missing" for name in NEEDED if name not in names]


def build(files: list[Path], target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for path in files:
            package.writestr(zipfile.ZipInfo(path.as_posix(), EPOCH), (ROOT / path).read_bytes(), zipfile.ZIP_DEFLATED)


def load(python: Path, folder: Path, tries: int = TRIES) -> Loaded:
    """Imports and indexes the app in new processes, without any app setting. Raises CalledProcessError."""
    settings = {"PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", "")}
    told = []
    words: list[str | Path] = [python, "-c", LOAD]
    for _ in range(tries):
        done = subprocess.run(words, cwd=folder, env=settings, capture_output=True, text=True, check=True)
        told.append(json.loads(done.stdout))
    return Loaded(told[0][0], [seconds for _, seconds, _ in told], told[0][2])


def too_early(modules: list[str]) -> list[str]:
    """Of what was imported, what should not have been."""
    return [name for name in modules if any(name == early or name.startswith(f"{early}.") for early in NOT_AT_START)]


def tried(version: str, folder: Path) -> tuple[str, bool]:
    """A line on that Python, and whether all is well."""
    python = environment(version, "-r", str(ROOT / "requirements.txt"))
    if python is None:
        return f"Python {version}: not on this machine, so not tried", True
    try:
        loaded = load(python, folder)
    except subprocess.CalledProcessError as error:
        return f"Python {version}: it can't be loaded\n{error.stderr}", False
    first, best = loaded.seconds[0], min(loaded.seconds)
    line = f"Python {version}: {loaded.functions} functions; {first:.2f} s without byte code, {best:.2f} s with it"
    line += f" (target: {TARGET} s)" if first <= TARGET else f", OVER THE TARGET of {TARGET} s"
    line += f"; dependencies {_megabytes(python.parents[1] / 'lib'):.0f} MB"
    early = too_early(loaded.modules)
    return line + "".join(f"\n  imported before it is needed: {name}" for name in early[:10]), not early


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / MEGABYTE


def main() -> int:
    files = contents()
    wrong = findings(files)
    build(files, ZIP)
    said = [f"{ZIP.relative_to(ROOT)}: {len(files)} files, {ZIP.stat().st_size / MEGABYTE:.2f} MB", *wrong]
    fine = not wrong
    sys.stdout.write("\n".join(said) + "\n")
    for version in VERSIONS:
        with tempfile.TemporaryDirectory(prefix="isthmus-package-") as folder:
            with zipfile.ZipFile(ZIP) as package:
                package.extractall(folder)
            line, good = tried(version, Path(folder))
        sys.stdout.write(f"{line}\n")
        fine = fine and good
    return 0 if fine else 1


if __name__ == "__main__":
    raise SystemExit(main())
