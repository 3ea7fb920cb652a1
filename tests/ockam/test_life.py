"""Nodes as processes, and what they do when their project goes away."""

from __future__ import annotations

import json
import signal
import subprocess

from tests.ockam.world import PATIENCE, Machine, Target, World, free_port, refused, through, until


def test_a_node_finds_its_project_again(world: World, echo: Target) -> None:
    outlet = world.outlet(echo.address)
    inlet, port = world.inlet()
    world.stop()
    until(lambda: outlet.json("relay", "list", "--output", "json")[0]["connection_status"] == "Down")
    assert refused(port)
    world.start()
    until(lambda: inlet.show()["inlets"][0]["status"] == "Up")
    assert through(port, b"again") == b"again"
    [relay] = outlet.json("relay", "list", "--to", "default", "--output", "json")
    assert relay == {"alias": "relay-1", "connection_status": "Up", "last_failure": None}


def test_what_show_tells_of_running_and_stopped_nodes(world: World, echo: Target) -> None:
    outlet = world.outlet(echo.address)
    shown = outlet.show()
    assert (shown["name"], shown["status"], shown["inlets"]) == ("default", "running", [])
    assert shown["outlets"] == [{"to": echo.address, "allow": "inlet"}]
    outlet.reboot()
    shown = outlet.show()
    assert (shown["status"], shown["relays"][0]["connection_status"]) == ("stopped", "Down")


def test_deleting_a_node_ends_it_and_keeps_the_enrolment(world: World, echo: Target) -> None:
    outlet = world.outlet(echo.address)
    assert outlet("node", "delete", "default").returncode == 0
    until(lambda: world.project.relays == [])
    done = outlet("node", "show", "default")
    assert done.returncode == 1
    assert "no node named default" in done.stderr
    outlet.create({"relay": "relay-1", "tcp-outlet": {"to": echo.address, "allow": "inlet"}})


def test_nodes_have_names(world: World) -> None:
    machine = world.machine("several")
    for name in ("a", "b"):
        inlet = {"from": f"127.0.0.1:{free_port()}", "via": "relay-1", "allow": "outlet"}
        machine.create({"name": name, "tcp-inlet": inlet}, world.ticket())
    assert [machine.json("node", "show", name)["name"] for name in ("a", "b")] == ["a", "b"]
    assert machine("node", "delete", "--all", "--yes").returncode == 0
    assert machine("node", "show", "a").returncode == 1


def test_one_name_is_one_process(world: World, echo: Target) -> None:
    outlet = world.outlet(echo.address)
    wanted = json.dumps({"relay": "relay-1", "tcp-outlet": {"to": echo.address, "allow": "inlet"}})
    done = outlet("node", "create", wanted)
    assert done.returncode == 1
    assert "is running already" in done.stderr
    assert outlet.show()["status"] == "running"


def test_an_inlet_that_can_not_listen_is_no_node(world: World, echo: Target) -> None:
    machine = world.machine("late")
    wanted = json.dumps({"tcp-inlet": {"from": echo.address, "via": "relay-1", "allow": "outlet"}})
    done = machine("node", "create", wanted, "--enrollment-ticket", world.ticket())
    assert done.returncode == 1
    assert "address already in use" in done.stderr
    assert not list((machine.home / "nodes").iterdir())


def in_foreground(machine: Machine, wanted: str, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [machine.script, "node", "create", wanted, "--foreground", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=machine.environment,
    )


def test_in_the_foreground_a_node_stays_until_it_is_told_to_end(world: World, echo: Target) -> None:
    machine = world.machine("service")
    path = world.directory / "node.yaml"
    path.write_text(f"relay: relay-1\ntcp-outlet:\n  to: {echo.address}\n  allow: inlet\n")
    ticket = world.ticket("--attribute", "outlet", "--relay", "relay-1")
    with in_foreground(machine, str(path), "--enrollment-ticket", ticket) as node:
        assert node.stderr is not None
        assert "stand-in" in node.stderr.readline()
        assert any("is up" in line for line in iter(node.stderr.readline, ""))
        _, port = world.inlet()
        assert through(port, b"served") == b"served"
        node.send_signal(signal.SIGTERM)
        assert node.wait(PATIENCE) == 0
        assert "Traceback" not in node.stderr.read()
    assert machine.show()["status"] == "stopped"


def test_a_background_node_ends_in_order_too(world: World) -> None:
    machine, _ = world.inlet()
    log = machine.home / "nodes" / "default" / "log"
    kept = log.open()
    assert machine("node", "delete", "--all", "--yes").returncode == 0
    with kept:
        written = kept.read()
    assert written.endswith("the node ends\n")
    assert "Traceback" not in written
