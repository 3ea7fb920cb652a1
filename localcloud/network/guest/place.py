"""Where a VM's absolute paths are, and what its processes find in their environment.

A VM with namespaces has its own root. Without them (loopback mode) ISTHMUS_ROOT names a folder of the host that
stands for it: files land below it, and the paths of `MOVED` are rewritten in what cloud-init and run commands bring.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

ROOT_VARIABLE = "ISTHMUS_ROOT"
MOVED = (
    "/opt/isthmus",
    "/etc/isthmus",
    "/var/lib/isthmus",
    "/var/log",
    "/etc/hosts",
    "/etc/systemd/system",
    "/usr/local/bin",
)
"""Folders and files that scripts name by their absolute path and that must never be the host's."""
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_MOVED = re.compile(r"(?<![\w./-])(" + "|".join(re.escape(path) for path in MOVED) + r")(?![\w.-])")


def root() -> str:
    """Empty in a VM with a root of its own."""
    return os.environ.get(ROOT_VARIABLE, "").rstrip("/")


def place(path: str) -> Path:
    """Where the VM's absolute path really is."""
    return Path(root() + path)


def relocate(text: str, folder: str) -> str:
    """The text with the paths of `MOVED` in the folder that stands for the root ("": as it is)."""
    return _MOVED.sub(lambda found: folder + found[1], text) if folder else text


def environment() -> dict[str, str]:
    """What every process of the VM finds in its environment, whoever starts it: the lines of /etc/environment."""
    found = {"PATH": SEARCH_PATH, "LANG": "C.UTF-8"}
    if root():
        found["PATH"] = f"{place('/usr/local/bin')}:{os.environ.get('PATH', SEARCH_PATH)}"
        found[ROOT_VARIABLE] = root()
    for line in place("/etc/environment").read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not name.startswith("#"):
            found[name] = value
    return found


def login_environment() -> dict[str, str]:
    """That of scripts which root runs; a service has no home."""
    return environment() | {"HOME": str(place("/root")), "USER": "root", "LOGNAME": "root"}
