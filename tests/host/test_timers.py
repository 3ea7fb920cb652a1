"""Timer triggers, by functions-bindings-timer."""

from __future__ import annotations

from pathlib import Path

from tests.host.driver import Running, until


def test_a_timer_function_runs_at_its_times(tmp_path: Path) -> None:
    with Running(tmp_path, settings={"FEATURES_SCHEDULE": "* * * * * *"}) as running:
        until(lambda: len(running.traces()) >= 2)
        assert set(running.traces()) == {"tick on time"}


def test_a_turn_that_was_missed_while_no_host_ran_is_past_due(tmp_path: Path) -> None:
    running = Running(tmp_path, settings={"FEATURES_SCHEDULE": "* * * * * *"})
    with running:
        until(running.traces)
    before = len(running.traces())
    until(lambda: _next_turn_is_past(running), 10)
    with running:
        until(lambda: len(running.traces()) > before)
    assert running.traces()[before] == "tick late"


def _next_turn_is_past(running: Running) -> bool:
    import sqlite3
    import time

    database = sqlite3.connect(running.database)
    try:
        row = database.execute("SELECT next FROM schedules").fetchone()
    finally:
        database.close()
    return bool(row[0] < time.time())


def test_run_on_startup_runs_it_at_every_start(tmp_path: Path) -> None:
    running = Running(tmp_path, settings={"FEATURES_STARTUP": "yes"})
    for starts in (1, 2):
        with running:
            until(lambda starts=starts: running.traces() == ["boots"] * starts)  # type: ignore[misc]


def test_a_timer_function_can_be_run_by_hand(running: Running) -> None:
    assert running.host.call("POST", "/admin/functions/tick", {"input": ""}).status == 202
    until(lambda: "tick on time" in running.traces())
    assert running.host.call("POST", "/admin/functions/nobody", {}).status == 404
