"""Asynchronous operations: begun now, ended by the clock, looked at by their (signed) URLs."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable

from localcloud.azure.clock import iso
from localcloud.azure.errors import NotFound, Refusal
from localcloud.azure.latencies import POLL
from localcloud.azure.model import Answer, Cloud, Json, Operation

MANAGEMENT = "https://management.azure.com"
LEAST_WAIT = 0.02
CANCELLED = {"code": "OperationPreempted", "message": "The operation was cancelled: its resource was deleted."}

Work = Callable[[], Awaitable[Json | None]]


def begin(cloud: Cloud, operation: Operation, seconds: float, work: Work) -> Operation:
    """Starts an operation that takes so many (real) seconds and then does its work, which may refuse."""
    cloud.operations[operation.id] = operation

    async def run() -> None:
        await cloud.clock.sleep(seconds)
        try:
            await _delayed(cloud, operation)
            if operation.error == CANCELLED:
                return
            operation.result = await work()
            operation.status, operation.error = "Succeeded", None
        except Refusal as refusal:
            operation.status, operation.error, operation.error_status = "Failed", refusal.error(), refusal.status
        except Exception as error:  # a bug or the network's failure: the operation must not hang for ever
            operation.status, operation.error_status = "Failed", 500
            operation.error = {"code": "InternalServerError", "message": f"{type(error).__name__}: {error}"}
            raise
        finally:
            operation.ended = operation.ended or cloud.clock.now()

    task = asyncio.get_running_loop().create_task(run())
    cloud.tasks.add(task)
    task.add_done_callback(cloud.tasks.discard)
    return operation


def cancel(cloud: Cloud, identifier: str | None) -> None:
    """What was being done to a resource that is gone, unless that was its deletion."""
    operation = cloud.operations.get(identifier or "")
    if operation is not None and operation.status == "InProgress" and operation.verb != "DELETE":
        operation.status, operation.error, operation.ended = "Failed", CANCELLED, cloud.clock.now()


async def _delayed(cloud: Cloud, operation: Operation) -> None:
    """What a fault rule lets happen before the work is done: more time, or the word that it failed."""
    fate = operation.fate
    if fate is None or fate.effect not in ("slow", "late"):
        return
    if fate.effect == "late":
        operation.status, operation.error = "Failed", {"code": fate.code, "message": fate.message}
        if resource := cloud.get(operation.target):
            resource.state = "Failed"
    await cloud.clock.sleep(fate.seconds)


def new(cloud: Cloud, namespace: str, location: str, version: str, target: str, verb: str) -> Operation:
    return Operation(
        id=cloud.uuid(),
        namespace=namespace,
        location=location,
        version=version,
        target=target,
        verb=verb,
        signature=cloud.secret("signature of an operation URL", 43),
        started=cloud.clock.now(),
    )


def wait_headers(cloud: Cloud, operation: Operation | None = None) -> dict[str, str]:
    """How long to wait before the next look: milliseconds, and whole seconds only where they are honest. What has
    gone on for long (a script in a VM, whose time is not scaled) is looked at less often."""
    gone_on = cloud.clock.now() - operation.started if operation else 0.0
    seconds = max(LEAST_WAIT, cloud.latency(POLL), gone_on / 8)
    headers = {"x-ms-retry-after-ms": str(round(seconds * 1000))}
    return headers | {"Retry-After": str(round(seconds))} if seconds >= 1 else headers


def url(cloud: Cloud, operation: Operation, kind: str) -> str:
    """`kind`: operations (Azure-AsyncOperation) or operationResults (Location)."""
    return (
        f"{MANAGEMENT}/subscriptions/{cloud.subscription}/providers/{operation.namespace}/locations/"
        f"{operation.location}/{kind}/{operation.id}?api-version={operation.version}&s={operation.signature}"
    )


def look(cloud: Cloud, identifier: str, kind: str, signature: str) -> Answer:
    """What an operation's URL answers."""
    operation = cloud.operations.get(identifier)
    if operation is None or not hmac.compare_digest(operation.signature.encode(), signature.encode()):
        raise NotFound("NotFound", f"The operation '{identifier}' was not found.")
    if kind.lower() == "operationresults":
        return _result(cloud, operation)
    body: Json = {
        "id": f"/subscriptions/{cloud.subscription}/providers/{operation.namespace}/locations/{operation.location}"
        f"/operations/{operation.id}",
        "name": operation.id,
        "status": operation.status,
        "startTime": iso(operation.started),
    }
    if operation.ended is not None:
        body["endTime"] = iso(operation.ended)
    if operation.error is not None:
        body["error"] = operation.error
    return Answer(200, body, wait_headers(cloud, operation) if operation.status == "InProgress" else {})


def _result(cloud: Cloud, operation: Operation) -> Answer:
    if operation.status == "InProgress":
        return Answer(202, None, names(cloud, operation, "Location"))
    if operation.status == "Failed":
        return Answer(operation.error_status, {"error": operation.error})
    return Answer(200, operation.result) if operation.result is not None else Answer(204)


def names(cloud: Cloud, operation: Operation, *kinds: str) -> dict[str, str]:
    """Headers that tell where to look. `kinds`: Azure-AsyncOperation, Location."""
    known = {"Azure-AsyncOperation": "operations", "Location": "operationResults"}
    return {kind: url(cloud, operation, known[kind]) for kind in kinds} | wait_headers(cloud, operation)
