"""Whenever the host dies, the next one goes on where it was."""

from __future__ import annotations

import urllib.error
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.host.driver import Host, Running, until

INSTANCE = "sweep"
GONE = (urllib.error.URLError, HTTPException, OSError, ValueError, AssertionError)


def drive(host: Host) -> None:
    """Starts the script and gives it its event; harmless when repeated."""
    if host.manage("GET", f"/instances/{INSTANCE}").status == 404:
        host.manage("POST", f"/orchestrators/everything/{INSTANCE}")
    host.manage("POST", f"/instances/{INSTANCE}/raiseEvent/go", "ahead")


def told(host: Host) -> list[tuple[str, str, str]]:
    """The history without its times; of how often the event came, nothing is said."""
    events = host.events(INSTANCE)
    return sorted(
        (str(event["EventType"]), str(event.get("FunctionName")), str(event.get("Result")))
        for event in events
        if event["EventType"] != "EventRaised"
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str, str]]:
    with Running(tmp_path_factory.mktemp("calm")) as running:
        drive(running.host)
        assert running.host.settled(INSTANCE)["runtimeStatus"] == "Completed"
        return told(running.host)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("turn", range(1, 60, 4))
def test_the_history_is_the_undisturbed_one_wherever_it_is_killed(
    tmp_path: Path, undisturbed: list[tuple[str, str, str]], when: str, turn: int
) -> None:
    mortal = Running(tmp_path, command=("-m", "tests.host.dying", when, str(turn)))
    mortal.start()
    if mortal.came_up:
        try:
            drive(mortal.host)
            until(lambda: mortal.process.poll() is not None or _over(mortal.host), 20)
        except GONE:
            pass
    mortal.kill()
    with Running(tmp_path) as running:
        drive(running.host)
        status = running.host.settled(INSTANCE)
        assert status["runtimeStatus"] == "Completed", status["output"]
        assert told(running.host) == undisturbed
        recorded = {"echo", "double", "fail"}
        assert {line.split()[0] for line in running.traces()} >= recorded


def _over(host: Host) -> bool:
    answer = host.manage("GET", f"/instances/{INSTANCE}")
    return answer.status == 200


def test_a_killed_host_leaves_nothing_running_twice_once_it_is_recorded(tmp_path: Path) -> None:
    with Running(tmp_path) as running:
        instance = running.host.start("fan_out", 20)
        running.host.settled(instance)
        done = list(running.traces())
        running.kill()
        running.start()
        assert running.host.settled(instance)["output"] == sum(2 * n for n in range(20))
        assert running.traces() == done


def test_sigterm_ends_it_cleanly(tmp_path: Path) -> None:
    running = Running(tmp_path)
    running.start()
    running.host.start("waits", None, "later")
    assert running.stop() == 0
    with running:
        running.host.manage("POST", "/instances/later/raiseEvent/go", "on")
        assert running.host.settled("later")["output"] == "on"


def test_two_hosts_on_one_file_lose_nothing_and_do_nothing_twice(tmp_path: Path) -> None:
    first, second = Running(tmp_path), Running(tmp_path)
    with first, second:
        instances = [(first if n % 2 else second).host.start("fan_out", 3, f"load-{n}") for n in range(60)]
        outputs = [first.host.settled(instance)["output"] for instance in instances]
        assert outputs == [6] * 60
        assert sorted(first.traces()) == sorted([f"double {n}" for n in range(3)] * 60)
