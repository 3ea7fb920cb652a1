"""POST of a plan: a dry run, which writes nothing."""

from __future__ import annotations

import asyncio

import azure.durable_functions as df
import azure.functions as func

from activities.cloud import cloud
from activities.planning import dry_run
from activities.registry import ARM_KINDS
from activities.steps import records
from isthmus.spec import parse
from triggers.answers import answer, bad_request
from triggers.endpoint import asker, endpoint

blueprint = df.Blueprint()


@blueprint.route(route="plans", methods=["POST"])
@endpoint
async def plan(req: func.HttpRequest) -> func.HttpResponse:
    spec, findings = parse(req.get_body())
    if spec is None:
        return bad_request(findings)
    correlation_id = asker().correlation_id
    return answer(await asyncio.to_thread(dry_run, cloud(), records(), ARM_KINDS, spec, correlation_id))
