"""Takes down what has expired."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df

blueprint = df.Blueprint()


@blueprint.orchestration_trigger(context_name="context")
def clean_up(context: df.DurableOrchestrationContext) -> Generator[Any, Any, dict[str, Any]]:
    """Out: what was found expired, what was left alone, and what each teardown came to."""
    now = context.current_utc_datetime.isoformat()
    found = yield context.call_activity("find_expired", {"now": now})
    over = [life | {"expired_at": now} for life in found["expired"]]
    teardowns = [context.call_sub_orchestrator("teardown_environment", life) for life in over]
    results = (yield context.task_all(teardowns)) if teardowns else []
    return {**found, "results": results}
