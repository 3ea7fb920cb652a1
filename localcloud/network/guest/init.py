"""Process 1 of a VM, and the process outside that waits for it.

`main(SPEC)` is called in the network's process tree with a JSON object: name, namespace (descriptor of the
interface's network namespace), disk, changes, visible (see view.py), first (is it the first boot?). It prints one
line of JSON, {"init": process id} or {"error": text}, and ends when the VM does.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

from . import booting, kernel, place, view

_READY = "ready"


def main(text: str) -> None:
    spec = json.loads(text)
    kernel.setns(spec["namespace"], kernel.CLONE_NEWNET)
    os.close(spec["namespace"])
    kernel.unshare(kernel.CLONE_NEWNS | kernel.CLONE_NEWUTS | kernel.CLONE_NEWIPC | kernel.CLONE_NEWPID)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _first_process(spec, writer)
    os.close(writer)
    with os.fdopen(reader) as answer:
        said = answer.read()
    print(json.dumps({"init": child} if said == _READY else {"error": said}), flush=True)  # noqa: T201
    _, status = os.waitpid(child, 0)
    os._exit(os.waitstatus_to_exitcode(status) & 255)


def _first_process(spec: dict[str, Any], writer: int) -> NoReturn:
    try:
        kernel.set_host_name(spec["name"])
        view.enter(Path(spec["disk"]), Path(spec["changes"]), spec["visible"])
        _own_streams()
        os.environ.clear()
        os.environ.update(place.login_environment())
        os.chdir("/")
    except BaseException as error:
        os.write(writer, f"{type(error).__name__}: {error}".encode())
        os._exit(1)
    os.write(writer, _READY.encode())
    os.close(writer)
    if os.fork() == 0:
        booting.main(first=spec["first"])
    reap()


def _own_streams() -> None:
    """Nothing of the VM holds a stream of the network's process."""
    sys.stdout.flush()
    sys.stderr.flush()
    nothing = os.open("/dev/null", os.O_RDONLY)
    console = os.open("/var/log/console.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for number, descriptor in enumerate((nothing, console, console)):
        os.dup2(descriptor, number)
    os.close(nothing)
    os.close(console)


def reap() -> NoReturn:
    """What a first process is for: orphans become its children, and it lets them go when they end."""
    # Blocked, or one that ends between the two calls would go unnoticed.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    while True:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass
        signal.sigwait({signal.SIGCHLD})
