"""Tickets, and who becomes a member by them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localcloud.ockam.tickets import Ticket
from tests.ockam.world import Machine, World, free_port


def inlet() -> str:
    wanted: dict[str, Any] = {"tcp-inlet": {"from": f"127.0.0.1:{free_port()}", "via": "relay-1", "allow": "outlet"}}
    return json.dumps(wanted)


def create(machine: Machine, *words: str, **environment: str) -> str:
    """Tries, and gives what was said of the failure; empty if there was none."""
    done = machine("node", "create", inlet(), *words, **environment)
    assert (done.returncode == 0) == ("error:" not in done.stderr)
    return done.stderr if done.returncode else ""


def no_node(machine: Machine) -> bool:
    nodes = machine.home / "nodes"
    return not nodes.exists() or not list(nodes.iterdir())


def test_a_ticket_is_one_line_and_gives_its_attributes(world: World) -> None:
    ticket = world.ticket("--usage-count", "1", "--expires-in", "60m", "--attribute", "inlet", "--attribute", "k=v")
    assert set(ticket) <= set("0123456789abcdef")
    assert create(world.machine("one"), "--enrollment-ticket", ticket) == ""
    joined = next(member for member in world.members() if "inlet" in member["attributes"])
    assert joined["attributes"] == {"inlet": "true", "k": "v"}
    assert joined["identifier"].startswith("I")


def test_a_spent_ticket_is_refused_and_no_node_is_left(world: World) -> None:
    ticket = world.ticket("--attribute", "inlet")
    assert create(world.machine("first"), "--enrollment-ticket", ticket) == ""
    second = world.machine("second")
    assert "has been used up" in create(second, "--enrollment-ticket", ticket)
    assert no_node(second)


def test_a_ticket_can_be_for_several(world: World) -> None:
    ticket = world.ticket("--usage-count", "2")
    for name in ("one", "two"):
        assert create(world.machine(name), "--enrollment-ticket", ticket) == ""
    assert "has been used up" in create(world.machine("three"), "--enrollment-ticket", ticket)


def test_an_expired_ticket_is_refused_and_no_node_is_left(world: World) -> None:
    ticket = world.ticket("--expires-in", "60m")
    world.now += 3600
    late = world.machine("late")
    assert "has expired" in create(late, "--enrollment-ticket", ticket)
    assert no_node(late)


def test_a_ticket_that_the_project_never_issued_is_refused(world: World) -> None:
    real = Ticket.from_hex(world.ticket())
    forged = Ticket(real.project, real.host, real.port, real.authority, "0" * 64)
    assert "is not known" in create(world.machine("forger"), "--enrollment-ticket", forged.to_hex())
    assert "not one of" in create(world.machine("other"), "--enrollment-ticket", "ab" * 100)


def test_enrolling_again_is_a_success(world: World) -> None:
    ticket = world.ticket("--attribute", "inlet")
    machine = world.machine("twice")
    assert create(machine, "--enrollment-ticket", ticket) == ""
    machine.reboot()
    assert create(machine, "--enrollment-ticket", ticket) == ""
    assert len([member for member in world.members() if "inlet" in member["attributes"]]) == 1


def test_after_a_reboot_no_ticket_is_needed(world: World) -> None:
    machine = world.machine("restored")
    assert create(machine, "--enrollment-ticket", world.ticket()) == ""
    machine.reboot()
    assert create(machine) == ""
    assert machine.show()["status"] == "running"


def test_a_ticket_comes_from_a_file_or_the_environment(world: World) -> None:
    path = world.directory / "ticket"
    path.write_text(world.ticket() + "\n")
    assert create(world.machine("by-path"), "--enrollment-ticket", str(path)) == ""
    assert create(world.machine("by-environment"), ENROLLMENT_TICKET=world.ticket()) == ""
    assert "cannot read" in create(world.machine("by-mistake"), "--enrollment-ticket", "/no/such/file")


def test_without_ticket_or_enrolment_there_is_no_node(world: World) -> None:
    machine = world.machine("stranger")
    assert "not enrolled" in create(machine)
    assert no_node(machine)


def test_a_ticket_of_another_project_is_not_taken_for_this_one(world: World, tmp_path: Any) -> None:
    (tmp_path / "other").mkdir()
    other = World(tmp_path / "other")
    try:
        elsewhere = Ticket.from_hex(other.ticket())
    finally:
        other.close()
    misled = Ticket(elsewhere.project, "127.0.0.1", world.port, elsewhere.authority, elsewhere.code)
    assert "another project" in create(world.machine("misled"), "--enrollment-ticket", misled.to_hex())


@pytest.mark.parametrize(
    "words", [("project", "ticket"), ("project-member", "list"), ("project-member", "delete", "I1")]
)
def test_only_enrollers_administer(world: World, words: tuple[str, ...]) -> None:
    member = world.machine("member")
    assert create(member, "--enrollment-ticket", world.ticket()) == ""
    done = member(*words)
    assert done.returncode == 1
    assert "only an enroller" in done.stderr
    assert done.stdout == ""


def test_the_project_keeps_no_ticket_and_no_file_is_for_others(world: World) -> None:
    code = Ticket.from_hex(world.ticket()).code
    machine = world.machine("tidy")
    assert create(machine, "--enrollment-ticket", world.ticket()) == ""
    assert code not in (world.directory / "project" / "state.json").read_text()
    for home in (world.directory / "project", world.administrator.home, machine.home):
        found = [path for path in home.rglob("*") if path.is_file()]
        assert found
        assert all(path.stat().st_mode & 0o077 == 0 for path in found)
