"""Runs a script in a VM that is a folder: `main(SCRIPT)` becomes the shell, in the VM's environment."""

from __future__ import annotations

import os

from . import place


def main(script: str) -> None:
    os.chdir(place.place("/root"))
    os.execve("/bin/sh", ["/bin/sh", script], place.login_environment())  # noqa: S606 - a VM's own shell
