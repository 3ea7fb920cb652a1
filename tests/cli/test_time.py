"""Time left, and the lines of a log."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cli.events import changes
from cli.words import clock, rough
from isthmus.timeleft import time_left
from tests.cli.lives import PLANNED, Life
from tests.unit import samples

LIFE = Life()
START = samples.REQUESTED


def left(document: dict[str, Any], second: float) -> float | None:
    found = time_left(document, START + timedelta(seconds=second))
    return None if found is None else found.total_seconds()


@pytest.mark.parametrize("second", [PLANNED, 20, 60, 100, 110, 130])
def test_while_all_goes_as_planned_the_time_left_is_right(second: float) -> None:
    assert left(LIFE.status(second), second) == pytest.approx(LIFE.built - second, abs=1)


@pytest.mark.parametrize("without", ["critical_path", "needs"])
def test_the_critical_path_or_the_needs_alone_will_do(without: str) -> None:
    document = LIFE.status(60)
    for part in (document, *(step for corp in document["corps"] for step in corp["steps"])):
        part.pop(without, None)
    assert left(document, 60) == pytest.approx(LIFE.built - 60, abs=1)


@pytest.mark.parametrize("second", [0, 2, LIFE.built, LIFE.built + 100])
def test_where_nothing_is_built_there_is_no_time_left(second: float) -> None:
    assert left(LIFE.status(second), second) is None


def test_an_overdue_step_takes_no_negative_time() -> None:
    document = LIFE.status(75)
    late = left(document, 10_000)
    assert late is not None
    assert 0 < late < left(document, 75)  # type: ignore[operator]


def test_a_faster_world_is_seen_from_its_pace() -> None:
    document = LIFE.status(100)
    for corp in document["corps"]:
        for step in corp["steps"]:
            step["took"] = None if step["took"] is None else step["took"] / 50
    now, usual = left(document, 100), left(LIFE.status(100), 100)
    assert now is not None
    assert usual is not None
    assert now < usual / 10


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59.4, "59 s"), (59.6, "1:00"), (187, "3:07"), (3720, "1:02:00")]
)
def test_a_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(59, "less than a minute"), (60, "about 1 min"), (700, "about 12 min")])
def test_an_estimate(seconds: float, text: str) -> None:
    assert rough(timedelta(seconds=seconds)) == text


def test_looks_in_between_tell_the_same_as_one_look_at_the_end() -> None:
    seen, before = [], None
    for second in range(0, int(LIFE.built) + 2):
        after = LIFE.status(second)
        seen += [event for event in changes(before, after) if event.who != "demo"]
        before = after
    at_once = [event for event in changes(None, before or {}) if event.who != "demo"]
    assert sorted(seen) == sorted(at_once)
    assert len(at_once) == 2 * len(LIFE.plan["steps"])


def test_events_come_in_the_order_of_their_times() -> None:
    events = changes(None, LIFE.status(LIFE.built))
    assert [event.at for event in events] == sorted(event.at for event in events)


def test_no_change_no_event() -> None:
    assert changes(LIFE.status(75), LIFE.status(75)) == []


def test_a_failure_is_told_with_code_hint_and_request_id_even_if_its_step_is_gone_already() -> None:
    life = Life(failing="health-corp/virtual_machine")
    for second in (life.over - 6, life.over):
        told = " ".join(event.what for event in changes(life.status(75), life.status(second)))
        assert "SkuNotAvailable: The size is not available. Ask for another size. (request id 11f3a7c2" in told


def test_a_cancel_is_told_with_its_reason() -> None:
    life = Life(stopped=(75, "cancel"))
    assert "stopping: cancel: asked for in a test" in [one.what for one in changes(life.status(70), life.status(76))]
