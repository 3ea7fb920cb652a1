"""The timer that ends what has expired."""

from __future__ import annotations

import azure.durable_functions as df
import azure.functions as func

from activities import telemetry

log = telemetry.logger("cleanup")
blueprint = df.Blueprint()
INSTANCE = "clean-up"
"""One sweep at a time: while it runs, the next one is left out."""


@blueprint.timer_trigger(schedule="%ISTHMUS_CLEANUP_SCHEDULE%", arg_name="timer")
@blueprint.durable_client_input(client_name="client")
async def end_expired(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    status = await client.get_status(INSTANCE)
    if status and status.runtime_status == df.OrchestrationRuntimeStatus.Running:
        log.info("the last sweep is still at work; this one is left out")
        return
    await client.start_new("clean_up", INSTANCE)
