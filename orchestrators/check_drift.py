"""Looks at every environment that is ready, corp by corp with a pause between, and has repaired what shall be."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import timedelta
from typing import Any

import azure.durable_functions as df

from isthmus.lifecycle import whose

blueprint = df.Blueprint()
PAUSE = timedelta(seconds=1)
"""Between two corps: a corp is some fifteen reads, and a subscription's bucket refills 25 a second."""


@blueprint.orchestration_trigger(context_name="context")
def check_drift(context: df.DurableOrchestrationContext) -> Generator[Any, Any, dict[str, Any]]:
    """Out: how many environments were looked at, differed, and were repaired."""
    ready = yield context.call_activity("find_ready", {})
    differing = repaired = 0
    for life in ready["lives"]:
        found = yield from _look(context, life)
        noted = yield context.call_activity("note_drift", whose(life) | found | {"now": _now(context)})
        differing += bool(found["findings"])
        if noted["repair"]:
            repaired += yield from _repair(context, whose(life) | noted["repair"])
    return {"looked_at": len(ready["lives"]), "differing": differing, "repaired": repaired}


def _look(context: df.DurableOrchestrationContext, life: Mapping[str, Any]) -> Generator[Any, Any, dict[str, Any]]:
    found: dict[str, Any] = {"findings": [], "unseen": []}
    for corp in life["corps"]:
        seen = yield context.call_activity("look_for_drift", whose(life) | {"corp": corp})
        found = {key: found[key] + seen[key] for key in found}
        yield context.create_timer(context.current_utc_datetime + PAUSE)
    return found


def _repair(context: df.DurableOrchestrationContext, job: dict[str, Any]) -> Generator[Any, Any, bool]:
    """Whether it was put right. One that breaks keeps nobody from the others."""
    try:
        ended = yield context.call_sub_orchestrator("repair_environment", job)
    except Exception:
        return False
    return ended["error"] is None


def _now(context: df.DurableOrchestrationContext) -> str:
    return str(context.current_utc_datetime.isoformat(timespec="seconds"))
