"""The app loads, as a fresh process loads it, on every Python that is promised and has its packages here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rules.source import ROOT

VERSIONS = ["3.11", "3.12", "3.13"]
LOAD = "import function_app; print(len(function_app.app.get_functions()))"
PACKAGES = "import azure.functions, azure.durable_functions, azure.identity, azure.mgmt.network, pydantic"
SHUT = """
import socket
def no(*words, **more): raise OSError("shut")
socket.socket.connect = socket.getaddrinfo = no
"""
SETTINGS = {
    "PATH": os.environ.get("PATH", ""),
    "HOME": os.environ.get("HOME", ""),
    "PYTHONDONTWRITEBYTECODE": "1",
}


def interpreter(wanted: str) -> str:
    """The Python of that version; skips where there is none, or where it has not the app's packages."""
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    found = sys.executable if here == wanted else shutil.which(f"python{wanted}")
    if found is None or run(found, "pass").returncode:
        pytest.skip(f"there is no python{wanted} on PATH")
    if run(found, PACKAGES).returncode:
        pytest.skip(f"python{wanted} has not the app's packages")
    return found


def run(python: str, code: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([python, "-c", code], cwd=folder, env=SETTINGS, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("wanted", VERSIONS)
def test_the_app_loads_without_any_setting(wanted: str) -> None:
    done = run(interpreter(wanted), LOAD)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 50


@pytest.mark.parametrize("wanted", VERSIONS)
def test_loading_the_app_asks_nobody_anything(wanted: str) -> None:
    shut = (
        "import socket\ndef no(*a, **k): raise OSError('shut')\nsocket.socket.connect = no\nsocket.getaddrinfo = no\n"
    )
    done = run(interpreter(wanted), shut + LOAD)
    assert done.returncode == 0, done.stderr
