"""Cleanup: the timer that ends what has expired, and over HTTP what it would do, did last, and may do now."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import cast
from urllib.parse import parse_qsl, urlsplit

import azure.durable_functions as df
import azure.functions as func

from activities import telemetry
from activities.cleanup import find_expired
from activities.cloud import cloud
from activities.records import Records
from activities.steps import records
from isthmus.documents import Purged, SweepList, SweepReport
from isthmus.plan import utc
from isthmus.requests import Sweep, parse_query
from isthmus.sweep import windows
from triggers.answers import LOOK_AGAIN, answer, bad_request, problem
from triggers.endpoint import endpoint
from triggers.environments import KEYS_QUERY

log = telemetry.logger("cleanup")
blueprint = df.Blueprint()
INSTANCE = "clean-up"
"""One sweep at a time: while it runs, the next one is left out."""
SHOWN = 20
OVER = [
    df.OrchestrationRuntimeStatus.Completed,
    df.OrchestrationRuntimeStatus.Failed,
    df.OrchestrationRuntimeStatus.Terminated,
    df.OrchestrationRuntimeStatus.Canceled,
]
OLDEST = timedelta(days=90)
"""How far before its retention history is looked for when nobody has removed any yet."""
MOST_WINDOWS = 8
"""One call in each; what is further back comes next time."""
SELDOM = timedelta(hours=1)


@blueprint.timer_trigger(schedule="%ISTHMUS_CLEANUP_SCHEDULE%", arg_name="timer")
@blueprint.durable_client_input(client_name="client")
async def end_expired(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    if cloud().settings.cleanup == "off":
        log.warning("cleanup is switched off (ISTHMUS_CLEANUP): what has expired stays")
        return
    if not await _start(client):
        log.info("the last sweep is still at work; this one is left out")


@blueprint.route(route="cleanup", methods=["GET"])
@endpoint
async def list_sweeps(req: func.HttpRequest) -> func.HttpResponse:
    settings = cloud().settings
    sweeps = await asyncio.to_thread(records().sweeps, SHOWN)
    found: SweepList = {
        "cleanup": settings.cleanup,
        "most": settings.cleanup_most,
        "sweeps": cast(list[SweepReport], sweeps),
    }
    return answer(found)


@blueprint.route(route="cleanup", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint
async def sweep_now(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    query, findings = parse_query(Sweep, _words(req), KEYS_QUERY)
    if query is None:
        return bad_request(findings)
    if query.dry_run == "true":
        found = await asyncio.to_thread(find_expired, cloud(), records(), cloud().now())
        return answer(found | {"dry_run": True})
    if cloud().settings.cleanup == "off":
        why = "The app setting ISTHMUS_CLEANUP is off. With dry_run=true you see what a sweep would do."
        return problem(409, "switched-off", "Cleanup is switched off", why)
    await _start(client)
    own = req.url.partition("?")[0]
    return answer({"status_url": own}, 202, LOOK_AGAIN | {"Location": own})


def _words(req: func.HttpRequest) -> dict[str, str]:
    """The query's words, with those that have no value, which the platform leaves out: nothing is taken down by a
    dry run that was misspelt."""
    return dict(parse_qsl(urlsplit(req.url).query, keep_blank_values=True)) | dict(req.params)


async def _start(client: df.DurableOrchestrationClient) -> bool:
    """Begins a sweep, unless one is at work."""
    status = await client.get_status(INSTANCE)
    if status and status.runtime_status in (
        df.OrchestrationRuntimeStatus.Running,
        df.OrchestrationRuntimeStatus.Pending,
    ):
        return False
    purged = None
    if cloud().settings.cleanup == "on":
        try:
            purged = await purge_history(client, records(), cloud().now(), cloud().settings.retention_days)
        except Exception:  # the SDK raises nothing more precise; what has expired is more urgent
            log.exception("finished history could not be removed; it is tried again with the next sweep")
    await client.start_new("clean_up", INSTANCE, {"purged": purged})
    return True


async def purge_history(
    client: df.DurableOrchestrationClient, store: Records, now: datetime, days: int
) -> Purged | None:
    """Removes the history of orchestrations that ended, once it is older than that; None when it is not yet time."""
    until = now - timedelta(days=days)
    kept = await asyncio.to_thread(store.history_until)
    since = datetime.fromisoformat(kept) if kept else until - OLDEST
    if until - since < SELDOM:
        return None
    count = 0
    for begin, end in windows(since, until)[:MOST_WINDOWS]:
        count += (await client.purge_instance_history_by(begin, end, OVER)).instances_deleted
        await asyncio.to_thread(store.keep_history_until, utc(end))
        since = end
    return {"instances": count, "until": utc(since)}
