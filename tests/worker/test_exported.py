"""What Application Insights is told, by the exporter that the worker itself sets up for the published app."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from azure.storage.blob import BlobServiceClient

from docs.generate import SWITCHES
from isthmus.telemetry import operation_id
from tests.localazure.world import World
from tests.worker.ingestion import Ingestion
from tests.worker.worker import Worker

LIFE = {"environment": "demo", "generation": "abc234", "correlation_id": "0f8fad5b-d9cb-469f-a165-70867728950e"}
LINE = {
    "id": "ai-corp/ticket",
    "state": "ready",
    "attempts": 2,
    "detail": "",
    "error": None,
    "started": "2026-05-04T12:00:00+00:00",
    "ended": "2026-05-04T12:00:07+00:00",
}


@pytest.fixture(scope="module")
def told(start: Callable[..., Worker], world: World) -> Iterator[Ingestion]:
    """A step's end is saved, with telemetry switched on as the docs say (but for the identity: nothing secret is sent
    to a listener without TLS)."""
    ingestion = Ingestion()
    url = world.environment["ISTHMUS_STORAGE_URL"]
    with BlobServiceClient(url, world.administrator(), **world.options()) as storage:
        storage.create_container("isthmus")  # as the first claim of a name does
    switches = {
        "APPLICATIONINSIGHTS_CONNECTION_STRING": ingestion.connection_string,
        "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY": "true",
        "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": SWITCHES["OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"].split("`")[1],
        "OTEL_TRACES_SAMPLER": SWITCHES["OTEL_TRACES_SAMPLER"].split("`")[1],
    }
    assert set(switches) < set(SWITCHES)
    quiet = {"APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true", "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "true"}
    with start(**switches, **quiet) as worker:
        assert worker.capabilities["WorkerOpenTelemetryEnabled"] == "true"
        worker.activity("save_progress", LIFE | {"part": "ai-corp", "lines": [LINE], "changed": ["ai-corp/ticket"]})
    yield ingestion
    ingestion.close()


def test_lines_have_the_fields_as_columns(told: Ingestion) -> None:
    (line,) = [one for one in told.data("MessageData") if one["message"].startswith("ensure ready")]
    wanted = LIFE | {"corp": "ai-corp", "step": "ai-corp/ticket"}
    assert line["properties"].items() >= wanted.items()


def test_spans_are_in_the_trace_of_the_life_and_requests_within(told: Ingestion) -> None:
    spans = [one for one in told.envelopes if one["data"]["baseType"] == "RemoteDependencyData"]
    own = [one for one in spans if one["data"]["baseData"]["name"] == "save_progress"]
    assert {one["tags"]["ai.operation.id"] for one in own} == {operation_id(LIFE).hex}
    blobs = [one for one in spans if ".blob.core.windows.net" in str(one["data"]["baseData"].get("target", ""))]
    assert {one["tags"]["ai.operation.id"] for one in blobs} == {operation_id(LIFE).hex}


def test_metrics_have_what_they_are_told_by(told: Ingestion) -> None:
    points = [
        (metric["value"], one["properties"])
        for one in told.data("MetricData")
        for metric in one["metrics"]
        if metric["name"] == "isthmus.step.duration"
    ]
    assert [value for value, _ in points] == [7.0]
    assert points[0][1].items() >= {"kind": "ticket", "verb": "ensure", "outcome": "ready"}.items()
