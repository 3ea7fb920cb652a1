"""What a member may, and what becomes of one that is removed."""

from __future__ import annotations

import json

import pytest

from tests.ockam.world import Target, World, dial, everything, refused, through, until


def test_a_relay_is_for_whoever_has_the_right_to_it(world: World, echo: Target) -> None:
    wanted = json.dumps({"relay": "relay-1", "tcp-outlet": {"to": echo.address, "allow": "inlet"}})
    for words in ((), ("--relay", "relay-2")):
        machine = world.machine(f"without-{len(words)}")
        done = machine("node", "create", wanted, "--enrollment-ticket", world.ticket("--attribute", "outlet", *words))
        assert done.returncode == 1
        assert "may not register" in done.stderr
        assert not list((machine.home / "nodes").iterdir())
    assert world.project.relays == []


def test_a_relay_is_with_the_member_that_enrolled_last(world: World, echo: Target) -> None:
    replaced = world.outlet("127.0.0.1:1", name="replaced")
    world.now += 1
    world.outlet(echo.address, name="rebuilt")
    _, port = world.inlet()
    assert through(port, b"to the new one") == b"to the new one"
    until(lambda: "enrolled later" in replaced.log())
    assert through(port, b"still") == b"still"


@pytest.mark.parametrize("end", ["inlet", "outlet"])
def test_a_removed_member_is_cut_off_at_once(world: World, echo: Target, end: str) -> None:
    outlet = world.outlet(echo.address)
    inlet, port = world.inlet()
    with dial(port) as caller:
        caller.sendall(b"open")
        callers = echo.callers
        until(lambda: world.forwarded)
        assert world.administrator("project-member", "delete", world.bearer(end)).returncode == 0
        with pytest.raises(ConnectionResetError):
            everything(caller)
    assert refused(port)
    assert echo.callers <= callers + 1
    removed = {"inlet": inlet, "outlet": outlet}[end]
    until(lambda: "no longer, a member" in removed.log())
    shown = removed.show()
    assert shown["status"] == "running"
    assert [item.get("status", item.get("connection_status")) for item in shown["inlets"] + shown["relays"]] == ["Down"]
    assert not [member for member in world.members() if end in member["attributes"]]


def test_a_removed_member_does_not_start_again(world: World, echo: Target) -> None:
    outlet = world.outlet(echo.address)
    assert world.administrator("project-member", "delete", world.bearer("outlet")).returncode == 0
    outlet.reboot()
    wanted = json.dumps({"relay": "relay-1", "tcp-outlet": {"to": echo.address, "allow": "inlet"}})
    done = outlet("node", "create", wanted)
    assert done.returncode == 1
    assert "no longer, a member" in done.stderr
    assert world.project.relays == []


def test_removing_somebody_unknown_is_an_error(world: World) -> None:
    done = world.administrator("project-member", "delete", "I0000")
    assert done.returncode == 1
    assert "I0000 is not a member" in done.stderr
