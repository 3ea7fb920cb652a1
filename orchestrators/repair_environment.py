"""Puts right what drifted by the same ensure that built it, then verifies the environment again."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df

from isthmus.lifecycle import whose
from isthmus.outcomes import stopped
from isthmus.walk import Walk
from orchestrators.walking import go_through

blueprint = df.Blueprint()


@blueprint.orchestration_trigger(context_name="context")
def repair_environment(context: df.DurableOrchestrationContext) -> Generator[Any, Any, dict[str, Any]]:
    """In: environment, generation, steps, known outputs. Out: the first error, None if all was put right.

    Whoever asks for the environment's end meanwhile owns the teardown: every ensure reads that before it writes.
    """
    job = context.get_input()
    life = whose(job)
    walk = Walk(job["steps"], job["known"])
    yield from go_through(context, walk, life, "repair")
    proved = next((p.outputs for p in walk.progress.values() if p.step["kind"] == "proof"), {})
    error: Any = None if walk.complete else walk.error or stopped()
    proof = error.get("evidence", {}).get("proof") if error else proved.get("proof")
    ended = {"error": error, "proof": proof, "now": context.current_utc_datetime.isoformat(timespec="seconds")}
    return (yield context.call_activity("end_repair", life | ended))  # type: ignore[no-any-return]
