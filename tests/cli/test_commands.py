"""Each command: what it asks of the app, what it says, and its JSON."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from cli.codes import Code
from cli.outcomes import of_removal
from tests.cli.conftest import Command
from tests.cli.lives import Life
from tests.cli.server import Server, problem
from tests.unit import samples

ROOT = Path(__file__).resolve().parents[2]
COST_LINES = 11
"""Sums, heading, seven meters, what is not counted, how old the prices are."""
DELETED = Life(stopped=(200, "delete"))


def paths(server: Server) -> list[str]:
    return [f"{one.method} {one.path}" for one in server.seen]


def test_plan_shows_what_would_be_built(isthmus: Command, server: Server, spec: str) -> None:
    ran = isthmus("plan", spec)
    assert ran.code == Code.OK
    assert "demo in eastus, about 2 min to build" in ran.out
    assert "model gpt-4o-mini 2024-07-18, Standard x1, retires 2027-03-31" in ran.out
    assert "virtual_machine" in ran.out
    assert "health-corp" in ran.out
    assert paths(server) == ["POST /api/plans"]


def test_plan_of_twenty_consumers_is_a_page(isthmus: Command) -> None:
    isthmus.input = json.dumps({"name": "demo", "corps": [samples.AI, *samples.consumers(20)]}).encode()
    ran = isthmus("plan", "-")
    assert "21 corps" in ran.out
    assert len(ran.out.splitlines()) < 30 + COST_LINES
    assert len(isthmus("plan", "-", "--steps").out.splitlines()) == 281 + 2 + COST_LINES


def test_plan_shows_what_it_costs_and_how_far_that_can_be_believed(isthmus: Command, spec: str) -> None:
    out = isthmus("plan", spec).out
    assert re.search(r"^cost 0\.\d+ USD an hour, \d+\.\d\d USD for the lease of 8 h \(estimate\)$", out, re.MULTILINE)
    assert re.search(r"^VM Standard_D2s_v5 +2 +0\.1920 +1\.54$", out, re.MULTILINE)
    assert "not counted: the model, by token" in out
    assert "never refreshed from Azure's list" in out


def test_plan_says_what_it_does_not_know_the_price_of(isthmus: Command) -> None:
    isthmus.input = json.dumps({"name": "demo", "vm_size": "Standard_X1"}).encode()
    out = isthmus("plan", "-").out
    assert re.search(r"^VM Standard_X1 +2 +not known +not known$", out, re.MULTILINE)
    assert "cost at least 0." in out
    isthmus.input = json.dumps({"name": "demo", "location": "nowhere", "image": "nobody:a:b:c"}).encode()
    assert "Private DNS zone" in isthmus("plan", "-").out


def test_plan_with_an_error_is_a_refusal(isthmus: Command, server: Server, spec: str) -> None:
    server.plan_ok = False
    ran = isthmus("plan", spec)
    assert ran.code == Code.REFUSED
    assert "error: vcpu_quota: 4 of 2 cores. Ask for more." in ran.out
    ran = isthmus("plan", spec, "--json")
    assert (ran.code, ran.json()["ok"]) == (Code.REFUSED, False)
    assert "vcpu_quota" in ran.err


def test_plan_steps_have_their_resource_ids(isthmus: Command, spec: str) -> None:
    out = isthmus("plan", spec, "--steps").out
    assert "ai-corp/nat_gateway  new  /subscriptions/" in out


def test_up_without_waiting(isthmus: Command, server: Server, spec: str) -> None:
    ran = isthmus("up", spec, "--name", "pr-17")
    assert ran.code == Code.OK
    assert "pr-17 is accepted, generation abc234" in ran.out
    assert f"{server.url}/api/environments/pr-17/page" in ran.out
    assert json.loads(server.seen[0].body) == {"name": "pr-17"}
    assert server.seen[0].headers["idempotency-key"] == "key-of-this-run"


def test_up_without_waiting_as_json(isthmus: Command, spec: str) -> None:
    assert isthmus("up", spec, "--json").json()["generation"] == "abc234"


def test_up_in_a_terminal_draws_and_ends_with_the_answer(isthmus: Command, server: Server, spec: str) -> None:
    isthmus.screen = (80, 24)
    server.play(Life(), 0, 60, 300)
    ran = isthmus("up", spec, "--wait")
    assert ran.code == Code.OK
    assert "\x1b[" in ran.out
    assert "ai-corp (provider)" in ran.out
    assert "about 1 min left" in ran.out
    assert "Prefer the simplest." in ran.out
    assert ran.out.rstrip().endswith("demo is ready; proof: passed")


def test_up_in_a_log_writes_lines(isthmus: Command, server: Server, spec: str) -> None:
    server.play(Life(), 0, 60, 300)
    ran = isthmus("up", spec, "--wait")
    assert "\x1b[" not in ran.out
    assert ran.out.count("Virtual machine: begun") == 2
    assert "2026-05-04T12:01:44Z  ai-corp      Virtual machine: ready after 1:00" in ran.out


def test_status(isthmus: Command, server: Server) -> None:
    server.play(Life(), 300)
    ran = isthmus("status", "demo")
    assert ran.code == Code.OK
    assert "34 of 34 steps" in ran.out
    assert "proof: passed" in ran.out
    assert isthmus("status", "demo", "--json").json() == Life().status(300)
    isthmus("status", "demo", "--generation", "former")
    assert server.seen[-1].query == {"generation": "former"}


def test_status_of_a_failure_says_what_to_do(isthmus: Command, server: Server) -> None:
    server.play(Life(failing="health-corp/virtual_machine", keep=True), 300)
    ran = isthmus("status", "demo")
    assert "health-corp: Virtual machine: SkuNotAvailable" in ran.out
    assert "isthmus retry demo --wait" in ran.out
    assert "correlation id c0ffee" in ran.out


def test_list_goes_through_all_pages(isthmus: Command, server: Server) -> None:
    for number in range(1, 131):
        server.play(Life(name=f"pr-{number}"), 300)
    found = isthmus("list", "--json").json()["environments"]
    assert len({one["name"] for one in found}) == 130
    assert [one.query.get("top") for one in server.seen] == ["100", "100"]


def test_list_passes_its_filters_on(isthmus: Command, server: Server) -> None:
    server.play(Life(name="pr-1"), 60)
    server.play(Life(name="pr-2", failing="health-corp/virtual_machine", keep=True), 300)
    ran = isthmus("list", "--phase", "failed", "--prefix", "pr-", "--top", "5")
    assert server.seen[0].query == {"phase": "failed", "prefix": "pr-", "top": "5"}
    assert "pr-2" in ran.out
    assert "SkuNotAvailable" in ran.out
    assert "pr-1 " not in ran.out


def test_list_of_nothing(isthmus: Command) -> None:
    assert isthmus("list").out == "no environments\n"


def test_logs(isthmus: Command, server: Server) -> None:
    server.play(Life(), 300)
    assert isthmus("logs", "demo").out.count("Virtual machine") == 4
    events = isthmus("logs", "demo", "--json").json()["events"]
    assert {"at", "who", "what"} == set(events[0])
    assert len(events) == 2 * 34 + 2


def test_logs_followed_in_a_terminal_are_lines(isthmus: Command, server: Server) -> None:
    isthmus.screen = (80, 24)
    server.play(Life(), 60, 60, 300)
    ran = isthmus("logs", "demo", "--follow")
    assert ran.code == Code.OK
    assert "\x1b[" not in ran.out


def test_cancel(isthmus: Command, server: Server) -> None:
    life = Life(stopped=(75, "cancel"))
    server.play(life, 75, life.over)
    ran = isthmus("cancel", "demo", "--wait")
    assert ran.code == Code.OK
    assert "demo is gone; nothing is left" in ran.out
    assert "POST /api/environments/demo/cancel" in paths(server)


def test_what_a_vault_with_purge_protection_still_has_is_said_at_the_end() -> None:
    over = DELETED.status(DELETED.over)
    for step in over["corps"][0]["steps"][:2]:
        step["stays_until"] = "2026-08-26T20:00:00Z"
    ended = of_removal(over)
    assert ended is not None
    assert ended.code == Code.OK
    assert "demo is gone; 2 deleted secrets stay recoverable until 2026-08-26T20:00:00Z" in ended.sentence


def test_a_failure_that_is_about_to_be_taken_down_is_not_the_end_of_a_cancel(isthmus: Command, server: Server) -> None:
    life = Life(failing="health-corp/virtual_machine")
    assert life.removing is not None
    failed = life.removing - 0.5
    assert life.status(failed)["phase"] == "failed"
    server.play(life, 75, failed, failed, life.over)
    assert isthmus("cancel", "demo", "--wait").code == Code.OK


def test_down(isthmus: Command, server: Server) -> None:
    server.play(DELETED, 190, DELETED.over)
    assert isthmus("down", "demo", "--wait").code == Code.OK
    assert "DELETE /api/environments/demo" in paths(server)


def test_down_with_json_ends_with_the_last_status(isthmus: Command, server: Server) -> None:
    server.play(DELETED, 190, DELETED.over)
    assert isthmus("down", "demo", "--wait", "--json").json()["phase"] == "gone"


def test_down_that_leaves_something(isthmus: Command, server: Server) -> None:
    life = Life(stopped=(200, "delete"), stuck=True)
    server.play(life, 190, life.over)
    ran = isthmus("down", "demo", "--wait")
    assert ran.code == Code.FAILED
    assert "could not be taken down (ScopeLocked)" in ran.out + ran.err
    assert "lock keep (CanNotDelete)" in isthmus("status", "demo").out


def test_an_old_failure_is_not_taken_for_the_end_of_a_new_teardown(isthmus: Command, server: Server) -> None:
    stuck = Life(stopped=(200, "delete"), stuck=True)
    server.play(stuck, stuck.over)
    isthmus.clock.then = lambda: server.play(DELETED, DELETED.over)
    assert isthmus("down", "demo", "--wait").code == Code.OK


def test_but_it_is_after_a_while(isthmus: Command, server: Server) -> None:
    stuck = Life(stopped=(200, "delete"), stuck=True)
    server.play(stuck, stuck.over)
    assert isthmus("down", "demo", "--wait").code == Code.FAILED
    assert sum(isthmus.clock.pauses) >= 60


def test_a_teardown_that_begins_late_is_waited_for(isthmus: Command, server: Server) -> None:
    kept = Life(failing="health-corp/virtual_machine", keep=True)
    server.play(kept, kept.over)
    isthmus.clock.then = lambda: server.play(DELETED, DELETED.over) if sum(isthmus.clock.pauses) > 90 else None
    assert isthmus("down", "demo", "--wait").code == Code.OK


def test_only_that_there_is_none_is_no_error(isthmus: Command, server: Server) -> None:
    server.next.append(problem(409, "too-late", "Too late", "It is over."))
    assert isthmus("down", "demo", "--if-exists").code == Code.REFUSED


@pytest.mark.parametrize("more", [(), ("--wait",), ("--json",)])
def test_down_of_what_is_not_there(more: tuple[str, ...], isthmus: Command) -> None:
    assert isthmus("down", "nobody", *more).code == Code.REFUSED
    assert isthmus("down", "nobody", "--if-exists", *more).code == Code.OK


def test_retry_brings_new_tickets_and_waits(isthmus: Command, server: Server) -> None:
    failed = Life(failing="health-corp/virtual_machine", keep=True)
    server.play(failed, 300)
    isthmus.input = b"ai-corp: one\nhealth-corp: two"
    isthmus.clock.then = lambda: server.play(Life(), 300)
    ran = isthmus("retry", "demo", "--tickets", "-", "--wait")
    assert ran.code == Code.OK
    sent = json.loads(server.sent("POST")[0].body)
    assert sent == {"tickets": {"source": "request", "values": {"ai-corp": "one", "health-corp": "two"}}}


def test_renew(isthmus: Command, server: Server) -> None:
    server.play(Life(), 300)
    ran = isthmus("renew", "demo", "--minutes", "90")
    assert ran.code == Code.OK
    assert "demo may live until 2026-05-04T13:00" in ran.out
    assert json.loads(server.seen[0].body) == {"lease_minutes": 90}
    isthmus("renew", "demo")
    assert server.seen[1].body == b""


def test_open(isthmus: Command, server: Server) -> None:
    isthmus.environment["ISTHMUS_KEY"] = "k3y/x"
    assert isthmus("open", "demo").out.strip() == f"{server.url}/api/environments/demo/page"
    assert isthmus("open").out.strip() == f"{server.url}/api/environments/page"
    ran = isthmus("open", "demo", "--with-key")
    assert isthmus.browsed[-1] == f"{server.url}/api/environments/demo/page?code=k3y%2Fx"
    assert "k3y" not in ran.out + ran.err + "".join(isthmus.browsed[:-1])


def test_schema_takes_what_the_check_takes(isthmus: Command) -> None:
    schema = json.loads(isthmus("schema").out)
    Draft202012Validator.check_schema(schema)
    valid = Draft202012Validator(schema).is_valid
    assert valid({"name": "demo", "tickets": {"source": "ockam"}})
    assert not valid({"name": "demo", "lease_minute": 5})
    assert not valid({"name": "Demo"})


def test_names_are_quoted_in_paths(isthmus: Command, server: Server) -> None:
    isthmus("status", "../plans?x=1")
    assert server.seen[0].path == "/api/environments/..%2Fplans%3Fx%3D1"


def test_a_fault_of_the_commands_own_is_told_without_its_words(isthmus: Command, server: Server) -> None:
    server.play(Life(), 300)

    def broken() -> None:
        raise RuntimeError("a-secret-in-an-exception")

    isthmus.clock.then = broken
    server.play(Life(), 60)
    ran = isthmus("status", "demo", "--wait")
    assert ran.code == Code.BUG
    assert "RuntimeError in broken" in ran.err
    assert "a-secret" not in ran.out + ran.err


def test_the_installed_word_is_the_command() -> None:
    module, _, name = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]["isthmus"].partition(
        ":"
    )
    assert getattr(import_module(module), name) is import_module("cli.__main__").app


def start(server: Server, *words: str) -> subprocess.Popen[str]:
    environment = os.environ | {"ISTHMUS_URL": server.url, "COLUMNS": "120"}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-m", "cli", *words],
        cwd=ROOT,
        env=environment,
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        text=True,
    )


def test_as_a_process_with_the_spec_from_standard_input(server: Server) -> None:
    server.retry_after = "0"
    server.play(Life())
    with start(server, "up", "-", "--wait", "--json") as running:
        out, err = running.communicate("name: demo\n", timeout=60)
    assert running.returncode == Code.OK, err
    assert json.loads(out)["phase"] == "ready"


def test_as_a_process_that_is_interrupted(server: Server) -> None:
    server.retry_after = "30"
    server.play(Life(), 60)
    with start(server, "status", "demo", "--wait") as running:
        assert running.stdout is not None
        assert "requested" in running.stdout.readline()
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
    assert running.returncode == Code.INTERRUPTED
    assert "demo goes on" in err
