"""OpenTelemetry's own SDK, keeping in memory what is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from azure.core.settings import settings
from azure.core.tracing.ext.opentelemetry_span import OpenTelemetrySpan
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, InMemoryMetricReader, NumberDataPoint
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

DELTA = AggregationTemporality.DELTA


@cache
def _tracer_provider() -> TracerProvider:
    """A process has one, for good."""
    provider = TracerProvider()
    trace.set_tracer_provider(provider)
    return provider


@cache
def _metric_reader() -> InMemoryMetricReader:
    reader = InMemoryMetricReader(preferred_temporality={Counter: DELTA, Histogram: DELTA})
    metrics.set_meter_provider(MeterProvider([reader]))
    return reader


class Told:
    """What was told since."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        _tracer_provider().add_span_processor(SimpleSpanProcessor(self._exporter))
        _metric_reader().get_metrics_data()  # forgets what was before

    def spans(self, name: str = "") -> list[ReadableSpan]:
        return [span for span in self._exporter.get_finished_spans() if name in ("", span.name)]

    def values(self, *names: str) -> dict[str, list[tuple[dict[str, Any], Any]]]:
        """Metric -> its values' attributes and, of a histogram, count and sum."""
        data = _metric_reader().get_metrics_data()
        found: dict[str, list[tuple[dict[str, Any], Any]]] = {name: [] for name in names}
        for resource in data.resource_metrics if data else []:
            for metric in (metric for scope in resource.scope_metrics for metric in scope.metrics):
                for point in metric.data.data_points:
                    value = point.value if isinstance(point, NumberDataPoint) else (point.count, point.sum)
                    found.setdefault(metric.name, []).append((dict(point.attributes or {}), value))
        return found

    def close(self) -> None:
        self._exporter.shutdown()


@contextmanager
def told() -> Iterator[Told]:
    """Keeps spans and values, the Azure SDKs' own requests as Azure Monitor's distribution has them traced."""
    settings.tracing_implementation.set_value(OpenTelemetrySpan)
    kept = Told()
    try:
        yield kept
    finally:
        kept.close()
        settings.tracing_implementation.unset_value()
