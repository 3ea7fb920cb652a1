"""Takes down what has expired or was left behind, and says what it did."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

import azure.durable_functions as df

from isthmus.plan import utc

blueprint = df.Blueprint()


@blueprint.orchestration_trigger(context_name="context")
def clean_up(context: df.DurableOrchestrationContext) -> Generator[Any, Any, dict[str, Any]]:
    """In: purged, what was removed of finished history before. Out: the report (documents.SweepReport)."""
    began = context.current_utc_datetime
    found = yield context.call_activity("find_expired", {"now": began.isoformat()})
    due = [] if found["dry_run"] else found["due"]
    taken_down = yield from _taken_down(context, due, began.isoformat())
    report = found | {
        "began_at": utc(began),
        "ended_at": "",
        "taken_down": taken_down,
        "forgotten": [],
        "purged": (context.get_input() or {}).get("purged"),
    }
    ended = {"report": report, "now": context.current_utc_datetime.isoformat()}
    whole: dict[str, Any] = yield context.call_activity("end_sweep", ended)
    return whole


def _taken_down(
    context: df.DurableOrchestrationContext, due: list[dict[str, Any]], now: str
) -> Generator[Any, Any, list[dict[str, Any]]]:
    """What came of each. One that broke does not keep the others out of the report."""
    teardowns = [context.call_sub_orchestrator("teardown_environment", life | {"found_at": now}) for life in due]
    try:
        results: list[Mapping[str, Any]] = (yield context.task_all(teardowns)) if teardowns else []
    except Exception:
        results = [{"phase": None, "left": []}] * len(due)
    return [life | {"phase": ended["phase"], "left": ended["left"]} for life, ended in zip(due, results, strict=True)]
