"""Log lines, spans and metrics bear the fields of the work that they tell of."""

from __future__ import annotations

import logging
import uuid
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from activities import telemetry
from isthmus.outcomes import failed
from isthmus.telemetry import ARM_THROTTLED, FIELDS, METRICS, operation_id, step_fields
from tests.unit.telemetry import told

LIFE = {"environment": "demo", "generation": "abc234", "correlation_id": "a-request-1"}
WORK = LIFE | step_fields("ai-corp/api_key")
GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
OPERATION = "https://management.azure.com/subscriptions/s/providers/Microsoft.Network/locations/l/operations/o"


def line(state: str, **more: Any) -> dict[str, Any]:
    times = {"started": "2026-05-04T12:00:00.000+00:00", "ended": "2026-05-04T12:00:07.500+00:00"}
    return {"id": "ai-corp/api_key", "state": state, "attempts": 3, "detail": "", "error": None, **times, **more}


def test_a_line_bears_the_fields_as_attributes_and_as_words(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with telemetry.about({**WORK, "secret": "s"}):
        telemetry.logger("test").info("done %d%%", 100)
    (record,) = caplog.records
    assert {name: getattr(record, name) for name in FIELDS} == WORK
    assert record.getMessage() == (
        "done 100% [environment=demo generation=abc234 corp=ai-corp step=ai-corp/api_key correlation_id=a-request-1]"
    )
    assert not hasattr(record, "secret")


def test_work_within_work_is_told_of_alone_and_then_the_outer_again() -> None:
    with telemetry.about(WORK):
        with telemetry.about({"environment": "other"}):
            assert telemetry.fields() == {"environment": "other"}
        assert telemetry.fields() == WORK
    assert telemetry.fields() == {}


def test_what_becomes_known_later_is_told_from_then_on() -> None:
    with telemetry.about({"correlation_id": "c"}):
        telemetry.tell_about({"environment": "demo", "generation": None})
        assert telemetry.fields() == {"correlation_id": "c", "environment": "demo"}


def test_other_threads_tell_of_the_same_work_many_at_once() -> None:
    with telemetry.about(WORK), ThreadPoolExecutor(4) as pool:
        found = list(pool.map(telemetry.along(lambda _: telemetry.fields()), range(20)))
        alone = pool.submit(telemetry.fields).result()
    assert found == [WORK] * 20
    assert alone == {}


def test_a_correlation_id_that_is_a_guid_is_the_traces_and_azures_too() -> None:
    assert operation_id({"correlation_id": GUID}) == uuid.UUID(GUID)


def test_any_other_makes_one_for_each_life() -> None:
    first, again = operation_id(WORK), operation_id(dict(WORK))
    others = [operation_id(WORK | {word: "other"}) for word in ("environment", "generation", "correlation_id")]
    assert first == again
    assert len({first, *others}) == 4
    assert operation_id(WORK | {"corp": "health-corp", "step": "x"}) == first


@pytest.mark.parametrize(
    ("changed", "level", "words"),
    [
        (line("ready"), "INFO", "ensure ready at call 3"),
        (line("pending", ended=None, detail="asked for"), "INFO", "ensure pending: asked for"),
        (line("skipped"), "INFO", "ensure skipped at call 3"),
        (
            line("failed", error=failed("QuotaExceeded", "no more", request_id="r-1")),
            "ERROR",
            "ensure failed at call 3: QuotaExceeded: no more (request id r-1)",
        ),
    ],
)
def test_a_step_that_changed_is_a_line(
    caplog: pytest.LogCaptureFixture, changed: dict[str, Any], level: str, words: str
) -> None:
    caplog.set_level(logging.INFO)
    with telemetry.about({"environment": "demo"}):
        telemetry.step_changed("ensure", changed)
    (record,) = caplog.records
    assert (record.levelname, record.getMessage().partition(" [")[0]) == (level, words)
    assert (vars(record)["corp"], vars(record)["step"]) == ("ai-corp", "ai-corp/api_key")
    assert vars(record).get("request_id") == ("r-1" if level == "ERROR" else None)


def test_how_long_a_step_took_is_measured_when_it_has_ended() -> None:
    with told() as kept:
        telemetry.step_changed("remove", line("ready"))
        telemetry.step_changed("remove", line("pending", ended=None))
        (value,) = kept.values()["isthmus.step.duration"]
    assert value == ({"kind": "api_key", "verb": "remove", "outcome": "ready"}, (1, 7.5))


@pytest.mark.parametrize("metric", METRICS, ids=[metric.name for metric in METRICS])
def test_a_metric_of_the_table_can_be_told(metric: Any) -> None:
    by = dict.fromkeys(metric.by, "x")
    with told() as kept:
        telemetry.count(metric, 3, **by)
        # (A gauge keeps what other tests of this process set for other attributes.)
        assert (by, (1, 3) if metric.kind == "histogram" else 3) in kept.values(metric.name)[metric.name]


def request(url: str) -> Any:
    return SimpleNamespace(http_request=SimpleNamespace(url=url, headers={}))


def test_a_request_bears_the_id_of_its_work() -> None:
    sent, alone = request("https://x/"), request("https://x/")
    with telemetry.about(WORK):
        telemetry.Telling().on_request(sent)
    telemetry.Telling().on_request(alone)
    assert sent.http_request.headers == {"x-ms-correlation-request-id": str(operation_id(WORK))}
    assert alone.http_request.headers == {}


@pytest.mark.parametrize(
    ("url", "service"),
    [
        (f"{OPERATION}?api-version=1&t=1&s=secret", "Microsoft.Network"),
        ("https://management.azure.com/subscriptions/s/resourcegroups/g?api-version=1", "Microsoft.Resources"),
        ("https://v.vault.azure.net/secrets/x/providers/microsoft.authorization/y", "microsoft.authorization"),
        ("https://v.vault.azure.net/secrets/x", "v.vault.azure.net"),
    ],
)
def test_refusals_for_haste_are_counted_by_service(url: str, service: str) -> None:
    with told() as kept:
        for status in (200, 429, 429):
            response: Any = SimpleNamespace(http_response=SimpleNamespace(status_code=status))
            telemetry.Telling().on_response(request(url), response)
        assert kept.values()[ARM_THROTTLED.name] == [({"service": service}, 2)]


def test_all_spans_of_a_life_are_one_trace_and_what_the_platform_traces_is_linked() -> None:
    from opentelemetry import trace

    with told() as kept:
        for _ in range(2):
            with (
                trace.get_tracer("platform").start_as_current_span("invocation"),
                telemetry.about(WORK),
                telemetry.span("ensure_api_key", {"kind": "api_key"}),
            ):
                pass
        ours, theirs = kept.spans("ensure_api_key"), kept.spans("invocation")
    assert {span.context.trace_id for span in ours if span.context} == {operation_id(WORK).int}
    assert [span.links[0].context for span in ours] == [span.context for span in theirs]
    assert dict(ours[0].attributes or {}) == {**WORK, "kind": "api_key"}


def test_an_exceptions_words_are_in_no_span() -> None:
    with told() as kept, pytest.raises(ValueError, match="canary"), telemetry.span("x", {}):
        raise ValueError("canary")
    assert "canary" not in kept.spans("x")[0].to_json()
