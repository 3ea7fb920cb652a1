"""Requests: who is told what, what is tried again, and that a key goes nowhere else."""

from __future__ import annotations

import pytest

from cli.codes import Code
from cli.sending import LONGEST_PAUSE, TRIES
from cli.watching import LOOK_EVERY, PATIENCE
from tests.cli.conftest import Command
from tests.cli.lives import Life
from tests.cli.server import DURABLE_KEY, Reply, Server

KEY = "k3y-that-nobody-may-print"


def test_the_key_goes_into_its_header_and_nowhere_else(isthmus: Command, server: Server) -> None:
    server.play(Life())
    server.key = KEY
    isthmus.environment["ISTHMUS_KEY"] = f"{KEY}\n"
    ran = isthmus("status", "demo", "--wait")
    assert ran.code == Code.OK
    assert {one.headers["x-functions-key"] for one in server.seen} == {KEY}
    assert all("authorization" not in one.headers and KEY not in one.path for one in server.seen)
    assert KEY not in ran.out + ran.err


@pytest.mark.parametrize("words", [("--help",), ("status", "--help"), ("status", "x", "--url", "http://127.0.0.1:1")])
def test_nothing_prints_the_key(words: tuple[str, ...], isthmus: Command) -> None:
    isthmus.environment["ISTHMUS_KEY"] = KEY
    ran = isthmus(*words)
    assert KEY not in ran.out + ran.err


@pytest.mark.parametrize("key", [f"{KEY}\nX-Other: 1", f"{KEY} {KEY}", f"{KEY}é"])
def test_a_key_that_is_none_is_refused_without_a_word_of_it(key: str, isthmus: Command, server: Server) -> None:
    isthmus.environment["ISTHMUS_KEY"] = key
    ran = isthmus("status", "demo")
    assert ran.code == Code.USAGE
    assert KEY not in ran.out + ran.err
    assert server.seen == []


@pytest.mark.parametrize(
    "url",
    [
        f"https://x.invalid/?code={KEY}",
        f"https://user:{KEY}@x.invalid",
        f"https://x.invalid/#{KEY}",
        f"{KEY}",
        "http://",
    ],
)
def test_a_url_is_bare_and_is_not_repeated_if_it_is_not(url: str, isthmus: Command) -> None:
    ran = isthmus("status", "demo", "--url", url)
    assert ran.code == Code.USAGE
    assert KEY not in ran.out + ran.err


def test_a_key_is_not_sent_over_plain_http_to_another_machine(isthmus: Command) -> None:
    isthmus.environment["ISTHMUS_KEY"] = KEY
    ran = isthmus("status", "demo", "--url", "http://app.invalid")
    assert ran.code == Code.USAGE
    assert "plain http" in ran.err


def test_calls_to_this_machine_go_through_no_proxy(isthmus: Command, server: Server) -> None:
    server.play(Life())
    isthmus.environment |= {"HTTP_PROXY": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1", "NO_PROXY": None}
    assert isthmus("status", "demo").code == Code.OK


def test_entra(isthmus: Command, server: Server) -> None:
    server.play(Life())
    assert isthmus("status", "demo", "--entra", "api://isthmus").code == Code.OK
    assert server.seen[0].headers["authorization"] == "Bearer token-of-the-test"
    assert isthmus.tokens == ["api://isthmus"]


def test_a_redirect_is_not_followed(isthmus: Command, server: Server) -> None:
    isthmus.environment["ISTHMUS_KEY"] = KEY
    server.next.append(Reply(307, None, {"Location": f"{server.url}/api/environments/other"}))
    assert isthmus("status", "demo").code == Code.UNREACHABLE
    assert [one.path for one in server.seen] == ["/api/environments/demo"]


def test_urls_out_of_answers_are_not_called_and_durable_ones_not_printed(
    isthmus: Command, server: Server, spec: str
) -> None:
    server.play(Life())
    for words in (("up", spec, "--wait"), ("up", spec, "--json"), ("up", spec)):
        ran = isthmus(*words)
        assert ran.code == Code.OK
        assert DURABLE_KEY not in ran.out + ran.err
        assert "elsewhere.invalid" not in ran.err
    assert {one.path for one in server.seen} == {"/api/environments", "/api/environments/demo"}


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_busy_is_tried_again_after_what_it_says(status: int, isthmus: Command, server: Server, spec: str) -> None:
    server.next.extend([Reply(status, None, {"Retry-After": "7"}), Reply(status)])
    assert isthmus("up", spec).code == Code.OK
    assert isthmus.clock.pauses == [7.0, 4.0]
    assert len({one.headers["idempotency-key"] for one in server.sent("POST")}) == 1


def test_busy_for_too_long(isthmus: Command, server: Server) -> None:
    server.next.extend([Reply(503, {"title": "Starting"}, {"Retry-After": "3600"})] * TRIES)
    ran = isthmus("status", "demo")
    assert ran.code == Code.UNREACHABLE
    assert isthmus.clock.pauses == [LONGEST_PAUSE] * (TRIES - 1)
    assert "Starting" in ran.err


def test_a_wait_outlives_what_is_busy_and_says_so_once(isthmus: Command, server: Server, spec: str) -> None:
    server.play(Life())
    assert isthmus("up", spec).code == Code.OK
    server.next.extend([Reply(503)] * (TRIES + 2))
    ran = isthmus("logs", "demo", "--follow")
    assert ran.code == Code.UNREACHABLE  # the first look is no wait
    server.next.clear()
    server.next.extend([Reply(200, Life().status(0)), *[Reply(503)] * (TRIES + 2)])
    ran = isthmus("logs", "demo", "--follow")
    assert ran.code == Code.OK
    assert ran.out.count("trying again") == 1


def test_a_wait_gives_up_when_nobody_answers_for_long(isthmus: Command, server: Server) -> None:
    server.play(Life(), 30)
    isthmus.clock.then = lambda: server.next.append(Reply(503))
    ran = isthmus("status", "demo", "--wait")
    assert ran.code == Code.UNREACHABLE
    assert sum(isthmus.clock.pauses) > PATIENCE.total_seconds()


def test_not_let_in_while_waiting_ends_the_wait_at_once(isthmus: Command, server: Server) -> None:
    server.play(Life(), 30)
    isthmus.clock.then = lambda: server.next.append(Reply(401))
    assert isthmus("status", "demo", "--wait").code == Code.UNREACHABLE
    assert sum(isthmus.clock.pauses) == pytest.approx(3.0)


def test_looks_say_what_they_know_and_come_when_the_app_says(isthmus: Command, server: Server) -> None:
    life = Life()
    server.retry_after = "9"
    server.play(life, 30, 30, 30, life.built)
    ran = isthmus("status", "demo", "--wait")
    assert ran.code == Code.OK
    asked = [one.headers.get("if-none-match") for one in server.sent("GET")]
    assert asked[:2] == [None, None]
    assert len(set(asked[2:])) == 1
    assert asked[2] is not None
    assert sum(isthmus.clock.pauses) == pytest.approx(9.0 * 2)


def test_an_app_that_does_not_say_is_looked_at_now_and_then(isthmus: Command, server: Server) -> None:
    life = Life()
    server.play(life, life.built)
    server.next.extend([Reply(200, life.status(30)), Reply(200, life.status(30))])
    assert isthmus("status", "demo", "--wait").code == Code.OK
    assert sum(isthmus.clock.pauses) == pytest.approx(LOOK_EVERY)


def test_a_wait_stays_with_its_generation(isthmus: Command, server: Server, spec: str) -> None:
    server.play(Life())
    isthmus("up", spec, "--wait")
    assert {one.query.get("generation") for one in server.sent("GET")} == {"abc234"}
