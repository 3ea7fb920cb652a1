"""The proof: each check is passed, failed or not checked, and what they add up to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.proof import CHECKS, expected, judge, result_of

CORPS = [{"name": "ai", "role": "provider"}, {"name": "health", "role": "consumer"}]
TWO = [*CORPS, {"name": "bank", "role": "consumer"}]
ALL = [(check.id, corp) for check, corp in expected(CORPS)]


def evidence(state: Any = "passed", **others: Any) -> dict[tuple[str, str], dict[str, Any]]:
    """Evidence of one state for every check; `others`: check id -> another state."""
    return {(check, corp): {"state": others.get(check, state), "evidence": "seen"} for check, corp in ALL}


def test_what_is_expected_depends_on_the_role() -> None:
    by = {check.id: check.by for check in CHECKS}
    for check, corp in expected(TWO):
        if by[check.id] == "client":
            assert corp in ("health", "bank")
        if by[check.id] == "probe":
            assert corp == "ai"
    assert len({(check.id, corp) for check, corp in expected(TWO)}) == len(expected(TWO))


def test_no_corp_is_left_unlooked_at() -> None:
    for corp in ("ai", "health", "bank"):
        ids = {check.id for check, whose in expected(TWO) if whose == corp}
        assert {"no_public_address", "no_inbound_rule"} <= ids


def test_each_consumer_must_get_its_own_answer() -> None:
    assert [corp for check, corp in expected(TWO) if check.id == "answer"] == ["health", "bank"]


@pytest.mark.parametrize("check", [check.id for check in CHECKS])
def test_one_failed_check_fails_the_proof_whichever_it_is(check: str) -> None:
    assert judge(CORPS, evidence(**{check: "failed"}), "answer")["result"] == "failed"


@pytest.mark.parametrize("check", [check.id for check in CHECKS])
def test_one_check_that_nobody_reported_on_fails_the_proof(check: str) -> None:
    seen = {key: value for key, value in evidence().items() if key[0] != check}
    proof = judge(CORPS, seen, "answer")
    assert proof["result"] == "failed"
    missing = [line for line in proof["checks"] if line["id"] == check]
    assert all(line["state"] == "failed" and "Nobody" in line["evidence"] for line in missing)


@pytest.mark.parametrize("check", [check.id for check in CHECKS])
def test_one_check_that_could_not_be_made_leaves_the_proof_incomplete(check: str) -> None:
    assert judge(CORPS, evidence(**{check: "not_checked"}), "answer")["result"] == "incomplete"


def test_a_failure_weighs_more_than_a_hole() -> None:
    assert judge(CORPS, evidence("not_checked", answer="failed"), "")["result"] == "failed"


@pytest.mark.parametrize("state", [None, "", "PASSED", "ok", True, "skipped", "passed "])
def test_a_state_that_is_none_proves_nothing(state: Any) -> None:
    proof = judge(CORPS, evidence(answer=state), "answer")
    assert proof["result"] == "failed"
    assert [line["state"] for line in proof["checks"] if line["id"] == "answer"] == ["failed"]


def test_all_passed_is_passed_and_keeps_answer_and_evidence() -> None:
    proof = judge(CORPS, evidence(), "Entities should not be multiplied.")
    assert proof["result"] == "passed"
    assert proof["answer"] == "Entities should not be multiplied."
    assert {line["evidence"] for line in proof["checks"]} == {"seen"}
    assert [(line["id"], line["corp"]) for line in proof["checks"]] == ALL


def test_evidence_of_a_corp_that_is_not_there_counts_for_nothing() -> None:
    seen = {(check, "stranger"): {"state": "passed", "evidence": ""} for check, _ in ALL}
    assert judge(CORPS, seen, "")["result"] == "failed"


def test_long_evidence_is_cut() -> None:
    seen = evidence() | {("answer", "health"): {"state": "passed", "evidence": "x" * 5000}}
    assert max(len(line["evidence"]) for line in judge(CORPS, seen, "")["checks"]) == 300


def test_an_empty_proof_proves_nothing() -> None:
    assert result_of([]) == "failed"


@given(st.lists(st.sampled_from(["passed", "failed", "not_checked"]), min_size=1))
def test_the_result_is_the_worst_of_the_states(states: list[str]) -> None:
    worst = "failed" if "failed" in states else "incomplete" if "not_checked" in states else "passed"
    assert result_of(states) == worst


@pytest.mark.parametrize("state", [None, "", "PASSED", "ok"])
def test_a_result_takes_no_unknown_state_for_passed(state: Any) -> None:
    assert result_of(["passed", state]) == "failed"
