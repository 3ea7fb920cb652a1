"""plan -> reserve secrets -> build every corp at once -> verify -> ready; what fails is rolled back."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import timedelta
from typing import Any

import azure.durable_functions as df

from isthmus import names
from isthmus.errors import own_failure
from isthmus.lifecycle import STOP_EVENT, whose
from isthmus.outcomes import Failed, failed, stopped
from isthmus.plan import slice_of, stage
from isthmus.walk import Walk
from orchestrators.walking import go_through

blueprint = df.Blueprint()
Work = Generator[Any, Any, Any]
PLAN_AGAIN = 10.0
"""Seconds until preflight is tried again where the service did not say."""
PLAN_PATIENCE = timedelta(minutes=10)
"""Until preflight that can't see everything is given up."""


@blueprint.orchestration_trigger(context_name="context")
def provision_environment(context: df.DurableOrchestrationContext) -> Work:
    """In: environment, generation, attempt, on_failure. Out: the phase that it came to."""
    job = context.get_input()
    life = whose(job)
    try:
        details = yield from _provision(context, job, life)
    except Exception as bug:  # a corp's orchestration broke: what it built must still be taken down
        details = {"error": own_failure("InternalError", f"{type(bug).__name__} in an orchestration.")}
    phase = "failed" if details.get("error") else "ready"
    ended = yield _set_phase(context, life, phase, details)
    if ended["phase"] == "ready":
        return {"phase": "ready"}
    asked = ended["stop"] and ended["stop"]["why"] != "failure"
    if job["on_failure"] == "keep" and not asked:
        return {"phase": "failed"}
    return (yield context.call_sub_orchestrator("teardown_environment", life))


def _provision(context: df.DurableOrchestrationContext, job: Mapping[str, Any], life: dict[str, str]) -> Work:
    """The record's new details: `error`, or the `proof` of a success."""
    yield _set_phase(context, life, "planning")
    planned = yield from _planned(context, job)
    if planned["state"] == "failed":
        return {"error": planned}
    plan = planned["outputs"]["plan"]
    yield _set_phase(context, life, "building")
    reserve = Walk(stage(plan, "reserve"))
    yield from go_through(context, reserve, life, "reserve")
    if not reserve.complete:
        return {"error": _error(reserve.error)}
    built = yield context.task_all([_build(context, job, plan, corp["name"], reserve) for corp in plan["corps"]])
    if not all(corp["complete"] for corp in built):
        return {"error": _error(*(corp["error"] for corp in built))}
    yield _set_phase(context, life, "verifying")
    known = reserve.outputs()
    for corp in built:
        known |= corp["outputs"]
    verify = Walk(stage(plan, "verify"), known)
    yield from go_through(context, verify, life, "verify")
    if not verify.complete:
        error = _error(verify.error)
        return {"error": error} | dict(error.get("evidence", {}))
    proved = next((p.outputs for p in verify.progress.values() if p.step["kind"] == "proof"), None)
    return proved or {"error": own_failure("NoProof")}


def _planned(context: df.DurableOrchestrationContext, job: Mapping[str, Any]) -> Work:
    """What came of planning: the plan, or why there is none. Whoever asks for the end is heard between two tries."""
    deadline = context.current_utc_datetime + PLAN_PATIENCE
    while True:
        outcome = yield context.call_activity("plan_environment", dict(job))
        if outcome["state"] != "pending":
            return outcome
        pause = timedelta(seconds=outcome["retry_after"] or PLAN_AGAIN)
        if context.current_utc_datetime + pause > deadline:
            hint = "See /api/health; ask again when the service answers."
            return failed("DeadlineExceeded", f"Preflight could not see everything: {outcome['detail']}", hint=hint)
        timer = context.create_timer(context.current_utc_datetime + pause)
        stop = context.wait_for_external_event(STOP_EVENT)
        if (yield context.task_any([timer, stop])) is stop:
            timer.cancel()


def _build(
    context: df.DurableOrchestrationContext, job: Mapping[str, Any], plan: Mapping[str, Any], corp: str, reserve: Walk
) -> Any:
    life = whose(job)
    work = life | {"corp": corp, "steps": slice_of(plan, corp), "known": reserve.outputs()}
    instance = names.corp_instance(life["environment"], life["generation"], corp, job["attempt"])
    return context.call_sub_orchestrator("build_corp", work, instance)


def _set_phase(
    context: df.DurableOrchestrationContext,
    life: dict[str, str],
    phase: str,
    details: Mapping[str, Any] | None = None,
) -> Any:
    context.set_custom_status({"phase": phase})
    return context.call_activity("set_phase", life | {"phase": phase, "details": dict(details or {})})


def _error(*errors: Failed | None) -> Failed:
    """The first error; none means that the work was stopped from outside."""
    return next((error for error in errors if error), stopped())
