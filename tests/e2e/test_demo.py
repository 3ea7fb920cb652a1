"""The demo as a person runs it: what it prints, its exit code, and that nothing of it is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from localcloud.conductor import ROOT
from localcloud.demo import INCOMPLETE, INTERRUPTED, OK
from localcloud.network import why_not

pytestmark = pytest.mark.world
PATIENCE = 150.0


def start(temporary: Path, *words: str) -> subprocess.Popen[str]:
    """`make demo` without make; whatever it writes goes below `temporary`."""
    return subprocess.Popen(
        [sys.executable, "-m", "localcloud", "demo", *words],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(temporary), "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def left_behind(temporary: Path) -> list[str]:
    """Files below the directory, and processes whose command line names it."""
    found = [str(path) for path in temporary.iterdir()]
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if str(temporary).encode() in (folder / "cmdline").read_bytes():
                found.append(f"process {folder.name}")
        except OSError:
            continue
    return found


def settled(temporary: Path) -> list[str]:
    """What is left behind once the kernel has had a moment to take down what died."""
    deadline = time.monotonic() + 10
    while (found := left_behind(temporary)) and time.monotonic() < deadline:
        threading.Event().wait(0.1)
    return found


def test_without_namespaces_it_says_what_was_not_checked_and_has_an_exit_code_of_its_own(tmp_path: Path) -> None:
    done = start(tmp_path, "--mode", "loopback")
    text, _ = done.communicate(timeout=PATIENCE)
    assert done.returncode == INCOMPLETE, text
    assert "proof: incomplete" in text
    assert "? The private endpoint is out of the consumer's reach" in text
    assert "✔ The model answered this run's question through the portal" in text
    assert "nothing left" in text
    assert settled(tmp_path) == []


@pytest.mark.skipif(why_not("userns") is not None, reason=f"no namespaces without root here: {why_not('userns')}")
def test_namespaces_without_root_make_a_full_proof(tmp_path: Path) -> None:
    done = start(tmp_path, "--mode", "userns")
    text, _ = done.communicate(timeout=PATIENCE)
    assert done.returncode == OK, text
    assert "proof: passed" in text
    assert settled(tmp_path) == []


@pytest.mark.parametrize("moment", ["starting the local cloud", "POST /api/environments"])
def test_ctrl_c_leaves_nothing(tmp_path: Path, moment: str) -> None:
    running = start(tmp_path)
    assert running.stdout is not None
    for line in running.stdout:
        if moment in line:
            break
    running.send_signal(signal.SIGINT)
    text = running.stdout.read()
    running.stdout.close()
    assert running.wait(PATIENCE) == INTERRUPTED, text
    assert settled(tmp_path) == []
