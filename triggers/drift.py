"""The timer that looks whether what is ready is still as planned."""

from __future__ import annotations

import azure.durable_functions as df
import azure.functions as func

from activities import telemetry

log = telemetry.logger("drift")
blueprint = df.Blueprint()
INSTANCE = "check-drift"
"""One round at a time: while it runs, the next one is left out."""


@blueprint.timer_trigger(schedule="%ISTHMUS_DRIFT_SCHEDULE%", arg_name="timer")
@blueprint.durable_client_input(client_name="client")
async def look_at_ready(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    status = await client.get_status(INSTANCE)
    if status and status.runtime_status == df.OrchestrationRuntimeStatus.Running:
        log.info("the last round is still at work; this one is left out")
        return
    await client.start_new("check_drift", INSTANCE)
