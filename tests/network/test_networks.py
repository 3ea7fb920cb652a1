"""What virtual networks let through, and what not: real namespaces, real packets."""

from __future__ import annotations

import asyncio
import sys
from typing import Literal

import pytest

from localcloud.fabric import AZURE_PUBLIC, IMDS, Origin, PrivateEndpoint, Rule
from tests.network.bench import GATEWAY, HOST, ROOT, SERVICE, Bench, Scenario, run, zone

pytestmark = pytest.mark.world

PUBLIC = "198.18.0.9"


def rule(access: Literal["Allow", "Deny"], direction: Literal["Inbound", "Outbound"], **more: object) -> Rule:
    values: dict[str, object] = {
        "name": "rule",
        "priority": 100,
        "protocol": "Tcp",
        "sources": ("*",),
        "destinations": ("*",),
        "ports": ("*",),
    }
    return Rule(direction=direction, access=access, **(values | more))  # type: ignore[arg-type]


async def isolation(bench: Bench) -> None:
    for card in ("left/a", "left/b", "right/a"):
        await bench.boot(card)
    await bench.said("left/a", SERVICE)
    # Neighbours reach each other; a stranger with the same address space does not.
    assert await bench.said("left/b", "fetch 10.0.0.4 2222") == "here is left-a, to 10.0.0.6"
    assert await bench.unreachable("right/a", "10.0.0.4", 2222)
    assert await bench.unreachable("right/a", "10.0.0.6", 2222)
    # Both have 10.0.0.4, and the metadata service tells them apart.
    assert await bench.said("left/a", f"fetch {IMDS} 80") == "imds left None 10.0.0.4"
    assert await bench.said("right/a", f"fetch {IMDS} 80") == "imds right None 10.0.0.4"
    # Nobody takes an address that isn't its own, not even for a datagram that wants no answer.
    assert await datagram(bench, "10.0.0.6") == "10.0.0.6"
    assert await datagram(bench, "10.0.0.9") == "nothing came"


async def datagram(bench: Bench, source: str) -> str:
    """Where a datagram from left/b to left/a comes from as left/a sees it; it is sent as if from `source`."""
    receive = f"""exec {sys.executable} -IS -c '
import pathlib, socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("", 999)); s.settimeout(1)
pathlib.Path("/bound").touch()
try: print(s.recvfrom(9)[1][0])
except OSError: print("nothing came")
pathlib.Path("/bound").unlink()
'"""
    send = f"""exec {sys.executable} -I -c '
import socket, sys
sys.path.append("{ROOT}")
from localcloud.network.netlink import Links
Links().address(2, "{source}/24").commit()
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("{source}", 0))
s.sendto(b"x", ("10.0.0.4", 999))
'"""
    received = asyncio.create_task(bench.said("left/a", receive))
    await bench.said("left/a", "until [ -e /bound ]; do sleep 0.02; done")
    await bench.said("left/b", send)
    return await received


async def way_out(bench: Bench) -> None:
    for card in ("left/a", "right/a"):
        await bench.boot(card)
    assert await bench.said("left/a", f"fetch {AZURE_PUBLIC} 443") == f"public None None {GATEWAY}"
    assert await bench.unreachable("right/a", AZURE_PUBLIC, 443)
    await bench.subnet("right/nodes", nat_address="198.18.0.2")
    assert await bench.said("right/a", f"fetch {AZURE_PUBLIC} 443") == "public None None 198.18.0.2"
    await bench.subnet("left/nodes", nat_address=None)
    assert await bench.unreachable("left/a", AZURE_PUBLIC, 443)
    # Nothing comes in through a gateway's address.
    await bench.subnet("left/nodes", nat_address=GATEWAY)
    await bench.said("left/a", SERVICE)
    assert await bench.unreachable("right/a", GATEWAY, 2222)


async def public_address(bench: Bench) -> None:
    await bench.subnet("left/nodes", nat_address=None)
    await bench.subnet("right/nodes", nat_address="198.18.0.2")
    await bench.card("left/a", public_address=PUBLIC)
    for card in ("left/a", "left/b", "right/a"):
        await bench.boot(card)
    await bench.said("left/a", SERVICE)
    assert await bench.said("left/a", f"fetch {AZURE_PUBLIC} 443") == f"public None None {PUBLIC}"
    assert await bench.unreachable("left/b", AZURE_PUBLIC, 443)
    # A Standard address lets nothing in as long as no group says so.
    assert await bench.unreachable("right/a", PUBLIC, 2222)
    opened = rule("Allow", "Inbound", ports=("2222",), sources=("Internet",))
    await bench.card("left/a", rules=(opened,))
    assert await bench.said("right/a", f"fetch {PUBLIC} 2222") == "here is left-a, to 198.18.0.2"
    await bench.card("left/a", public_address=None)
    assert await bench.unreachable("right/a", PUBLIC, 2222)


async def security_groups(bench: Bench) -> None:
    for card in ("left/a", "left/b"):
        await bench.boot(card)
    await bench.said("left/a", SERVICE)
    reach = "fetch 10.0.0.4 2222"
    await bench.subnet("left/nodes", rules=())
    await bench.said("left/b", reach)  # AllowVnetInBound, AllowVnetOutBound
    await bench.card("left/a", rules=(rule("Deny", "Inbound"),))
    assert await bench.unreachable("left/b", "10.0.0.4", 2222)
    # Stateful: what goes out from there is answered. And no group stops DNS and the metadata service.
    assert "public" in await bench.said("left/a", f"fetch {AZURE_PUBLIC} 443")
    nothing = (rule("Deny", "Inbound", protocol="*"), rule("Deny", "Outbound", protocol="*"))
    await bench.card("left/a", rules=nothing)
    assert await bench.unreachable("left/a", AZURE_PUBLIC, 443)
    assert "imds" in await bench.said("left/a", f"fetch {IMDS} 80")
    assert AZURE_PUBLIC in await bench.said("left/a", f"getent ahostsv4 {HOST}")
    # Subnet and interface must both allow; the lower number decides.
    opened = rule("Allow", "Inbound", ports=("2000-3000",))
    await bench.card("left/a", rules=(opened, rule("Deny", "Inbound", priority=200)))
    await bench.said("left/b", reach)
    await bench.subnet("left/nodes", rules=(rule("Deny", "Inbound", sources=("10.0.0.6/32",)),))
    assert await bench.unreachable("left/b", "10.0.0.4", 2222)
    await bench.subnet("left/nodes", rules=None)
    await bench.card("left/a", rules=None)
    await bench.said("left/b", reach)


async def walkthrough_group(bench: Bench) -> None:
    """The application's own group: HTTPS and the relay out, nothing else, nothing in."""
    out = {"VirtualNetwork": ("443",), "Internet": ("443", "4000")}
    rules = [
        rule("Allow", "Outbound", destinations=(to,), ports=ports, priority=100 + number)
        for number, (to, ports) in enumerate(out.items())
    ]
    rules += [rule("Deny", way, protocol="*", priority=4096) for way in ("Outbound", "Inbound")]
    await bench.subnet("left/nodes", rules=tuple(rules))
    for card in ("left/a", "left/b"):
        await bench.boot(card)
    await bench.said("left/a", SERVICE)
    assert await bench.unreachable("left/b", "10.0.0.4", 2222)
    assert "public" in await bench.said("left/a", f"fetch {AZURE_PUBLIC} 443")
    assert "private_endpoint" in await bench.said("left/a", "fetch 10.0.0.5 443")
    listener = await bench.fabric.public_listener("203.0.113.20", 4000)
    closed = await bench.fabric.public_listener("203.0.113.20", 4001)
    for opened in (listener, closed):
        await bench.services.serve(opened, Origin("public"), tls=False)
    assert GATEWAY in await bench.said("left/a", "fetch 203.0.113.20 4000")
    assert await bench.unreachable("left/a", "203.0.113.20", 4001)
    for opened in (listener, closed):
        await bench.services.unserve(opened)


async def private_endpoint(bench: Bench) -> None:
    for card in ("left/a", "right/a"):
        await bench.boot(card)
    endpoint = bench.topology.endpoints[0]
    assert await bench.said("left/a", "fetch 10.0.0.5 443") == "private_endpoint left None 10.0.0.4"
    assert await bench.unreachable("right/a", "10.0.0.5", 443)
    # The sender's group is asked, too.
    await bench.subnet("left/nodes", rules=(rule("Deny", "Outbound", destinations=("VirtualNetwork",)),))
    assert await bench.unreachable("left/a", "10.0.0.5", 443)
    await bench.subnet("left/nodes", rules=None)
    await bench.change(endpoints=(PrivateEndpoint(endpoint.id, endpoint.subnet_id, endpoint.address, "x", False),))
    assert await bench.unreachable("left/a", "10.0.0.5", 443)
    await bench.change(endpoints=(endpoint,))
    assert "private_endpoint" in await bench.said("left/a", "fetch 10.0.0.5 443")
    await bench.change(endpoints=())
    assert await bench.unreachable("left/a", "10.0.0.5", 443)


async def names(bench: Bench) -> None:
    for card in ("left/a", "right/a"):
        await bench.boot(card)
    ask = f"getent ahostsv4 {HOST} | cut -d' ' -f1 | sort -u"
    assert await bench.said("left/a", ask) == AZURE_PUBLIC
    await bench.change(zones=(zone("left"),))
    assert await bench.said("left/a", ask) == "10.0.0.5"
    assert await bench.said("right/a", ask) == AZURE_PUBLIC
    assert "private_endpoint" in await bench.said("left/a", f"fetch {HOST} 443")
    # The classic mistake: a zone that is linked and has no record.
    await bench.change(zones=(zone("left", records=False),))
    assert await bench.said("left/a", ask) == ""
    await bench.change(zones=(zone("left", records=False, redirect=True),))
    assert await bench.said("left/a", ask) == AZURE_PUBLIC
    await bench.change(zones=(zone("right"),))
    assert await bench.said("left/a", ask) == AZURE_PUBLIC


async def coming_and_going(bench: Bench) -> None:
    assert bench.services.kinds() == ["imds", "imds", "private_endpoint", "public"]
    whole = bench.topology
    for _ in range(2):
        await bench.change(networks=whole.networks[1:], interfaces=whole.interfaces[2:], endpoints=())
        assert bench.fabric.census()["networks"] == 1
        assert bench.services.kinds() == ["imds", "public"]
        await bench.change(networks=whole.networks, interfaces=whole.interfaces, endpoints=whole.endpoints)
    await bench.boot("left/a")
    assert "private_endpoint" in await bench.said("left/a", "fetch 10.0.0.5 443")
    assert GATEWAY in await bench.said("left/a", f"fetch {AZURE_PUBLIC} 443")


SCENARIOS = (
    isolation,
    way_out,
    public_address,
    security_groups,
    walkthrough_group,
    private_endpoint,
    names,
    coming_and_going,
)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_networks(scenario: Scenario) -> None:
    run(scenario)


@pytest.mark.parametrize("scenario", [isolation, way_out])
def test_networks_without_root(scenario: Scenario) -> None:
    run(scenario, "userns")
