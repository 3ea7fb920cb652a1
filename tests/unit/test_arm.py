"""ensure and remove of what ARM keeps: one look, at most one write, and the table of what follows from what is seen."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError

from activities import arm
from activities.records import Records
from isthmus.outcomes import failed, pending
from tests.unit.fakes import Answer, Cloud, Group, records_with, refusal, request
from tests.unit.samples import LIFE

NAME = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/natGateways/egress"
WANTED = {"location": "eastus", "properties": {"idle": 4}}
STEP = {"id": "corp/nat_gateway", "resource": NAME, "wanted": WANTED}


def group_of(cloud: Any) -> Any:
    return cloud.group


RESOURCE = arm.Resource(group_of, outputs={"address": "properties.address"})
URL = "https://operations.example/1?s=signed"


def there(state: str | None = "Succeeded", **properties: Any) -> dict[str, Any]:
    shown = {"idle": 4, "address": "10.0.0.4"} | properties
    return {"id": NAME, "location": "eastus", "properties": shown | ({"provisioningState": state} if state else {})}


def ensure(group: Group, resource: arm.Resource = RESOURCE, writes: int = 0, records: Records | None = None) -> Any:
    return arm.ensure(request(STEP, Cloud(group=group), records, writes), resource)


def remove(group: Group, resource: arm.Resource = RESOURCE, records: Records | None = None) -> Any:
    return arm.remove(request(STEP, Cloud(group=group), records), resource)


@pytest.mark.parametrize("state", ["Succeeded", "succeeded", None])
def test_there_and_as_wanted_is_ready_with_its_outputs_and_is_not_written(state: str | None) -> None:
    group = Group([there(state)])
    assert ensure(group) == {"state": "ready", "outputs": {"address": "10.0.0.4"}, "wrote": False}
    assert group.verbs == ["get"]


@pytest.mark.parametrize("state", ["Creating", "Updating", "Accepted", "Deleting"])
def test_what_is_being_made_is_pending_and_is_not_written(state: str) -> None:
    group = Group([there(state)])
    assert ensure(group) == pending(state.lower())
    assert group.verbs == ["get"]


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (None, "was not there"),
        (there("Failed"), "state was failed"),
        (there("Canceled"), "state was canceled"),
        (there(idle=5), "differed at properties.idle"),
        (there("Succeeded") | {"location": "westeurope"}, "differed at location"),
    ],
)
def test_what_is_missing_failed_or_different_is_written_once(found: Any, why: str) -> None:
    group = Group([found], [Answer(201, there("Creating"), {"Azure-AsyncOperation": URL, "Retry-After": "7"})])
    outcome = ensure(group)
    assert (outcome["state"], outcome["retry_after"], outcome["wrote"]) == ("pending", 7.0, True)
    assert why in outcome["detail"]
    assert group.calls[1] == ("put", ("g", "egress", WANTED))
    assert group.verbs == ["get", "put"]


def test_what_is_made_at_once_is_ready_at_once() -> None:
    outcome = ensure(Group([None], [Answer(200, there())]))
    assert outcome == {"state": "ready", "outputs": {"address": "10.0.0.4"}, "wrote": True}


def test_what_was_written_twice_and_is_still_different_fails_and_is_not_written_again() -> None:
    group = Group([there(idle=5)])
    outcome = ensure(group, writes=2)
    assert (outcome["state"], outcome["code"]) == ("failed", "NotAsWanted")
    assert "properties.idle" in outcome["message"]
    assert group.verbs == ["get"]


def test_nothing_new_is_written_in_an_environment_that_is_being_stopped() -> None:
    group = Group([None])
    outcome = ensure(group, records=records_with(phase="building", stop={"why": "delete", "detail": ""}))
    assert outcome["code"] == "Stopped"
    assert group.verbs == ["get"]


def test_nothing_is_written_for_an_environment_without_a_record() -> None:
    records = records_with()
    records._container.blobs.clear()
    assert ensure(Group([None]), records=records)["code"] == "Stopped"


def test_what_is_there_is_ready_even_while_the_environment_is_being_stopped() -> None:
    records = records_with(phase="building", stop={"why": "delete", "detail": ""})
    assert ensure(Group([there()]), records=records)["state"] == "ready"


@pytest.mark.parametrize(
    ("error", "state", "word"),
    [
        (refusal(429, "TooManyRequests", Retry_After="9"), "pending", 9.0),
        (refusal(409, "AnotherOperationInProgress"), "pending", 10),
        (refusal(503, "ServerBusy"), "pending", 10),
        (ServiceRequestError("no route"), "pending", 10),
        (refusal(403, "AuthorizationFailed"), "failed", "AuthorizationFailed"),
        (refusal(409, "SkuNotAvailable"), "failed", "SkuNotAvailable"),
        (refusal(400, "InvalidRequestContent"), "failed", "InvalidRequestContent"),
    ],
)
@pytest.mark.parametrize("where", ["get", "put"])
def test_what_azure_refuses_is_an_outcome_and_no_exception(error: Exception, state: str, word: Any, where: str) -> None:
    outcome = ensure(Group([error]) if where == "get" else Group([None], [error]))
    assert outcome["state"] == state
    assert outcome["retry_after" if state == "pending" else "code"] == word
    assert outcome["wrote"] is False


def test_the_request_id_of_a_failure_is_kept_for_azures_support() -> None:
    assert ensure(Group([refusal(409, "SkuNotAvailable", x_ms_request_id="r-9")]))["request_id"] == "r-9"


def test_the_url_of_what_is_under_way_goes_to_the_records_and_into_no_outcome() -> None:
    records = records_with(phase="building")
    outcome = ensure(Group([None], [Answer(201, there("Creating"), {"Azure-AsyncOperation": URL})]), records=records)
    assert records.operation(LIFE, STEP["id"]) == {"url": URL, "verb": "ensure"}  # type: ignore[arg-type]
    assert "signed" not in str(outcome)


def under_way(answer: Answer, group: Group, verb: str = "ensure", writes: int = 1) -> tuple[Any, Records]:
    """The next call of that verb while an operation of `ensure` is under way."""
    records = records_with(phase="building")
    records.keep_operation(LIFE, "corp/nat_gateway", URL, "ensure")
    cloud = Cloud(group=group)
    cloud.operations[URL] = answer
    outcome = getattr(arm, verb)(request(STEP, cloud, records, writes), RESOURCE)
    assert cloud.looked == [URL]
    return outcome, records


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, {"status": "InProgress"}, {"Retry-After": "3"}),
        Answer(202, None, {"Retry-After": "3"}),
        Answer(202, {"status": "Succeeded"}, {"Retry-After": "3"}),
    ],
)
def test_while_an_operation_is_under_way_only_its_url_is_looked_at(answer: Answer) -> None:
    group = Group()
    outcome, records = under_way(answer, group)
    assert (outcome["state"], outcome["retry_after"]) == ("pending", 3.0)
    assert group.verbs == []
    assert records.operation(LIFE, "corp/nat_gateway")


@pytest.mark.parametrize(
    "answer", [Answer(200, {"status": "Succeeded"}), Answer(200, there()), Answer(204), Answer(404)]
)
def test_when_an_operation_has_ended_the_resource_itself_tells(answer: Answer) -> None:
    group = Group([there()])
    outcome, records = under_way(answer, group)
    assert outcome["state"] == "ready"
    assert records.operation(LIFE, "corp/nat_gateway") is None


@pytest.mark.parametrize("status", ["Failed", "Canceled"])
def test_an_operation_that_failed_tells_why_and_is_forgotten(status: str) -> None:
    answer = Answer(200, {"status": status, "error": {"code": "InsufficientQuota", "message": "none left"}})
    outcome, records = under_way(answer, Group([there()]))
    assert (outcome["state"], outcome["code"]) == ("failed", "InsufficientQuota")
    assert "none left" in outcome["message"]
    assert records.operation(LIFE, "corp/nat_gateway") is None


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_operations_url_that_can_not_be_read_now_is_read_later(status: int) -> None:
    outcome, records = under_way(Answer(status, {"error": {"code": "", "message": ""}}, {"Retry-After": "2"}), Group())
    assert outcome["state"] == "pending"
    assert records.operation(LIFE, "corp/nat_gateway")


AZURES_FAULT = Answer(200, {"status": "Failed", "error": {"code": "InternalServerError", "message": "try again"}})


def test_an_operation_that_failed_by_a_fault_of_the_moment_is_asked_for_once_more() -> None:
    group = Group([there("Failed")], [Answer(201, there("Creating"))])
    outcome, records = under_way(AZURES_FAULT, group)
    assert (outcome["state"], outcome["detail"]) == ("pending", "InternalServerError: try again")
    assert records.operation(LIFE, "corp/nat_gateway") is None
    assert ensure(group, writes=1, records=records)["wrote"]


def test_an_operation_that_failed_so_twice_tells_why() -> None:
    outcome, _ = under_way(AZURES_FAULT, Group([there("Failed")]), writes=2)
    assert (outcome["state"], outcome["code"]) == ("failed", "InternalServerError")
    assert outcome["hint"]


@pytest.mark.parametrize(("found", "state"), [(pending("asked to be purged", wrote=True), "pending"), (None, "failed")])
def test_what_is_soft_deleted_under_the_name_is_purged_if_it_is_ours(found: Any, state: str) -> None:
    kept = arm.Resource(group_of, afterwards=lambda request: found)
    outcome = ensure(Group([None], [refusal(409, "CustomDomainInUse")]), kept)
    assert (outcome["state"], outcome["wrote"]) == (state, False)


def test_the_details_of_a_failed_operation_are_told_too() -> None:
    error = {"code": "X", "message": "Blocked.", "details": [{"message": "By a lock."}, {"message": "Blocked."}, {}]}
    outcome, _ = under_way(Answer(200, {"status": "Failed", "error": error}), Group([there()]))
    assert outcome["message"] == "Blocked. By a lock."


def test_the_failure_of_what_made_it_does_not_fail_its_removal() -> None:
    answer = Answer(200, {"status": "Failed", "error": {"code": "InsufficientQuota", "message": "none left"}})
    outcome, _ = under_way(answer, Group([None]), "remove")
    assert outcome["state"] == "ready"


def test_what_is_not_there_is_removed() -> None:
    group = Group([None])
    assert remove(group)["state"] == "ready"
    assert group.verbs == ["get"]


def test_what_is_there_is_asked_to_go_and_is_not_yet_gone() -> None:
    group, records = (
        Group([there()], deleted=[Answer(202, None, {"Location": URL, "Retry-After": "4"})]),
        records_with(),
    )
    outcome = remove(group, records=records)
    assert (outcome["state"], outcome["retry_after"], outcome["wrote"]) == ("pending", 4.0, True)
    assert records.operation(LIFE, STEP["id"]) == {"url": URL, "verb": "remove"}  # type: ignore[arg-type]


def test_what_is_going_is_waited_for() -> None:
    group = Group([there("Deleting")])
    assert remove(group) == pending("deleting")
    assert group.verbs == ["get"]


def test_what_is_not_ours_is_left_alone() -> None:
    group = Group([there()])
    outcome = remove(group, arm.Resource(group_of, allowed=lambda request, have: "Somebody else's."))
    assert (outcome["state"], outcome["code"], outcome["message"]) == ("failed", "NotOurs", "Somebody else's.")
    assert group.verbs == ["get"]


def test_a_removal_is_ready_when_nothing_of_it_is_kept_any_more() -> None:
    kept = arm.Resource(group_of, afterwards=lambda request: pending("asked to be purged", wrote=True))
    assert remove(Group([None]), kept)["detail"] == "asked to be purged"


@pytest.mark.parametrize("code", ["ScopeLocked", "AuthorizationFailed"])
def test_a_refused_delete_is_a_failure_with_a_hint(code: str) -> None:
    outcome = remove(Group([there()], deleted=[refusal(409, code)]))
    assert outcome["state"] == "failed"
    assert outcome["hint"]


def test_an_environment_that_is_being_stopped_is_removed_all_the_same() -> None:
    records = records_with(phase="deleting", stop={"why": "delete", "detail": ""})
    assert remove(Group([there()], deleted=[Answer(202)]), records=records)["wrote"]


@pytest.mark.parametrize("outcome", [failed("X", "no"), pending("not yet")])
def test_the_last_word_on_a_resource_may_be_its_modules(outcome: Any) -> None:
    resource = arm.Resource(group_of, finish=lambda request, have: outcome)
    assert ensure(Group([there()]), resource) == outcome


@pytest.mark.parametrize(
    ("path", "value"),
    [("a", {"b": [{"c": 1}]}), ("a.b.0.c", 1), ("a.b.1.c", None), ("a.x.y", None), ("a.b.0.c.d", None)],
)
def test_a_dotted_path_finds_its_value_or_none(path: str, value: Any) -> None:
    assert arm.at({"a": {"b": [{"c": 1}]}}, path) == value
