"""The façade's small parts: what headers and errors mean, and one request at a time."""

from __future__ import annotations

import email.utils
import time
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError
from opentelemetry.instrumentation.utils import is_instrumentation_enabled

from activities.cloud import Cloud, begin, code_of, get, listed, outcome_of, outcome_of_body, retry_after
from isthmus.settings import Settings
from tests.unit.fakes import Answer, Group, refusal
from tests.unit.samples import SUBSCRIPTION, VAULT_ID

SETTINGS = Settings("s", "/subscriptions/s/v", "https://x.blob.core.windows.net")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0"}, 0.0),
        ({"x-ms-retry-after-ms": "250"}, 0.25),
        ({"x-ms-retry-after-ms": "250", "Retry-After": "7"}, 0.25),
        ({"Retry-After": email.utils.formatdate(0, usegmt=True)}, 0.0),
    ],
)
def test_the_service_s_word_on_when_to_come_back(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_a_date_is_a_time_from_now() -> None:
    seconds = retry_after({"Retry-After": email.utils.formatdate(time.time() + 100, usegmt=True)})
    assert seconds is not None
    assert 90 < seconds <= 100


def test_the_telling_code_is_the_innermost() -> None:
    error = refusal(403, "Forbidden")
    assert code_of(error) == "Forbidden"
    error.error.innererror = {"code": "ForbiddenByRbac"}  # type: ignore[union-attr]
    assert code_of(error) == "ForbiddenByRbac"
    assert code_of(HttpResponseError("nothing known")) == ""


@pytest.mark.parametrize("error", [ServiceRequestError("x"), ServiceResponseError("x"), HttpResponseError("x")])
def test_a_service_that_can_not_be_reached_is_tried_again(error: Any) -> None:
    outcome = outcome_of(error)
    assert outcome["state"] == "pending"
    assert "could not be reached" in outcome["detail"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"error": {"code": "SkuNotAvailable", "message": "none"}}, "SkuNotAvailable"),
        ({"properties": {"error": {"code": "SkuNotAvailable", "message": "none"}}}, "SkuNotAvailable"),
        ({"status": "Failed"}, "OperationFailed"),
        ({"error": None, "properties": None}, "OperationFailed"),
    ],
)
def test_an_operations_error_is_read_wherever_it_stands(body: dict[str, Any], code: str) -> None:
    outcome = outcome_of_body(200, body, {"x-ms-request-id": "r"})
    assert outcome["state"] == "failed"
    assert (outcome["code"], outcome["request_id"]) == (code, "r")


def test_a_resource_that_is_not_there_is_none_and_a_wrong_subscription_is_not() -> None:
    assert get(Group([None]).get, "g", "n") is None
    with pytest.raises(HttpResponseError):
        get(Group([refusal(404, "SubscriptionNotFound")]).get, "g", "n")


def test_a_long_operation_is_begun_with_one_request_and_its_raw_answer() -> None:
    answer = Answer(202, None, {"Location": "x"})
    assert begin(Group(written=[answer]).begin_create_or_update, "g", "n", {}) is answer


def test_a_short_operation_gives_its_raw_answer_too() -> None:
    def create_or_update(*names: Any, cls: Any) -> Any:
        return cls(SimpleNamespace(http_response=names), None, None)

    assert begin(create_or_update, "g", "n") == ("g", "n")


def test_lists_of_both_generations_of_sdk_models_have_arms_names() -> None:
    old = SimpleNamespace(serialize=lambda keep_readonly: {"id": keep_readonly})
    new = SimpleNamespace(as_dict=lambda: {"id": "new"})
    assert listed([old, new]) == [{"id": True}, {"id": "new"}]


def test_every_client_has_policies_of_its_own() -> None:
    """The client of Key Vault adds its own to the list that it is given."""
    made = Cloud(SETTINGS)
    made.options["per_call_policies"].append("another client's")
    assert len(made.options["per_call_policies"]) == 1


def test_a_url_that_may_be_signed_is_hidden_from_whatever_traces_requests() -> None:
    seen: list[Any] = []

    class Watched(Cloud):
        resources = SimpleNamespace(
            send_request=lambda request, **more: seen.append((request.url, more, is_instrumentation_enabled()))
        )

    Watched(SETTINGS).get_url("https://x/?s=signed")
    assert seen == [("https://x/?s=signed", {"tracing_options": {"enabled": False}}, False)]
    assert is_instrumentation_enabled()


def test_another_subscriptions_resources_are_reached_by_clients_of_that_one_as_the_same_identity() -> None:
    cloud = Cloud(Settings(SUBSCRIPTION, VAULT_ID, "https://records.example"))
    hub = cloud.at(f"/subscriptions/{'9' * 8}-hub/resourceGroups/g")
    assert cloud.at(f"/subscriptions/{SUBSCRIPTION.upper()}/resourceGroups/g") is cloud
    assert (hub.settings.subscription, hub.credential) == (f"{'9' * 8}-hub", cloud.credential)
    assert cloud.at(f"/subscriptions/{'9' * 8}-HUB/resourceGroups/other") is hub
