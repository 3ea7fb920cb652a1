"""What each Azure error means for a step, and outcomes as data."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.errors import RULES, TRANSIENT_STATUS, Rule, classify
from isthmus.outcomes import STOPPED, failed, pending, ready, stopped

TERMINAL = {code: rule for code, rule in RULES.items() if rule.wait is None}
WAITING = {code: rule for code, rule in RULES.items() if rule.wait is not None}


@pytest.mark.parametrize(("code", "rule"), RULES.items(), ids=list(RULES))
def test_an_error_is_waited_for_or_comes_with_a_hint(code: str, rule: Rule) -> None:
    assert code == code.lower()
    assert bool(rule.hint) == (rule.wait is None)
    assert rule.wait is None or 0 < rule.wait <= 300


@pytest.mark.parametrize("code", WAITING)
@pytest.mark.parametrize("status", [400, 403, 404, 409, 429])
def test_what_settles_by_itself_is_pending_whatever_its_status(code: str, status: int) -> None:
    outcome = classify(status, code.upper(), "not yet")
    assert outcome["state"] == "pending"
    assert outcome["retry_after"] == RULES[code].wait


@pytest.mark.parametrize("code", TERMINAL)
@pytest.mark.parametrize("status", [400, 403, 409, 429, 503])
def test_what_no_waiting_mends_fails_with_its_hint_whatever_its_status(code: str, status: int) -> None:
    outcome = classify(status, code, "no", request_id="r-1")
    assert outcome["state"] == "failed"
    assert (outcome["code"], outcome["hint"], outcome["request_id"]) == (code, RULES[code].hint, "r-1")


@pytest.mark.parametrize("status", [0, *sorted(TRANSIENT_STATUS)])
def test_an_unknown_error_of_a_transient_status_is_waited_for(status: int) -> None:
    assert classify(status, "Whatever", "busy")["state"] == "pending"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 410, 412, 501])
def test_an_unknown_error_of_any_other_status_fails(status: int) -> None:
    outcome = classify(status, "", "no")
    assert outcome["state"] == "failed"
    assert outcome["code"] == f"Http{status}"


def test_the_service_s_own_word_on_when_to_come_back_counts() -> None:
    outcome = classify(429, "TooManyRequests", "slow down", retry_after=3.5)
    assert outcome["state"] == "pending"
    assert outcome["retry_after"] == 3.5


@given(st.integers(0, 599), st.text(), st.text(), st.none() | st.floats(0, 3600), st.booleans())
def test_every_error_is_an_outcome_that_can_be_written_down(
    status: int, code: str, message: str, after: float | None, wrote: bool
) -> None:
    outcome = classify(status, code, message, retry_after=after, wrote=wrote)
    assert outcome["wrote"] is wrote
    assert len(outcome["detail"] if outcome["state"] == "pending" else outcome["message"]) <= 500
    assert json.loads(json.dumps(outcome)) == outcome


def test_outcomes_are_plain_json() -> None:
    for outcome in (ready({"a": 1}, wrote=True), ready(), pending("x"), pending("x", 1.0), failed("C", "m"), stopped()):
        assert json.loads(json.dumps(outcome)) == outcome
        assert outcome["wrote"] in (True, False)


def test_a_step_that_was_stopped_says_so_by_its_code() -> None:
    assert stopped()["code"] == STOPPED
