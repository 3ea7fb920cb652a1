"""Runs a script in a VM that is up: `main(PROCESS, SCRIPT)`, its first process's id and the script's path in it."""

from __future__ import annotations

import os

from . import kernel, place

_SPACES = ("net", "uts", "ipc", "pid", "mnt")


def main(process: str, script: str) -> None:
    descriptors = [os.open(f"/proc/{process}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC) for name in _SPACES]
    for descriptor in descriptors:
        kernel.setns(descriptor)
    # The process namespace takes effect for children only.
    child = os.fork()
    if child == 0:
        os.chdir("/root")
        os.execve("/bin/sh", ["/bin/sh", script], place.login_environment())  # noqa: S606 - a VM's own shell
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)
