"""One corp's resources: everything at the same time that does not need each other."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df

from isthmus.lifecycle import whose
from isthmus.walk import Walk
from orchestrators.walking import go_through

blueprint = df.Blueprint()


@blueprint.orchestration_trigger(context_name="context")
def build_corp(context: df.DurableOrchestrationContext) -> Generator[Any, Any, dict[str, Any]]:
    """In: environment, generation, corp, steps, known outputs. Out: the steps' outputs and the first error."""
    job = context.get_input()
    walk = Walk(job["steps"], job["known"])
    yield from go_through(context, walk, whose(job), job["corp"])
    return {"complete": walk.complete, "error": walk.error, "outputs": walk.own_outputs()}
