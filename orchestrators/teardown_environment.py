"""Access out first, then the groups in parallel, purge, secrets last, and a look that nothing is left."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df

from isthmus.plan import removal_steps
from isthmus.sweep import next_try
from isthmus.walk import Walk
from orchestrators.walking import go_through

blueprint = df.Blueprint()


@blueprint.orchestration_trigger(context_name="context")
def teardown_environment(context: df.DurableOrchestrationContext) -> Generator[Any, Any, dict[str, Any]]:
    """In: environment, generation, and of a sweep why and found_at. Out: the phase it came to, and what is left.

    The same `remove` that deletes a thing says whether it is gone, soft-deleted included: a walk in which every
    step is ready is the census.
    """
    life = context.get_input()
    begun = yield context.call_activity("begin_teardown", life)
    if (plan := begun["plan"]) is None:
        return {"phase": begun["phase"], "left": []}
    walk = Walk(removal_steps(plan), keep_going=True)
    yield from go_through(context, walk, life, "teardown", "remove")
    left = [line["id"] for line in walk.lines() if line["state"] != "ready"]
    phase = "failed" if left else "gone"
    tries = begun.get("tries", 0) + 1  # a run that was begun by an older version has none
    again = next_try(tries, context.current_utc_datetime).isoformat(timespec="seconds") if left else None
    summary = {"left": left, "error": walk.error, "steps": len(walk.progress), "tries": tries, "next_try": again}
    yield context.call_activity("set_phase", life | {"phase": phase, "details": {"teardown": summary}})
    return {"phase": phase, "left": left}
