"""What may be done with an environment that is there: cancel, retry, renew, delete. The API and the page call these.

The record decides, in one conditional write, whether the action is taken; orchestrations are started or woken after.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import azure.durable_functions as df

from activities import bookkeeping
from activities.cloud import cloud
from activities.keyvault import keep_tickets
from activities.records import Document, Life, Records
from isthmus import names
from isthmus.lifecycle import RUNNING, STOP_EVENT, allowed, whose
from isthmus.plan import utc
from isthmus.problems import Problem
from isthmus.requests import unfit
from isthmus.secretref import Secret
from isthmus.spec import TicketsByRequest
from isthmus.tags import SECRET
from triggers.answers import no_such, unfit_request
from triggers.endpoint import asker

AT_WORK = (df.OrchestrationRuntimeStatus.Running, df.OrchestrationRuntimeStatus.Pending)


@dataclass(frozen=True)
class Done:
    """What came of an action: `status` and `body` of the answer, or the `problem` why it was not taken."""

    status: int
    body: dict[str, Any] = field(default_factory=dict)
    problem: Problem | None = None


async def cancel(client: df.DurableOrchestrationClient, store: Records, name: str) -> Done:
    """Stops what is being built, and takes down what there is of it."""
    record = await asyncio.to_thread(current, store, name)
    if record is None:
        return _refused(no_such(name))
    if record["phase"] not in RUNNING:
        return _not_now(record, "Nothing of it is being built, so there is nothing to cancel. DELETE takes it down.")
    return await _end(client, store, record, "cancel", "its cancellation was asked for")


async def delete(client: df.DurableOrchestrationClient, store: Records, name: str) -> Done:
    """Takes everything of it down; of one that is gone, or going, nothing more is asked."""
    record = await asyncio.to_thread(current, store, name)
    if record is None:
        return _refused(no_such(name))
    return await _end(client, store, record, "delete", "its deletion was asked for")


async def retry(
    client: df.DurableOrchestrationClient, store: Records, name: str, tickets: TicketsByRequest | None = None
) -> Done:
    """Goes on where a failed environment that was kept had stopped. `tickets`: new ones, if tickets come by request."""
    record = await asyncio.to_thread(current, store, name)
    if record is None:
        return _refused(no_such(name))
    life = life_of(record)
    if tickets and (findings := unfit(tickets, record["spec"])):
        return _refused(unfit_request(findings))
    if tickets and allowed(record)["retry"]:
        await asyncio.to_thread(bring_tickets, tickets, life, record, anew=True)
    record, taken = await asyncio.to_thread(bookkeeping.begin_again, store, life)
    if record is None:
        return _refused(no_such(name))
    if not taken and record["phase"] != "requested":
        return _not_now(record, "Only an environment that failed and was kept (on_failure: keep) can be tried again.")
    if taken:
        await noted(store, record, "retry")
    await start(client, "provision_environment", names.provision_instance(*life, record["attempt"]), job(record))
    return Done(202, {"name": name, "generation": life[1], "phase": record["phase"], "attempt": record["attempt"]})


async def renew(store: Records, name: str, minutes: int | None = None) -> Done:
    """Lets it live so many minutes from now on; as many as its request said where `minutes` is None."""
    record = await asyncio.to_thread(current, store, name)
    if record is None:
        return _refused(no_such(name))
    lease = minutes or record["spec"]["lease_minutes"]
    renewed, taken = await asyncio.to_thread(bookkeeping.renew, store, life_of(record), lease, datetime.now(UTC))
    if renewed is None or not taken:
        return _not_now(renewed or record, "It is over, so its lease can't be renewed. Ask for a new environment.")
    await noted(store, renewed, "renew")
    return Done(200, {"name": name, "generation": renewed["generation"], "expires_at": renewed["expires_at"]})


def current(store: Records, name: str, generation: str | None = None) -> Document | None:
    """The record of the life that bears the name, or of an earlier one. Nobody can bear a name that is none."""
    if not names.may_be_life(name, generation):
        return None
    bearer = generation or store.bearer(name)
    return store.load((name, bearer)) if bearer else None


def life_of(record: Mapping[str, Any]) -> Life:
    return record["environment"], record["generation"]


def job(record: Mapping[str, Any]) -> dict[str, Any]:
    """Input of the orchestration that provisions."""
    return whose(record) | {key: record[key] for key in ("attempt", "on_failure")}


def bring_tickets(tickets: TicketsByRequest, life: Life, record: Mapping[str, Any], *, anew: bool = False) -> None:
    """Tickets that came along go into the vault before anything is started; `anew`: in place of those there."""
    values = {corp: Secret(value.get_secret_value()) for corp, value in tickets.values.items()}
    given = SECRET.bears(record["spec"].get("tags") or {})
    keep_tickets(cloud(), *life, values, given | {names.TAG_EXPIRES_AT: record["expires_at"]}, anew=anew)


def entry(action: str) -> dict[str, Any]:
    """What is kept of an action: when, what, who, and the id that stands in logs and in the answer."""
    by = asker()
    return {"at": utc(datetime.now(UTC)), "action": action, "by": by.name, "correlation_id": by.correlation_id}


async def noted(store: Records, record: Mapping[str, Any], action: str) -> None:
    await asyncio.to_thread(bookkeeping.note, store, life_of(record), entry(action))


async def start(
    client: df.DurableOrchestrationClient, orchestrator: str, instance: str, payload: Mapping[str, Any]
) -> None:
    """Starts an orchestration unless it is at work already: of two who race, both find it running."""
    if await _at_work(client, instance):
        return
    try:
        await client.start_new(orchestrator, instance, dict(payload))
    except Exception:  # the SDK has no other for "somebody was quicker"
        if not await _at_work(client, instance):
            raise


async def _end(
    client: df.DurableOrchestrationClient, store: Records, record: Document, action: Any, detail: str
) -> Done:
    life, before = life_of(record), record["stop"]
    asked = await asyncio.to_thread(bookkeeping.ask_for_stop, store, life, action, detail)
    record = asked or record
    if record["stop"] != before:
        await noted(store, record, action)
    if record["phase"] in RUNNING:
        # Its own orchestration takes it down: one owner of each teardown.
        await _wake(client, record)
    elif record["phase"] != "gone" and not await _at_work(client, names.provision_instance(*life, record["attempt"])):
        await start(client, "teardown_environment", names.teardown_instance(*life), whose(record))
    return Done(202, {"name": life[0], "generation": life[1], "phase": record["phase"]})


async def _wake(client: df.DurableOrchestrationClient, record: Document) -> None:
    """Rouses whatever sleeps in this life's orchestrations; one that is not running needs no rousing."""
    life, attempt = life_of(record), record["attempt"]
    instances = [names.provision_instance(*life, attempt)]
    instances += [names.corp_instance(*life, corp["name"], attempt) for corp in record["spec"]["corps"]]
    for instance in instances:
        if await _running(client, instance):
            await _rouse(client, instance)


async def _rouse(client: df.DurableOrchestrationClient, instance: str) -> None:
    try:
        await client.raise_event(instance, STOP_EVENT, True)
    except Exception:  # the SDK has no other for "it has just ended"
        if await _running(client, instance):
            raise


async def _running(client: df.DurableOrchestrationClient, instance: str) -> bool:
    status = await client.get_status(instance)
    return bool(status) and status.runtime_status == df.OrchestrationRuntimeStatus.Running


async def _at_work(client: df.DurableOrchestrationClient, instance: str) -> bool:
    status = await client.get_status(instance)
    return bool(status) and status.runtime_status in AT_WORK


def _refused(found: Problem) -> Done:
    return Done(found.status, problem=found)


def _not_now(record: Mapping[str, Any], why: str) -> Done:
    phase = record["phase"]
    return _refused(Problem(409, "not-now", f"Not while it is {phase}", f"{record['environment']} is {phase}. {why}"))
