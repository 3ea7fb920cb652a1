"""What the app tells of its work: log lines, spans and metrics, all with the same fields.

The fields are those of the work under way (`about`). A log line bears them twice: as attributes of the record, which
OpenTelemetry makes columns of, and as words at its end, for whoever reads a plain log. Spans and metrics go to
whatever OpenTelemetry provider the process has; without one they cost next to nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from datetime import datetime
from functools import cache
from typing import Any

from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import SansIOHTTPPolicy
from opentelemetry import context, metrics, trace

from isthmus.outcomes import STOPPED
from isthmus.telemetry import ARM_THROTTLED, FIELDS, STEP_DURATION, Metric, operation_id, step_fields

CORRELATION_HEADER = "x-ms-correlation-request-id"
"""What Azure Resource Manager writes into the activity log as the correlation id."""
SCOPE = "isthmus"

_fields: ContextVar[Mapping[str, str]] = ContextVar("fields")


def fields() -> Mapping[str, str]:
    """Those of the work under way."""
    return _fields.get({})


def tell_about(given: Mapping[str, Any]) -> None:
    """From now on the work under way has these fields too; what is no field of ours is left out."""
    _fields.set({**fields(), **{name: str(given[name]) for name in FIELDS if given.get(name)}})


@contextmanager
def about(given: Mapping[str, Any]) -> Iterator[None]:
    """Whatever is told within is told of this work."""
    token = _fields.set({})
    try:
        tell_about(given)
        yield
    finally:
        _fields.reset(token)


def along(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function for another thread, where it tells of the work that is under way here."""
    here = copy_context()
    return lambda *arguments: here.copy().run(function, *arguments)


class Log(logging.LoggerAdapter[logging.Logger]):
    """A logger whose lines bear the fields of the work under way."""

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        told = {**fields(), **(kwargs.get("extra") or {})}
        words = " ".join(f"{name}={told[name]}" for name in FIELDS if told.get(name))
        return (f"{msg} [{words}]" if words else msg), {**kwargs, "extra": told}


def logger(part: str) -> Log:
    return Log(logging.getLogger(f"{SCOPE}.{part}"))


log = logger("steps")


@contextmanager
def span(name: str, attributes: Mapping[str, Any]) -> Iterator[trace.Span]:
    """A piece of the work under way. All spans of one life are one trace, whichever process and orchestration they
    come from; what the platform's own trace says of this call is linked."""
    own = operation_id(fields()).int
    parent = trace.SpanContext(own, own & (1 << 64) - 1, is_remote=True, trace_flags=trace.TraceFlags(1))
    within = trace.set_span_in_context(trace.NonRecordingSpan(parent))
    outer = trace.get_current_span().get_span_context()
    links = [trace.Link(outer)] if outer.is_valid and outer.trace_id != own else []
    tracer = trace.get_tracer(SCOPE)
    # The words of an exception may hold what nobody should read; the log says that it came.
    with tracer.start_as_current_span(
        name,
        within,
        attributes={**fields(), **attributes},
        links=links,
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield current
        except Exception as error:
            current.set_status(trace.StatusCode.ERROR, type(error).__name__)
            raise


@contextmanager
def untraced() -> Iterator[None]:
    """What no instrumentation of an HTTP library may see: a trace keeps whole URLs, and exceptions that name them."""
    token = context.attach(context.set_value("suppress_instrumentation", True))
    try:
        yield
    finally:
        context.detach(token)


@contextmanager
def activity(name: str, given: Mapping[str, Any]) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """The span of an activity; what is yielded is told its result. Of a step it says kind, verb, outcome, and how
    many attempts were made."""
    with span(name, _told_of(name, given)) as current:

        def say(result: Mapping[str, Any]) -> None:
            if "state" not in result:
                return
            current.set_attribute("outcome", result["state"])
            if result["state"] == "failed" and result["code"] != STOPPED:
                current.set_attributes({"code": result["code"], "request_id": result["request_id"] or ""})
                current.set_status(trace.StatusCode.ERROR, result["code"])

        yield say


def _told_of(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    step = given.get("step")
    if step is None:
        return {}
    return {"kind": step["kind"], "verb": name.partition("_")[0], "attempts": given.get("attempts", 0) + 1}


def count(metric: Metric, value: float = 1, **by: str) -> None:
    """Adds to a counter, records in a histogram, sets a gauge."""
    _instrument(metric)(value, by)


@cache
def _instrument(metric: Metric) -> Callable[[float, Mapping[str, str]], None]:
    meter = metrics.get_meter(SCOPE)
    if metric.kind == "counter":
        return meter.create_counter(metric.name, metric.unit, metric.meaning).add
    if metric.kind == "gauge":
        return meter.create_gauge(metric.name, metric.unit, metric.meaning).set
    return meter.create_histogram(metric.name, metric.unit, metric.meaning).record


def step_changed(verb: str, line: Mapping[str, Any]) -> None:
    """What has become of a step, by its line in the record."""
    told, state = step_fields(line["id"]), line["state"]
    if line["ended"] and line["started"]:
        took = datetime.fromisoformat(line["ended"]) - datetime.fromisoformat(line["started"])
        count(STEP_DURATION, took.total_seconds(), kind=told["step"].partition("/")[2], verb=verb, outcome=state)
    if line["error"]:
        _failure(f"{verb} failed at call {line['attempts']}", line["error"], told)
    elif state == "pending":
        log.info("%s pending: %s", verb, line["detail"], extra=told)
    else:
        log.info("%s %s at call %d", verb, state, line["attempts"], extra=told)


def phase_reached(phase: str, details: Mapping[str, Any]) -> None:
    """An environment is in a phase now; `details` may have the `error` why."""
    error = details.get("error") or (details.get("teardown") or {}).get("error")
    if error and error["code"] != STOPPED:
        _failure(f"phase {phase}", error, {})
    else:
        log.info("phase %s", phase)


def _failure(what: str, error: Mapping[str, Any], told: Mapping[str, str]) -> None:
    code, request_id = error["code"], error["request_id"] or "none"
    more = {**told, "code": code, "request_id": request_id}
    log.error("%s: %s: %s (request id %s)", what, code, error["message"], request_id, extra=more)


class Telling(SansIOHTTPPolicy[Any, Any]):
    """Every request bears the id of the work that it is sent for, and refusals for haste are counted."""

    def on_request(self, request: PipelineRequest[Any]) -> None:
        if fields().get("correlation_id"):
            request.http_request.headers[CORRELATION_HEADER] = str(operation_id(fields()))

    def on_response(self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]) -> None:
        if response.http_response.status_code == 429:
            count(ARM_THROTTLED, service=_service(request.http_request.url))


def _service(url: str) -> str:
    """The resource provider whose limit it is; of services with a host of their own, the host."""
    address, _, path = url.partition("?")[0].partition("//")[2].partition("/")
    providers = path.split("providers/")
    if len(providers) > 1:
        return providers[-1].partition("/")[0]
    return "Microsoft.Resources" if address.startswith("management.") else address
