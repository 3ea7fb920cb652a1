"""What each error means for a step, and outcomes as data."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.codes import AZURE, OWN, Does, Rule
from isthmus.errors import RULES, TRANSIENT_STATUS, classify, own_failure
from isthmus.outcomes import STOPPED, failed, pending, ready, stopped

ROOT = Path(__file__).resolve().parents[2]
TERMINAL = [rule for rule in AZURE if rule.does == "fail"]
PASSING = [rule for rule in AZURE if rule.does != "fail"]
QUOTA = "Operation could not be completed as it results in exceeding approved standardDSv5Family Cores quota."

CASES: tuple[tuple[int, str, str, Does], ...] = (
    (429, "TooManyRequests", "", "retry"),
    (429, "RetryableError", "", "wait"),
    (429, "ReferencedResourceNotProvisioned", "", "wait"),
    (409, "AnotherOperationInProgress", "", "wait"),
    (429, "AnotherOperationInProgress", "", "wait"),
    (400, "InUseSubnetCannotBeDeleted", "", "wait"),
    (400, "NicInUse", "", "wait"),
    (400, "NicReservedForAnotherVm", "for 180 seconds", "wait"),
    (409, "OperationNotAllowed", "The VM is marked for deletion.", "wait"),
    (409, "OperationNotAllowed", QUOTA, "fail"),
    (409, "CannotDeleteResource", "nested resources exist", "wait"),
    (409, "FlagMustBeSetForRestore", "", "wait"),
    (409, "CustomDomainInUse", "", "fail"),
    (409, "RequestConflict", "", "wait"),
    (409, "ResourceGroupDeletionBlocked", "", "wait"),
    (400, "AccountProvisioningStateInvalid", "in state Accepted", "wait"),
    (400, "InsufficientQuota", "", "fail"),
    (409, "SkuNotAvailable", "", "fail"),
    (400, "ServiceModelDeprecated", "", "fail"),
    (400, "ServiceModelDeprecating", "", "fail"),
    (400, "DeploymentModelNotSupported", "", "fail"),
    (400, "PrincipalNotFound", "", "wait"),
    (403, "ForbiddenByRbac", "", "wait"),
    (409, "ObjectIsDeletedButRecoverable", "", "wait"),
    (409, "ConflictError", "", "wait"),
    (409, "Conflict", "a run command is under way", "wait"),
    (404, "ResourceGroupNotFound", "", "wait"),
    (404, "DeploymentNotFound", "", "wait"),
    (403, "RequestDisallowedByPolicy", "", "fail"),
    (409, "PropertyChangeNotAllowed", "", "fail"),
    (400, "RoleAssignmentUpdateNotPermitted", "", "wait"),
    (400, "VMMarketplaceInvalidInput", "", "fail"),
    (400, "ResourcePurchaseValidationFailed", "", "fail"),
    (404, "PlatformImageNotFound", "", "fail"),
    (403, "AuthorizationFailed", "", "fail"),
    (403, "LinkedAuthorizationFailed", "", "fail"),
    (409, "ScopeLocked", "", "fail"),
    (200, "InternalServerError", "of an operation", "retry"),
)
"""What Azure is known to answer, and what a provisioner must do about it."""


@pytest.mark.parametrize(("status", "code", "message", "does"), CASES)
def test_every_known_answer_stands_in_the_table(status: int, code: str, message: str, does: Does) -> None:
    assert code.lower() in RULES
    assert classify(status, code, message)["state"] == ("failed" if does == "fail" else "pending")


@pytest.mark.parametrize("rule", AZURE, ids=lambda rule: rule.code)
def test_every_row_says_what_it_means_and_how_to_mend_it(rule: Rule) -> None:
    assert rule.meaning.endswith((".", ")"))
    assert rule.mend.endswith((".", ")"))
    assert 0 < rule.pause <= 300
    assert rule.patience is None or rule.does != "fail"


def test_no_code_stands_there_twice() -> None:
    codes = [*(row.code.lower() for row in AZURE), *(row.code.lower() for row in OWN)]
    assert sorted(set(codes)) == sorted(codes)


@pytest.mark.parametrize("rule", PASSING, ids=lambda rule: rule.code)
@pytest.mark.parametrize("status", [400, 403, 404, 409, 429])
def test_what_may_pass_is_pending_whatever_its_status_and_knows_what_it_is_if_it_does_not(
    rule: Rule, status: int
) -> None:
    outcome = classify(status, rule.code.upper(), "not yet", request_id="r-1")
    assert outcome["state"] == "pending"
    assert (outcome["retry_after"], outcome["patience"]) == (rule.pause, rule.patience)
    trouble = outcome["trouble"]
    assert (trouble["code"], trouble["hint"], trouble["request_id"]) == (rule.code.upper(), rule.mend, "r-1")


@pytest.mark.parametrize("rule", TERMINAL, ids=lambda rule: rule.code)
@pytest.mark.parametrize("status", [400, 403, 409, 429, 503])
def test_what_no_waiting_mends_fails_with_its_hint_whatever_its_status(rule: Rule, status: int) -> None:
    outcome = classify(status, rule.code, "no", request_id="r-1")
    assert outcome["state"] == "failed"
    assert (outcome["code"], outcome["hint"], outcome["request_id"]) == (rule.code, rule.mend, "r-1")


@pytest.mark.parametrize("status", [0, *sorted(TRANSIENT_STATUS)])
def test_an_unknown_error_of_a_transient_status_is_waited_for(status: int) -> None:
    assert classify(status, "Whatever", "busy")["state"] == "pending"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 410, 412, 501])
def test_an_unknown_error_of_any_other_status_fails_with_a_hint(status: int) -> None:
    outcome = classify(status, "", "no")
    assert outcome["state"] == "failed"
    assert outcome["code"] == f"Http{status}"
    assert outcome["hint"]


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
    told = outcome["trouble"] if outcome["state"] == "pending" else outcome
    assert len(told["message"]) <= 1000
    assert outcome["state"] == "failed" or len(outcome["detail"]) <= 500
    assert json.loads(json.dumps(outcome)) == outcome


def test_outcomes_are_plain_json() -> None:
    for outcome in (ready({"a": 1}, wrote=True), ready(), pending("x"), pending("x", 1.0), failed("C", "m"), stopped()):
        assert json.loads(json.dumps(outcome)) == outcome
        assert outcome["wrote"] in (True, False)


def test_a_step_that_was_stopped_says_so_by_its_code() -> None:
    assert stopped()["code"] == STOPPED


def test_every_code_that_isthmus_gives_itself_stands_in_its_table() -> None:
    given = {STOPPED}
    for folder in ("isthmus", "activities", "orchestrators", "triggers"):
        for path in (ROOT / folder).rglob("*.py"):
            given |= set(_given(ast.parse(path.read_text())))
    assert given == {row.code for row in OWN}


def _given(module: ast.Module, *functions: str) -> Iterator[str]:
    """The codes that stand as they are in a call of one of the functions (none: `failed` or `own_failure`)."""
    for node in ast.walk(module):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str(code)), *_]):
                if name in (functions or ("failed", "own_failure")):
                    yield code


def test_no_activity_has_words_of_its_own_for_how_a_code_is_mended() -> None:
    own = {row.code for row in OWN} - {"PreflightFailed"}  # whose findings each say how
    for path in sorted((ROOT / "activities").glob("*.py")):
        assert own & set(_given(ast.parse(path.read_text()), "failed")) == set(), path


def test_a_failure_of_our_own_comes_with_what_the_table_says_of_it() -> None:
    told = own_failure("NoProof")
    assert told["message"] == "The plan has no proof, and nothing is ready without one."
    assert told["hint"]
