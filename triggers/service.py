"""The app about itself: whether what it needs is within reach, and how it is spoken to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import islice

import azure.durable_functions as df
import azure.functions as func

from activities.cloud import cloud
from activities.preflight import vault_answers
from activities.steps import records
from isthmus.documents import Health, HealthCheck
from isthmus.openapi import document
from triggers.answers import answer, conditional
from triggers.endpoint import endpoint

blueprint = df.Blueprint()
PATIENCE = 10.0
"""Seconds after which something that has not answered counts as failing."""
NOBODY = "isthmus-health"
"""An instance that never was: the hub has to look, and finds nothing."""


@blueprint.route(route="health", methods=["GET"])
@blueprint.durable_client_input(client_name="client")
@endpoint
async def health(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    looks: dict[str, Callable[[], Awaitable[object]]] = {
        "key vault": lambda: asyncio.to_thread(lambda: vault_answers(cloud())),
        "resource manager": lambda: asyncio.to_thread(_manager),
        "records": lambda: asyncio.to_thread(lambda: records().bearer(NOBODY)),
        "task hub": lambda: client.get_status(NOBODY),
    }
    checks = await asyncio.gather(*(_checked(name, look) for name, look in looks.items()))
    fine = all(check["ok"] for check in checks)
    found: Health = {"status": "ok" if fine else "failing", "checks": checks}
    return answer(found, 200 if fine else 503, {"Cache-Control": "no-store"})


def _manager() -> None:
    list(islice(cloud().resources.resource_groups.list(top=1), 1))


async def _checked(name: str, look: Callable[[], Awaitable[object]]) -> HealthCheck:
    """Whatever goes wrong is an answer here; messages of exceptions may hold more than is good to show."""
    try:
        await asyncio.wait_for(look(), PATIENCE)
    except TimeoutError:
        return {"name": name, "ok": False, "detail": f"no answer within {PATIENCE:.0f} s"}
    except Exception as error:
        status = getattr(error, "status_code", None)
        return {"name": name, "ok": False, "detail": f"{type(error).__name__}{f', HTTP {status}' if status else ''}"}
    return {"name": name, "ok": True, "detail": "answers"}


@blueprint.route(route="openapi.json", methods=["GET"])
@endpoint
async def openapi(req: func.HttpRequest) -> func.HttpResponse:
    return conditional(req, document(), {})
