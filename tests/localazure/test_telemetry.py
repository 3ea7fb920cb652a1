"""What the whole app tells of a life, on the local Azure on virtual time."""

from __future__ import annotations

import json
import logging
from collections import Counter
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan

from isthmus.lifecycle import FOLLOWS
from isthmus.telemetry import FIELDS, operation_id
from localcloud.azure.faults import Fault
from tests.localazure.engine import Engine
from tests.unit import samples
from tests.unit.telemetry import Told, told

LIFE = {"environment": "demo", "generation": "abc234", "correlation_id": samples.CORRELATION}
OPERATION = operation_id(LIFE)
VERBS = ("ensure", "remove")


def lived(engine: Engine) -> set[str]:
    """From request to census: the ids of the steps."""
    life = engine.ask()
    engine.run()
    assert engine.phase(life) == "ready"
    engine.delete(life)
    engine.run()
    assert engine.phase(life) == "gone"
    return {step["id"] for step in engine.record(life)["plan"]["steps"]}


def secrets(engine: Engine) -> list[str]:
    return [*engine.azure.cloud.canaries, *engine.administrator.tickets()]


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def of_steps(kept: Told) -> list[ReadableSpan]:
    return [span for span in kept.spans() if "verb" in attributes(span)]


def words(line: logging.LogRecord) -> list[str]:
    return line.getMessage().split()


def test_every_request_to_azure_bears_the_id_of_the_life_that_it_is_for() -> None:
    with Engine() as engine:
        lived(engine)
        asked = [entry["correlation"] for entry in engine.requests() if entry["from"] == "host"]
    assert set(asked) == {str(OPERATION)}
    assert len(asked) > 100


def test_every_line_has_the_fields_of_its_work(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "isthmus")
    with Engine() as engine:
        steps, canaries = lived(engine), secrets(engine)
    lines = [record for record in caplog.records if record.name.startswith("isthmus.")]
    assert [line for line in lines if {name: vars(line).get(name) for name in LIFE} != LIFE] == []
    of_steps = [line for line in lines if "step" in vars(line) and words(line)[1] == "ready"]
    ended = Counter((words(line)[0], vars(line)["step"]) for line in of_steps)
    assert ended == Counter((verb, step) for verb in VERBS for step in steps)
    written = "\n".join(json.dumps(vars(line), default=str) + line.getMessage() for line in lines)
    assert [canary for canary in canaries if canary in written] == []


def test_each_call_of_a_step_is_a_span_in_the_trace_of_its_life() -> None:
    with told() as kept, Engine() as engine:
        steps, canaries = lived(engine), secrets(engine)
        calls = {name: number for name, number in engine.calls.items() if name.partition("_")[0] in VERBS}
    assert {span.context.trace_id for span in kept.spans() if span.context} == {OPERATION.int}
    assert Counter(span.name for span in of_steps(kept)) == calls
    ready = [attributes(span) for span in of_steps(kept) if attributes(span)["outcome"] == "ready"]
    assert {(told["verb"], told["step"]) for told in ready} == {(verb, step) for verb in VERBS for step in steps}
    assert [told for told in ready if f"{told['corp']}/{told['kind']}" != told["step"]] == []
    assert {told["environment"] for told in ready} == {"demo"}
    assert max(told["attempts"] for told in ready) > 1
    text = "\n".join(span.to_json() for span in kept.spans())
    assert [canary for canary in canaries if canary in text] == []


def test_requests_are_within_the_span_of_their_step_and_signed_urls_are_in_none() -> None:
    with told() as kept, Engine() as engine:
        lived(engine)
        asked = [entry for entry in engine.requests() if entry["host"] == "management.azure.com"]
    spans = {span.context.span_id: span for span in kept.spans() if span.context}

    def home(span: ReadableSpan) -> str:
        while span.parent and span.parent.span_id in spans:
            span = spans[span.parent.span_id]
        return span.name

    urls = {span.context.span_id: str(attributes(span).get("url.full", "")) for span in kept.spans() if span.context}
    traced = [spans[number] for number, url in urls.items() if "//management.azure.com/" in url]
    assert {home(span).partition("_")[0] for span in traced} == {"ensure", "remove", "plan"}
    operations = [entry for entry in asked if "operation" in entry["path"].lower()]
    assert len(operations) > 10
    assert len(traced) > 0.9 * (len(asked) - len(operations))  # preflight asks by URL too
    assert not [url for url in urls.values() if "operation" in url.lower()]


def test_what_azure_refuses_stands_in_the_log_with_its_code_and_request_id(caplog: pytest.LogCaptureFixture) -> None:
    busy = Fault("PUT", "/virtualNetworks/", status=429, code="RetryableError", message="busy", count=1)
    used_up = Fault("PUT", "/deployments/", status=400, code="InsufficientQuota", message="no more", count=0)
    with told() as kept, Engine(busy, used_up) as engine:
        engine.ask()
        engine.run()
        values = kept.values()
    waits = [record for record in caplog.records if "RetryableError" in record.getMessage()]
    assert {record.levelname for record in waits} == {"WARNING"}
    assert {vars(record)["step"].split("/")[1] for record in waits} == {"virtual_network"}
    wrong = [record for record in caplog.records if record.levelname == "ERROR"]
    assert {vars(record)["code"] for record in wrong} == {"InsufficientQuota"}
    assert [vars(record).get("step") for record in wrong] == ["ai-corp/model_deployment", None]
    assert all(len(vars(record)["request_id"]) == 36 for record in [*waits, *wrong])
    assert values["isthmus.arm.throttled"] == [({"service": "Microsoft.Network"}, 1)]
    assert {by["outcome"] for by, _ in values["isthmus.step.duration"]} >= {"ready", "failed"}
    refused = [span for span in of_steps(kept) if span.status.status_code.name == "ERROR"]
    assert {(span.name, attributes(span)["outcome"], attributes(span)["code"]) for span in refused} == {
        ("ensure_model_deployment", "failed", "InsufficientQuota")
    }


def test_the_metrics_of_a_life() -> None:
    with told() as kept, Engine() as engine:
        life = engine.ask()
        engine.run()
        steps = engine.record(life)["plan"]["steps"]
        values = kept.values()
    assert values["isthmus.verification"] == [({"result": "passed"}, 1)]
    durations = values["isthmus.step.duration"]
    assert sum(count for _, (count, _) in durations) == len(steps)
    each = {by["kind"]: seconds / count for by, (count, seconds) in durations}
    assert each["virtual_machine"] > each["network_security_group"] > 0


def test_a_sweep_tells_how_many_there_are_and_how_late_it_is() -> None:
    with told() as kept, Engine() as engine:
        engine.ask(lease_minutes=60)
        engine.hub.at(75 * 60, lambda: _sweep(engine))
        engine.run()
        values = kept.values()
    states = {by["state"]: number for by, number in values["isthmus.environments"]}
    assert {state: states[state] for state in FOLLOWS} == {**dict.fromkeys(FOLLOWS, 0), "ready": 1}
    assert values["isthmus.cleanup.lateness"] == [({}, (1, pytest.approx(900, abs=5)))]


def _sweep(engine: Engine) -> None:
    engine.hub.start("clean_up", None, "clean-up")


def test_no_field_has_a_name_that_logging_keeps_for_itself() -> None:
    assert not set(FIELDS) & set(vars(logging.makeLogRecord({})))
