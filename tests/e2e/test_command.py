"""The `isthmus` command as it is installed, against the real app on the whole local cloud."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.codes import Code
from localcloud.client import call
from localcloud.conductor import LocalCloud
from tests.e2e.environment import census, settle

pytestmark = pytest.mark.world
ISTHMUS = str(Path(sys.executable).with_name("isthmus"))
SECONDS = 120.0
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
"""What moves a terminal's cursor and colours its text."""
REFUSED = {"method": "PUT", "path": "virtualMachines/[^/]+$", "status": 409, "code": "SkuNotAvailable"}


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


class Command:
    """The command, told of the app by environment variables. `ready`: the code of what is ready on this machine."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.cloud = cloud
        self.environment = os.environ | {"ISTHMUS_URL": cloud.url, "COLUMNS": "200", "NO_COLOR": "1"}
        self.ready = Code.INCOMPLETE if cloud.network_mode == "loopback" else Code.OK

    def __call__(self, *words: str, spec: Any = None) -> Ran:
        given = "" if spec is None else json.dumps(spec)
        done = subprocess.run(
            [ISTHMUS, *words], input=given, capture_output=True, text=True, env=self.environment, timeout=SECONDS
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def in_terminal(self, *words: str) -> Ran:
        """On a screen of 50 lines and 120 columns."""
        ours, theirs = pty.openpty()
        environment = self.environment | {"COLUMNS": "120", "LINES": "50", "TERM": "xterm"}
        with subprocess.Popen(
            [ISTHMUS, *words], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
        ) as running:
            os.close(theirs)
            shown = b"".join(_read(ours)).decode(errors="replace")
            os.close(ours)
            return Ran(running.wait(SECONDS), CONTROL.sub("", shown), "")

    @contextmanager
    def failing(self) -> Iterator[None]:
        """The next VM is refused."""
        call("POST", f"{self.cloud.control}/localcloud/faults", [REFUSED])
        yield
        call("DELETE", f"{self.cloud.control}/localcloud/faults")


def _read(terminal: int) -> Iterator[bytes]:
    """Until nobody has the other side any more, which Linux tells as an error."""
    try:
        while some := os.read(terminal, 65536):
            yield some
    except OSError:
        return


@pytest.fixture(scope="module")
def isthmus(cloud: LocalCloud) -> Command:
    return Command(cloud)


@pytest.fixture(scope="module")
def up(isthmus: Command) -> Ran:
    """An environment that was brought up and waited for, in plain lines."""
    return isthmus("up", "-", "--wait", spec={"name": "by-command"})


def test_plan_says_what_would_be_built_and_writes_nothing(isthmus: Command) -> None:
    before = census(isthmus.cloud)
    ran = isthmus("plan", "-", "--steps", spec={"name": "only-planned"})
    assert ran.code == Code.OK, ran.err
    assert "about 2 min to build" in ran.out
    assert "/resourceGroups/isthmus-only-planned-" in ran.out
    assert isthmus("plan", "-", "--json", spec={"name": "only-planned"}).json()["ok"] is True
    assert census(isthmus.cloud) == before


def test_a_wrong_spec_is_refused_by_command_and_app_alike(isthmus: Command) -> None:
    wrong = {"name": "X", "lease_minutes": 1}
    for words in (("plan", "-"), ("up", "-"), ("up", "-", "--no-check")):
        ran = isthmus(*words, spec=wrong)
        assert ran.code == Code.REFUSED, ran.err
        assert "/name" in ran.err
        assert "/lease_minutes" in ran.err


def test_up_tells_each_change_and_ends_with_the_proof(isthmus: Command, up: Ran) -> None:
    assert up.code == isthmus.ready, up.out + up.err
    lines = up.out.splitlines()
    assert "by-command is accepted, generation" in lines[0]
    assert any("Virtual machine" in line and "ready" in line for line in lines)
    assert "by-command is ready; proof: " in lines[-1]


def test_up_again_is_the_same_environment_as_json(isthmus: Command, up: Ran) -> None:
    again = isthmus("up", "-", "--wait", "--json", spec={"name": "by-command"})
    assert again.code == isthmus.ready
    assert (again.json()["phase"], again.json()["generation"]) == ("ready", _generation(up))
    other = isthmus("up", "-", spec={"name": "by-command", "question": "Another one?"})
    assert (other.code, "another specification" in other.err) == (Code.REFUSED, True)


def test_status_and_list_and_logs_say_how_it_stands(isthmus: Command, up: Ran) -> None:
    status = isthmus("status", "by-command")
    assert status.code == Code.OK
    assert "What is Ockham's Razor?" in status.out
    assert isthmus("status", "by-command", "--json").json()["generation"] == _generation(up)
    assert isthmus("status", "by-command", "--wait").code == isthmus.ready
    assert "by-command" in isthmus("list").out
    listed = isthmus("list", "--json", "--prefix", "by-", "--phase", "ready").json()["environments"]
    assert [one["name"] for one in listed] == ["by-command"]
    events = isthmus("logs", "by-command", "--json").json()["events"]
    assert [one["at"] for one in events] == sorted(one["at"] for one in events)
    assert {"ai-corp", "health-corp"} <= {one["who"] for one in events}


def test_renew_moves_the_end_of_the_lease(isthmus: Command, up: Ran) -> None:
    before = isthmus("status", "by-command", "--json").json()["expires_at"]
    assert isthmus("renew", "by-command", "--minutes", "2000", "--json").json()["expires_at"] > before
    assert isthmus("renew", "by-command", "--minutes", "1").code == Code.USAGE


def test_open_gives_a_page_that_is_there(isthmus: Command, up: Ran) -> None:
    page = call("GET", isthmus("open", "by-command", "--json").json()["page_url"])
    assert (page.status, "by-command" in page.text) == (200, True)


def test_down_ends_in_nothing(isthmus: Command, up: Ran) -> None:
    down = isthmus("down", "by-command", "--wait")
    assert down.code == Code.OK, down.out + down.err
    assert "by-command is gone; nothing is left" in down.out
    assert not [one for found in census(isthmus.cloud).values() for one in found if "isthmus-by-command" in one.lower()]
    assert isthmus("status", "by-command", "--json").json()["phase"] == "gone"
    assert isthmus("renew", "by-command").code == Code.REFUSED


def test_what_failed_and_was_kept_is_tried_again_in_a_terminal(isthmus: Command) -> None:
    with isthmus.failing():
        failed = isthmus("up", "-", "--wait", spec={"name": "second-try", "on_failure": "keep"})
    assert failed.code == Code.FAILED, failed.out + failed.err
    assert "SkuNotAvailable" in failed.out
    assert "second-try failed and is kept as it is" in failed.out
    assert isthmus("status", "second-try", "--wait").code == Code.FAILED
    retried = isthmus.in_terminal("retry", "second-try", "--wait")
    assert retried.code == isthmus.ready, retried.out
    # The live picture: both corps beside each other, then how it ended.
    assert any("ai-corp (provider)" in line and "health-corp (consumer)" in line for line in retried.out.splitlines())
    assert "second-try is ready" in retried.out
    assert isthmus("retry", "second-try").code == Code.REFUSED
    assert isthmus("down", "second-try").code == Code.OK
    settle(isthmus.cloud, "second-try", ("gone",))


def test_what_failed_and_was_rolled_back_has_a_code_of_its_own(isthmus: Command) -> None:
    with isthmus.failing():
        ran = isthmus("up", "-", "--wait", "--json", spec={"name": "rolled-back"})
    assert (ran.code, ran.json()["phase"]) == (Code.CLEANED_UP, "gone"), ran.err
    assert ran.json()["error"]["code"] == "SkuNotAvailable"


def test_a_cancel_ends_in_nothing_and_whoever_waited_is_told(isthmus: Command) -> None:
    late = isthmus("up", "-", "--wait", "--timeout", "0.01", spec={"name": "cut-short"})
    assert late.code == Code.TIMED_OUT, late.out + late.err
    assert "isthmus cancel cut-short" in late.err
    cancelled = isthmus("cancel", "cut-short", "--wait")
    assert cancelled.code == Code.OK, cancelled.out + cancelled.err
    assert isthmus("status", "cut-short", "--wait").code == Code.CANCELLED
    assert isthmus("cancel", "cut-short").code == Code.REFUSED


def test_what_is_not_there_is_said(isthmus: Command) -> None:
    assert isthmus("status", "nobody").code == Code.REFUSED
    assert isthmus("down", "nobody").code == Code.REFUSED
    assert isthmus("down", "nobody", "--if-exists").code == Code.OK
    away = isthmus("list", "--url", "http://127.0.0.1:9")
    assert (away.code, away.out) == (Code.UNREACHABLE, "")


def _generation(up: Ran) -> str:
    return up.out.splitlines()[0].rsplit(" ", 1)[1]
