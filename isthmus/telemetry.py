"""What the app tells of its work: the fields that every log line and span bears, and the table of the metrics."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

FIELDS = {
    "environment": "name of the environment",
    "generation": "which life of it",
    "corp": "whose part of it",
    "step": "the step's id: corp and kind",
    "correlation_id": "the id that the answer to the creation had, and the tags of the Azure resources have",
}
"""Field of a log line, or attribute of a span -> what it holds. A field without a value is left out."""


@dataclass(frozen=True)
class Metric:
    """`unit`: as in UCUM, OpenTelemetry's choice; `by`: attributes that each value has."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    unit: str
    by: tuple[str, ...]
    meaning: str


ENVIRONMENTS = Metric(
    "isthmus.environments",
    "gauge",
    "{environment}",
    ("state",),
    "lives with a record, by phase; looked at by the cleanup timer",
)
STEP_DURATION = Metric(
    "isthmus.step.duration",
    "histogram",
    "s",
    ("kind", "verb", "outcome"),
    "from a step's first call to its end, on the orchestration's clock",
)
ARM_THROTTLED = Metric(
    "isthmus.arm.throttled",
    "counter",
    "{response}",
    ("service",),
    "answers 429, by resource provider or host",
)
CLEANUP_LATENESS = Metric(
    "isthmus.cleanup.lateness",
    "histogram",
    "s",
    (),
    "how long ago the lease of a life ended that a sweep still finds, each time that it finds it",
)
EVENTS_UNDELIVERED = Metric(
    "isthmus.events.undelivered",
    "counter",
    "{event}",
    (),
    "lifecycle events that were given up after the last try",
)
VERIFICATION = Metric("isthmus.verification", "counter", "{proof}", ("result",), "proofs, by what they came to")

METRICS = (ENVIRONMENTS, STEP_DURATION, ARM_THROTTLED, CLEANUP_LATENESS, VERIFICATION, EVENTS_UNDELIVERED)


def step_fields(step_id: str) -> dict[str, str]:
    return {"corp": step_id.partition("/")[0], "step": step_id}


def operation_id(fields: Mapping[str, Any]) -> uuid.UUID:
    """The id of a life's trace, which is also what Azure's activity log has as its correlation id: the life's own
    correlation id where that is a GUID, else a GUID made of it. Other forms of it need not be unique."""
    correlation_id = str(fields.get("correlation_id") or "")
    try:
        return uuid.UUID(correlation_id)
    except ValueError:
        words = (str(fields.get(word) or "") for word in ("environment", "generation"))
        return uuid.uuid5(uuid.NAMESPACE_URL, "/".join([*words, correlation_id]))
