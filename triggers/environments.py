"""POST, GET and DELETE of environments. Whoever claims the name in the records is first; the rest follows."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from activities.bookkeeping import ask_for_stop
from activities.cloud import cloud
from activities.keyvault import keep_tickets
from activities.records import Document, Life, Records
from activities.steps import records
from isthmus import names
from isthmus.lifecycle import OVER, RUNNING, STOP_EVENT
from isthmus.plan import utc
from isthmus.secretref import Secret
from isthmus.spec import Spec, TicketsByRequest, parse
from isthmus.status import status_document
from triggers.answers import answer, not_found, problem

blueprint = df.Blueprint()
AT_WORK = (df.OrchestrationRuntimeStatus.Running, df.OrchestrationRuntimeStatus.Pending)
LOOK_AGAIN = {"Retry-After": "10"}


@blueprint.route(route="environments", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
async def create_environment(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    spec, findings = parse(req.get_body())
    if spec is None:
        detail = f"{len(findings)} finding{'s' if len(findings) > 1 else ''}; nothing was started."
        return problem(400, "bad-request", "The request can't be carried out", detail, tuple(findings))
    life, record = await asyncio.to_thread(_claim, records(), spec)
    if record["digest"] != spec.digest():
        return problem(
            409,
            "name-taken",
            "The name is taken",
            f"{spec.name} exists with another specification, in phase {record['phase']}. "
            "Delete it first, or choose another name.",
        )
    instance = names.provision_instance(*life, record["attempt"])
    if record["phase"] == "requested":
        await asyncio.to_thread(_keep_tickets, spec, life, record)
        await _start(client, "provision_environment", instance, _job(record))
    return _accepted(req, client, record, instance)


def _claim(store: Records, spec: Spec) -> tuple[Life, Document]:
    """The life that bears the name, and its record: a new one where nobody does or the last one is over."""
    bearer = store.bearer(spec.name)
    current = store.load((spec.name, bearer)) if bearer else None
    if bearer and not (current and _is_over(current)):
        generation = bearer
    else:
        generation = store.claim(spec.name, _new_generation(), bearer)
    life = (spec.name, generation)
    store.create(life, _new_record(spec, generation, datetime.now(UTC)))
    record = store.load(life)
    if record is None:
        raise RuntimeError(f"the record of {'/'.join(life)} vanished while it was created")
    return life, record


def _is_over(record: Document) -> bool:
    """Whether the life no longer bears its name: it is gone, or it was asked to go."""
    asked = record["stop"] and record["stop"]["why"] != "failure"
    return record["phase"] in OVER or bool(asked)


def _new_generation() -> str:
    return "".join(secrets.choice(names.GENERATION_LETTERS) for _ in range(names.GENERATION_LENGTH))


def _new_record(spec: Spec, generation: str, now: datetime) -> Document:
    return {
        "environment": spec.name,
        "generation": generation,
        "phase": "requested",
        "stop": None,
        "attempt": 1,
        "spec": spec.public(),
        "digest": spec.digest(),
        "on_failure": spec.on_failure,
        "requested_at": utc(now),
        "expires_at": utc(now + timedelta(minutes=spec.lease_minutes)),
        "updated_at": utc(now),
        "plan": None,
        "error": None,
        "proof": None,
        "teardown": None,
    }


def _job(record: Document) -> dict[str, Any]:
    return {key: record[key] for key in ("environment", "generation", "attempt", "on_failure")}


def _keep_tickets(spec: Spec, life: Life, record: Document) -> None:
    """Tickets that came along go into the vault before anything is started."""
    if isinstance(spec.tickets, TicketsByRequest):
        values = {corp: Secret(value.get_secret_value()) for corp, value in spec.tickets.values.items()}
        keep_tickets(cloud(), *life, values, record["expires_at"])


async def _start(
    client: df.DurableOrchestrationClient, orchestrator: str, instance: str, job: Mapping[str, Any]
) -> None:
    """Starts an orchestration unless it is at work already: of two who race, both find it running."""
    if not await _at_work(client, instance):
        await client.start_new(orchestrator, instance, dict(job))


async def _at_work(client: df.DurableOrchestrationClient, instance: str) -> bool:
    status = await client.get_status(instance)
    return bool(status) and status.runtime_status in AT_WORK


def _accepted(
    req: func.HttpRequest, client: df.DurableOrchestrationClient, record: Document, instance: str
) -> func.HttpResponse:
    own = f"{req.url.split('?')[0].rstrip('/')}/{record['environment']}"
    body = {
        "name": record["environment"],
        "generation": record["generation"],
        "phase": record["phase"],
        "status_url": own,
        "durable": client.create_http_management_payload(instance),
    }
    return answer(body, 202, LOOK_AGAIN | {"Location": own})


@blueprint.route(route="environments/{name}", methods=["GET"])
def get_environment(req: func.HttpRequest) -> func.HttpResponse:
    store, name = records(), req.route_params["name"]
    record = _current(store, name)
    if record is None:
        return not_found(name)
    document = status_document(record, store.parts((name, record["generation"])))
    at_work = record["phase"] in RUNNING or record["phase"] == "deleting"
    return answer(document, 200, LOOK_AGAIN if at_work else {})


@blueprint.route(route="environments/{name}", methods=["DELETE"])
@blueprint.durable_client_input(client_name="client")
async def delete_environment(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    store, name = records(), req.route_params["name"]
    record = await asyncio.to_thread(_current, store, name)
    if record is None:
        return not_found(name)
    life = (name, record["generation"])
    record = await asyncio.to_thread(ask_for_stop, store, life, "delete", "its deletion was asked for") or record
    if record["phase"] in RUNNING:
        # Its own orchestration takes it down: one owner of each teardown.
        await _wake(client, record)
    elif record["phase"] != "gone" and not await _at_work(client, names.provision_instance(*life, record["attempt"])):
        await _start(client, "teardown_environment", names.teardown_instance(*life), _life(record))
    own = req.url.split("?")[0]
    return answer({"name": name, "generation": life[1], "status_url": own}, 202, LOOK_AGAIN | {"Location": own})


async def _wake(client: df.DurableOrchestrationClient, record: Document) -> None:
    """Rouses whatever sleeps in this life's orchestrations; one that is not running needs no rousing."""
    life, attempt = (record["environment"], record["generation"]), record["attempt"]
    instances = [names.provision_instance(*life, attempt)]
    instances += [names.corp_instance(*life, corp["name"], attempt) for corp in record["spec"]["corps"]]
    for instance in instances:
        status = await client.get_status(instance)
        if status and status.runtime_status == df.OrchestrationRuntimeStatus.Running:
            await client.raise_event(instance, STOP_EVENT, True)


def _life(record: Document) -> dict[str, str]:
    return {"environment": record["environment"], "generation": record["generation"]}


def _current(store: Records, name: str) -> Document | None:
    bearer = store.bearer(name)
    return store.load((name, bearer)) if bearer else None
