"""Environments over HTTP. Whoever claims the name in the records is first; the rest follows."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import azure.durable_functions as df
import azure.functions as func

from activities import telemetry
from activities.records import Document, Life, Records
from activities.steps import records
from isthmus import names
from isthmus.documents import StatusDocument
from isthmus.lifecycle import RUNNING, is_over
from isthmus.plan import utc
from isthmus.problems import Finding
from isthmus.requests import LONGEST_KEY, Listing, Renewal, Retry, parse_body, parse_query
from isthmus.spec import Spec, TicketsByRequest, parse
from isthmus.status import status_document, summary
from triggers import actions
from triggers.answers import LOOK_AGAIN, answer, bad_request, conditional, no_such, problem, refusal
from triggers.endpoint import endpoint
from triggers.events import receiver_of

blueprint = df.Blueprint()
KEYS_QUERY = frozenset({"code", "clientId"})
"""The platform's own words in a query: a function key and its name."""
AT_ONCE = 8
"""Records that are read at the same time for a list."""


@blueprint.route(route="environments", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint
async def create_environment(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    spec, findings = parse(req.get_body())
    key = req.headers.get("Idempotency-Key") or ""
    if len(key) > LONGEST_KEY:
        findings.append(Finding("", f"Idempotency-Key has {len(key)} characters; at most {LONGEST_KEY} are taken."))
    if spec is None or findings:
        return bad_request(findings)
    telemetry.tell_about({"environment": spec.name})
    store, digest = records(), spec.digest()
    known = await asyncio.to_thread(store.promise, _hashed(key)) if key else None
    if known and known["digest"] != digest:
        return problem(422, "key-reused", "The key stands for another request", "Use a new Idempotency-Key for it.")
    record = await asyncio.to_thread(_claimed, store, spec, known)
    telemetry.tell_about({"generation": record["generation"]})
    if record["digest"] != digest:
        taken = f"{spec.name} exists with another specification, in phase {record['phase']}."
        return problem(409, "name-taken", "The name is taken", f"{taken} Delete it first, or choose another name.")
    if key:
        await asyncio.to_thread(store.keep_promise, _hashed(key), digest, actions.life_of(record))
    instance = names.provision_instance(*actions.life_of(record), record["attempt"])
    if record["phase"] == "requested":
        if isinstance(spec.tickets, TicketsByRequest):
            await asyncio.to_thread(actions.bring_tickets, spec.tickets, actions.life_of(record), record)
        await actions.start(client, "provision_environment", instance, actions.job(record))
    return _accepted(req, client, record, instance)


def _hashed(key: str) -> str:
    """Keys become names of blobs, and nobody else's business."""
    return hashlib.sha256(key.encode()).hexdigest()


def _claimed(store: Records, spec: Spec, promise: Document | None) -> Document:
    """The record of the life that bears the name: a new one where nobody does or the last one is over."""
    if promise and (promised := store.load((spec.name, promise["generation"]))):
        return promised
    bearer = store.bearer(spec.name)
    if bearer and not _ended(store, (spec.name, bearer)):
        generation = bearer
    else:
        generation = store.claim(spec.name, names.generation(spec.name, bearer, spec.digest()), bearer)
    life: Life = (spec.name, generation)
    store.create(life, _new_record(spec, generation, datetime.now(UTC)))
    record = store.load(life)
    if record is None:
        raise RuntimeError(f"the record of {'/'.join(life)} vanished while it was created")
    return record


def _ended(store: Records, life: Life) -> bool:
    held = store.load(life)
    return is_over(held) if held else store.is_forgotten(life)


def _new_record(spec: Spec, generation: str, now: datetime) -> Document:
    created = actions.entry("create")
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
        "requested_by": created["by"],
        "correlation_id": created["correlation_id"],
        "actions": [created],
        "receiver": receiver_of(spec, os.environ),
        "outbox": [],
        "expires_at": utc(now + timedelta(minutes=spec.lease_minutes)),
        "updated_at": utc(now),
        "findings": [],
        "plan": None,
        "error": None,
        "proof": None,
        "teardown": None,
    }


def _accepted(
    req: func.HttpRequest, client: df.DurableOrchestrationClient, record: Document, instance: str
) -> func.HttpResponse:
    own = _url(req, record["environment"])
    body = {
        "name": record["environment"],
        "generation": record["generation"],
        "phase": record["phase"],
        "status_url": own,
        "page_url": f"{own}/page",
        "durable": client.create_http_management_payload(instance) if _shows_hub(os.environ) else None,
    }
    return answer(body, 202, LOOK_AGAIN | {"Location": own})


def _shows_hub(environment: Mapping[str, str]) -> bool:
    return environment.get("ISTHMUS_DURABLE_URLS", "").lower() != "off"


def _url(req: func.HttpRequest, name: str) -> str:
    """Where an environment's status is, seen from any of the endpoints here."""
    before, word, _ = req.url.partition("?")[0].partition("/environments")
    return f"{before}{word}/{name}"


@blueprint.route(route="environments", methods=["GET"])
@endpoint
async def list_environments(req: func.HttpRequest) -> func.HttpResponse:
    query, findings = parse_query(Listing, req.params, KEYS_QUERY)
    if query is None:
        return bad_request(findings)
    found, following = await asyncio.to_thread(listed, records(), query)
    lines = [summary(record) | {"status_url": _url(req, record["environment"])} for record in found]
    return answer({"environments": lines, "next": following})


def listed(store: Records, query: Listing) -> tuple[list[Document], str | None]:
    """One page of records, and the name after which the next page begins."""
    found: list[Document] = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for record in pool.map(partial(actions.current, store), store.names(query.prefix, query.after)):
            if len(found) == query.top:
                pool.shutdown(cancel_futures=True)
                return found, found[-1]["environment"]
            if record and query.phase in (None, record["phase"]):
                found.append(record)
    return found, None


@blueprint.route(route="environments/{name}", methods=["GET"])
@endpoint
async def get_environment(req: func.HttpRequest) -> func.HttpResponse:
    name = req.route_params["name"]
    document = await asyncio.to_thread(shown, records(), name, req.params.get("generation"))
    if document is None:
        return refusal(no_such(name))
    at_work = document["phase"] in RUNNING or document["phase"] == "deleting"
    return conditional(req, document, LOOK_AGAIN if at_work else {})


def shown(store: Records, name: str, generation: str | None = None) -> StatusDocument | None:
    """The status document of the life that bears the name, or of the one that is asked for."""
    record = actions.current(store, name, generation)
    return status_document(record, store.parts(actions.life_of(record))) if record else None


@blueprint.route(route="environments/{name}", methods=["DELETE"])
@blueprint.durable_client_input(client_name="client")
@endpoint
async def delete_environment(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    return _told(req, await actions.delete(client, records(), req.route_params["name"]))


@blueprint.route(route="environments/{name}/cancel", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint
async def cancel_environment(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    return _told(req, await actions.cancel(client, records(), req.route_params["name"]))


@blueprint.route(route="environments/{name}/retry", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint
async def retry_environment(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    wanted, findings = parse_body(Retry, req.get_body())
    if wanted is None:
        return bad_request(findings)
    return _told(req, await actions.retry(client, records(), req.route_params["name"], wanted.tickets))


@blueprint.route(route="environments/{name}/renew", methods=["POST"])
@endpoint
async def renew_environment(req: func.HttpRequest) -> func.HttpResponse:
    wanted, findings = parse_body(Renewal, req.get_body())
    if wanted is None:
        return bad_request(findings)
    return _told(req, await actions.renew(records(), req.route_params["name"], wanted.lease_minutes))


def _told(req: func.HttpRequest, done: actions.Done) -> func.HttpResponse:
    if done.problem:
        return refusal(done.problem)
    own = _url(req, done.body["name"])
    headers = LOOK_AGAIN | {"Location": own} if done.status == 202 else {}
    return answer(done.body | {"status_url": own}, done.status, headers)
