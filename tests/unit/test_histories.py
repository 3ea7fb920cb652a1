"""Recorded histories replayed against today's orchestrators: runs in flight survive a new version of the app."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any

import pytest

from isthmus.lifecycle import STOP_EVENT
from localcloud.host.episode import Episode, Instance, run
from localcloud.host.events import Event, Type, seconds_of
from tests.unit.driver import call, knows
from tests.unit.record import FOLDER, RECORDED, text

AGAIN = "record anew by `make histories` if the orchestrators were meant to change"
ENDS = {
    "provision_environment": {"ready", "failed", "gone"},
    "build_corp": {True, False},
    "teardown_environment": {"gone", "failed"},
}
"""What each orchestrator is recorded coming to: a phase; of a corp, whether it is complete."""


@cache
def recorded() -> dict[str, dict[str, Any]]:
    """Recording / instance -> its name, input and history."""
    found = {}
    for path in sorted(FOLDER.glob("*.json")):
        for instance, told in json.loads(path.read_text()).items():
            found[f"{path.stem}/{instance}"] = told
    return found


def episodes(history: list[Event]) -> list[list[Event]]:
    """The history cut where each episode began."""
    cut: list[list[Event]] = []
    for event in history:
        if event["EventType"] == Type.ORCHESTRATOR_STARTED:
            cut.append([])
        cut[-1].append(event)
    return cut


MADE = {
    Type.TASK_SCHEDULED,
    Type.SUB_CREATED,
    Type.TIMER_CREATED,
    Type.EXECUTION_COMPLETED,
    Type.ORCHESTRATOR_COMPLETED,
}


def replayed(told: dict[str, Any], upto: int) -> tuple[Episode, list[Event]]:
    """Episode number `upto` run anew on the history before it, and what it had made when it was recorded."""
    cut = episodes(told["history"])
    before = [event for episode in cut[:upto] for event in episode]
    first, *rest = cut[upto]
    new = [event for event in rest if event["EventType"] not in MADE]
    instance = Instance("recorded", "run", told["name"], "", "Running", told["input"], None)
    episode = run(instance, before, new, seconds_of(first["Timestamp"]), call(told["name"]), knows)
    return episode, [event for event in rest if event["EventType"] in MADE]


def shape(events: list[Event]) -> list[tuple[Any, ...]]:
    """What an episode asked for, in its order."""
    return [
        (event["EventType"], event["EventId"], event.get("Name"), event.get("Input"), event.get("FireAt"))
        for event in events
        if event["EventType"] in MADE
    ]


@pytest.mark.parametrize("name", recorded())
def test_a_recorded_run_comes_to_the_same_end_today(name: str) -> None:
    told = recorded()[name]
    last = len(episodes(told["history"])) - 1
    episode, _ = replayed(told, last)
    (ended,) = [event for event in told["history"] if event["EventType"] == Type.EXECUTION_COMPLETED]
    assert "Non-deterministic" not in str(episode.output), AGAIN
    assert (episode.status, json.dumps(episode.output)) == (ended["OrchestrationStatus"], ended["Result"]), AGAIN


@pytest.mark.parametrize("name", recorded())
def test_a_run_that_was_cut_short_anywhere_goes_on_as_it_did(name: str) -> None:
    told = recorded()[name]
    count = len(episodes(told["history"]))
    for upto in sorted({0, 1, count // 4, count // 2, 3 * count // 4, count - 1} & set(range(count))):
        episode, made = replayed(told, upto)
        assert shape(episode.events) == shape(made), AGAIN


def test_every_recording_is_there_and_no_other() -> None:
    assert {name.split("/")[0] for name in recorded()} == set(RECORDED)


@pytest.mark.parametrize("orchestrator", ENDS)
def test_every_end_of_an_orchestrator_is_recorded(orchestrator: str) -> None:
    ends = set()
    for told in recorded().values():
        if told["name"] == orchestrator:
            (ended,) = [event for event in told["history"] if event["EventType"] == Type.EXECUTION_COMPLETED]
            output = json.loads(ended["Result"])
            ends.add(output["complete"] if orchestrator == "build_corp" else output["phase"])
    assert ends == ENDS[orchestrator]


def test_a_sweep_and_the_teardown_that_it_began_are_recorded() -> None:
    assert {told["name"] for name, told in recorded().items() if name.startswith("sweep/")} == {
        "clean_up",
        "teardown_environment",
    }


def test_a_round_of_looks_and_the_repair_that_it_began_are_recorded() -> None:
    assert {told["name"] for name, told in recorded().items() if name.startswith("drift/")} == {
        "check_drift",
        "repair_environment",
    }


def test_a_stop_that_wakes_and_a_second_attempt_are_recorded() -> None:
    events = [event for told in recorded().values() for event in told["history"]]
    assert any(event["EventType"] == Type.EVENT_RAISED and event["Name"] == STOP_EVENT for event in events)
    assert "retry/env-demo-abc234-2" in recorded()


@pytest.mark.parametrize("name", RECORDED)
def test_recording_anew_changes_nothing(name: str) -> None:
    assert text(RECORDED[name]()) == (FOLDER / f"{name}.json").read_text(), AGAIN


@pytest.mark.parametrize(("field", "value"), [("Name", '"ensure_something_else"'), ("Input", "[]")])
def test_a_history_of_other_orchestrators_would_be_noticed(field: str, value: str) -> None:
    told = copy.deepcopy(recorded()["success/env-demo-abc234"])
    scheduled = next(event for event in told["history"] if event["EventType"] == Type.TASK_SCHEDULED)
    scheduled[field] = value
    episode, _ = replayed(told, len(episodes(told["history"])) - 1)
    assert episode.status == "Failed"
    assert "Non-deterministic" in str(episode.output)


def test_no_recording_holds_a_secret_or_a_signed_url() -> None:
    for path in FOLDER.glob("*.json"):
        content = path.read_text()
        assert not [
            word
            for word in ("CANARY", "sig=", "https://management", "s=")
            if f"&{word}" in content or f"?{word}" in content
        ]
