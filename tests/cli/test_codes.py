"""Every exit code, from what the app says."""

from __future__ import annotations

import pytest

from cli.codes import MEANINGS, Code
from tests.cli.conftest import Command
from tests.cli.lives import Life
from tests.cli.server import Reply, Server

VM = "health-corp/virtual_machine"
ENDS = {
    "ready, all checks passed": (Life(), Code.OK),
    "ready, proof incomplete": (Life(proof="incomplete"), Code.INCOMPLETE),
    "failed and kept": (Life(failing=VM, keep=True), Code.FAILED),
    "failed, rolled back": (Life(failing=VM), Code.CLEANED_UP),
    "failed, and so did the teardown": (Life(failing=VM, stuck=True), Code.FAILED),
    "cancelled": (Life(stopped=(50, "cancel")), Code.CANCELLED),
    "deleted by somebody else": (Life(stopped=(50, "delete")), Code.CANCELLED),
    "out of lease": (Life(stopped=(50, "lease")), Code.CANCELLED),
}


@pytest.mark.parametrize("end", ENDS)
def test_up_waits_and_ends_with_the_code_of_the_end(end: str, isthmus: Command, server: Server, spec: str) -> None:
    life, code = ENDS[end]
    server.play(life, 0, 3, 60, life.over - 0.5, life.over, life.over + 60)
    ran = isthmus("up", spec, "--wait")
    assert ran.code == code, ran.out + ran.err


@pytest.mark.parametrize("end", ENDS)
def test_the_last_status_is_the_json(end: str, isthmus: Command, server: Server, spec: str) -> None:
    life, code = ENDS[end]
    server.play(life)
    ran = isthmus("up", spec, "--wait", "--json")
    assert ran.code == code
    assert ran.json() == life.status(life.over + 60)


def test_a_rollback_is_waited_for(isthmus: Command, server: Server, spec: str) -> None:
    life = Life(failing=VM)
    assert life.removing is not None
    failed = life.removing - 0.5
    assert life.status(failed)["phase"] == "failed"
    server.play(life, 10, failed, failed, life.removing, life.over)
    assert isthmus("up", spec, "--wait").code == Code.CLEANED_UP


def test_time_is_up(isthmus: Command, server: Server, spec: str) -> None:
    server.play(Life(), 30)
    ran = isthmus("up", spec, "--wait", "--timeout", "2")
    assert ran.code == Code.TIMED_OUT
    assert sum(isthmus.clock.pauses) == pytest.approx(120)
    assert "isthmus cancel demo" in ran.err


def test_time_is_up_with_json_gives_the_last_status(isthmus: Command, server: Server, spec: str) -> None:
    server.play(Life(), 30)
    ran = isthmus("up", spec, "--wait", "--timeout", "2", "--json")
    assert (ran.code, ran.json()) == (Code.TIMED_OUT, Life().status(30))


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(401), Code.UNREACHABLE),
        (Reply(403), Code.UNREACHABLE),
        (Reply(500), Code.UNREACHABLE),
        (Reply(404), Code.UNREACHABLE),
        (Reply(302, None, {"Location": "http://elsewhere.invalid/"}), Code.UNREACHABLE),
        (Reply(200, ["no object"]), Code.UNREACHABLE),
        (Reply(409, {"title": "Too late", "detail": "It is over."}), Code.REFUSED),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Reply) else "",
)
@pytest.mark.parametrize("more", [(), ("--json",)], ids=["text", "json"])
def test_what_an_answer_means(
    reply: Reply, code: Code, more: tuple[str, ...], isthmus: Command, server: Server
) -> None:
    server.next.append(reply)
    ran = isthmus("status", "demo", *more)
    assert ran.code == code
    assert "correlation id c0ffee" in ran.err
    if more:
        assert ran.json()["exit_code"] == code


def test_nobody_there(isthmus: Command) -> None:
    ran = isthmus("status", "demo", "--url", "http://127.0.0.1:1")
    assert ran.code == Code.UNREACHABLE
    assert "no answer from http://127.0.0.1:1" in ran.err


def test_no_such_environment(isthmus: Command) -> None:
    ran = isthmus("status", "nobody")
    assert ran.code == Code.REFUSED
    assert "There is no environment named 'nobody'." in ran.err


@pytest.mark.parametrize("words", [("up",), ("status",), ("up", "/no/such/file"), ("status", "x", "--url", "ftp://x")])
def test_a_wrong_command_line(words: tuple[str, ...], isthmus: Command, server: Server) -> None:
    assert isthmus(*words).code == Code.USAGE
    assert server.seen == []


def test_the_name_is_taken(isthmus: Command, server: Server, spec: str) -> None:
    server.taken = True
    ran = isthmus("up", spec, "--json")
    assert ran.code == Code.REFUSED
    assert ran.json()["type"] == "urn:isthmus:problem:name-taken"


def test_ctrl_c_while_waiting_says_that_it_goes_on(isthmus: Command, server: Server, spec: str) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    server.play(Life(), 30)
    isthmus.clock.then = stop
    ran = isthmus("up", spec, "--wait")
    assert ran.code == Code.INTERRUPTED
    assert "demo goes on" in ran.err
    assert "isthmus status demo --wait" in ran.err
    assert "isthmus cancel demo" in ran.err


def test_help_tells_every_code(isthmus: Command) -> None:
    text = " ".join(isthmus("--help").out.split())
    for code, meaning in MEANINGS.items():
        assert f"{int(code)} {meaning}" in text
    assert set(MEANINGS) == set(Code)
