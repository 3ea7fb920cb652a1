"""First boot: Ockam (if it is missing), the openai package (where the client runs), the model's name, the service.

May run again at any time: what is there already is left alone.
"""

from __future__ import annotations

import hashlib
import importlib.util
import platform
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

from vm import configuration

OCKAM_PATH = Path("/usr/local/bin/ockam")  # SELinux lets no service run what lies under /root
PYTHON = Path("/opt/isthmus/python")
ENVIRONMENT = Path("/opt/isthmus/venv")
STATE = Path("/var/lib/isthmus")
HOSTS = Path("/etc/hosts")
PACKAGE_TRIES = "5"


def main() -> None:
    given = configuration()
    STATE.mkdir(mode=0o700, parents=True, exist_ok=True)
    if shutil.which("ockam") is None:
        install_ockam(given["ockam"])
    python = sys.executable
    if given["role"] == "inlet":
        point_at_portal(given["model_host"])
        if importlib.util.find_spec("openai") is None:
            python = install_package(given["openai_package"])
    write_interpreter(python)
    for words in (["daemon-reload"], ["enable", "--now", "isthmus-node.service"]):
        subprocess.run(["systemctl", *words], check=True)
    print("isthmus: this VM has set itself up")


def install_ockam(wanted: dict) -> None:
    """Downloads the pinned version; one with another checksum is never installed."""
    machine = platform.machine()
    expected = wanted["sha256"].get(machine)
    if expected is None:
        raise SystemExit(f"isthmus: there is no pinned Ockam for {machine}")
    url = wanted["url"].format(version=wanted["version"], machine=machine)
    with urllib.request.urlopen(url, timeout=120) as response:
        binary = response.read()
    found = hashlib.sha256(binary).hexdigest()
    if found != expected:
        raise SystemExit(f"isthmus: {url} has the checksum {found}, and {expected} is pinned; it was not installed")
    fresh = OCKAM_PATH.with_suffix(".new")
    fresh.write_bytes(binary)
    fresh.chmod(0o755)
    fresh.replace(OCKAM_PATH)


def install_package(requirement: str) -> str:
    """Puts the openai package into an environment of its own; gives that environment's Python."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
    words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", PACKAGE_TRIES, requirement]
    subprocess.run([str(python), *words], check=True)
    return str(python)


def point_at_portal(host: str) -> None:
    """On this VM the account's name leads to the inlet; the client still checks the account's own certificate."""
    line = f"127.0.0.1 {host}"
    if line not in HOSTS.read_text().splitlines():
        with HOSTS.open("a") as hosts:
            hosts.write(f"{line}\n")


def write_interpreter(python: str) -> None:
    """A script, since a link to an environment's Python would not find the environment. Last: it says that all is
    set up."""
    fresh = PYTHON.with_suffix(".new")
    fresh.write_text(f'#!/bin/sh\nexec {python} "$@"\n')
    fresh.chmod(0o755)
    fresh.replace(PYTHON)


if __name__ == "__main__":
    main()
