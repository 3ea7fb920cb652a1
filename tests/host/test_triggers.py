"""HTTP and timer triggers, by functions-bindings-http-webhook-trigger and functions-bindings-timer."""

from __future__ import annotations

from pathlib import Path

from tests.host.driver import Host, Running, until


def test_route_parameters_query_headers_and_body_reach_the_function(host: Host) -> None:
    answer = host.call("POST", "/api/plain/razor/7?a=1&b=x%20y", b"\x00\xff", headers={"X-Word": "Ockham"})
    assert answer.status == 201
    assert answer.headers["x-back"] == "yes"
    assert answer.json() == {
        "method": "POST",
        "word": "razor",
        "number": "7",
        "query": {"a": "1", "b": "x y"},
        "body": "\x00\xff",
        "header": "Ockham",
    }


def test_an_optional_parameter_may_be_left_out(host: Host) -> None:
    assert host.call("GET", "/api/plain/razor").json()["number"] is None


def test_a_constraint_that_does_not_hold_is_404(host: Host) -> None:
    assert host.call("GET", "/api/plain/razor/seven").status == 404


def test_an_unknown_route_is_404_and_another_method_405(host: Host) -> None:
    assert host.call("GET", "/api/nowhere").status == 404
    assert host.call("DELETE", "/api/plain/razor").status == 405


def test_bytes_come_back_as_they_are(host: Host) -> None:
    answer = host.call("GET", "/api/bytes")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Length"] == "256"


def test_an_exception_is_500_and_tells_the_caller_nothing(host: Host) -> None:
    answer = host.call("GET", "/api/broken")
    assert answer.status == 500
    assert "secret of the house" not in answer.text


def test_a_function_may_ask_for_its_context(host: Host) -> None:
    assert host.call("GET", "/api/who").text == "who"


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


def test_a_timer_function_can_be_run_by_hand(running: Running) -> None:
    assert running.host.call("POST", "/admin/functions/tick", {"input": ""}).status == 202
    until(lambda: "tick on time" in running.traces())
    assert running.host.call("POST", "/admin/functions/nobody", {}).status == 404
