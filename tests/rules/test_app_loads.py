"""The app loads, as a fresh process loads it. (On other Pythons: `make package`.)"""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.rules.source import ROOT
from tools.package import LOAD

SHUT = """
import socket
def no(*words, **more): raise OSError("shut")
socket.socket.connect = socket.getaddrinfo = no
"""


@pytest.mark.parametrize("before", ["", SHUT], ids=["without any setting", "asking nobody anything"])
def test_the_app_loads(before: str) -> None:
    words = [sys.executable, "-c", before + LOAD]
    done = subprocess.run(words, cwd=ROOT, env={"PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
