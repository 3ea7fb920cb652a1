"""Finds out how true a network this machine allows, by building a small one in a forked child.

System settings don't tell: on some machines `unshare` succeeds and only the capabilities are withheld.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from localcloud.fabric import Interface, Mode, PrivateEndpoint, Rule, Subnet
from localcloud.network import outer
from localcloud.network.guest import kernel
from localcloud.network.internet import Internet
from localcloud.network.router import CARD, CARD_INDEX
from localcloud.network.spaces import Space
from localcloud.network.walls import Layout, ruleset

_ORDER: tuple[Mode, ...] = ("rootns", "userns", "loopback", "none")
_SECONDS = 20


def find_mode(wanted: Mode | None = None) -> Mode:
    """The best mode that works here, never better than `wanted`. To be called before there are threads."""
    for mode in _ORDER[_ORDER.index(wanted) if wanted else 0 :]:
        if mode in ("loopback", "none") or why_not(mode) is None:
            return mode
    return "loopback"


def why_not(mode: Mode) -> str | None:
    """None if the mode (rootns, userns) works here, else what was refused."""
    if not sys.platform.startswith("linux"):
        return "there are no namespaces on this system"
    if mode == "rootns" and os.geteuid() != 0:
        return "this is not root"

    def attempt() -> None:
        outer.leave(mode)
        refused = _in_child(_build)
        if refused is not None:
            raise OSError(refused)

    return _in_child(attempt)


def _in_child(work: Callable[[], None]) -> str | None:
    """Does it in a forked process; what went wrong there."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        signal.alarm(_SECONDS)
        try:
            work()
        except BaseException as error:
            os.write(writer, f"{type(error).__name__}: {error}".encode()[:1000])
            os._exit(1)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answers:
        said = answers.read().decode()
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status) == 0:
        return None
    return said or "it died"


def _build() -> None:
    """Everything that the network and its VMs need from the kernel, once."""
    outer.own_mounts()
    _mounts()
    internet, router, card = Internet(), Space(), Space()
    internet.connect(router)
    index = router.index()
    router.links.veth("card", index, CARD, CARD_INDEX, card.descriptor).up(index).blackhole("10.0.0.0/8").commit()
    router.set("ipv4/ip_forward", "1")
    router.filter().replace(ruleset(_layout()))
    internet.listen("203.0.113.10", 443).close()
    kernel.unshare(kernel.CLONE_NEWUTS)
    kernel.set_host_name("probe")


def _mounts() -> None:
    place = tempfile.gettempdir()
    kernel.mount("tmpfs", place, "tmpfs", 0, "size=1m")
    for name in ("upper", "work", "merged"):
        (Path(place) / name).mkdir()
    kernel.overlay("/usr/local", f"{place}/upper", f"{place}/work", f"{place}/merged")
    kernel.bind("/usr", f"{place}/merged", read_only=True)


def _layout() -> Layout:
    rule = Rule("any", 100, "Outbound", "Allow", "Tcp", ("VirtualNetwork",), ("Internet",), ("1-2",))
    subnet = Subnet("subnet", "10.0.0.0/24", (rule,), "198.18.0.1")
    interface = Interface("interface", "subnet", "10.0.0.4", "198.18.0.2", (rule,))
    endpoint = PrivateEndpoint("endpoint", "subnet", "10.0.0.5", "")
    return Layout(("10.0.0.0/16",), (subnet,), (interface,), (endpoint,), {"interface": "card"})
