"""A Python that has what Azure's has: the app's requirements and Microsoft's worker library, and nothing of ours."""

from __future__ import annotations

import os
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from localcloud.azure import Certificates
from tests.localazure.world import World, make
from tests.worker.worker import Worker
from tools.package import build, contents
from tools.python import ROOT, environment

VERSION = "3.13"
LIBRARY = ("azure-functions-runtime==1.3.0", "protobuf>=5,<8")
BARE = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture(scope="session")
def python() -> Path:
    try:
        found = environment(VERSION, "-r", str(ROOT / "requirements.txt"), *LIBRARY)
    except subprocess.CalledProcessError:
        pytest.skip(f"{LIBRARY[0]} can't be installed on Python {VERSION} here")
    if found is None:
        pytest.skip(f"there is no Python {VERSION} here, which is the least that {LIBRARY[0]} is made for")
    return found


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is published, unpacked."""
    folder = tmp_path_factory.mktemp("package")
    build(contents(), folder / "app.zip")
    with zipfile.ZipFile(folder / "app.zip") as zipped:
        zipped.extractall(folder / "app")
    return folder / "app"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    certificates: Certificates = make(tmp_path_factory.mktemp("certificates"))
    running = World(certificates)
    running.start()
    yield running
    running.close()


@pytest.fixture(scope="module")
def start(python: Path, package: Path, world: World, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Worker]:
    """Starts a worker with the published app, in the local Azure's world."""
    folder = tmp_path_factory.mktemp("worker")
    command = folder / "ockam"  # preflight looks for it; nobody runs it here
    command.write_text("#!/bin/sh\nexit 1\n")
    command.chmod(0o755)

    def started(**settings: str) -> Worker:
        # Telemetry that could not be sent is kept in the place for temporary files, which shall go with the test's.
        own = {"PATH": f"{folder}:{BARE['PATH']}", "TMPDIR": str(folder)}
        here = {**BARE, **world.environment, **own, **settings}
        return Worker(python, package, here, folder / "log")

    return started
