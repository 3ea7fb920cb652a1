"""What happens to any resource when it is PUT, read or DELETEd: the same moves for every row of the table."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Mapping
from functools import partial

from localcloud.azure import ids, operations, shapes, tags
from localcloud.azure.bodies import TAGS
from localcloud.azure.errors import Refusal, not_ready, precondition_failed
from localcloud.azure.model import Answer, Change, Cloud, Json, Operation, Resource
from localcloud.azure.model import Kind as Row
from localcloud.azure.rbac import Caller
from localcloud.azure.topology import topology

CREATED = {"sync": 201, "async_operation": 201, "location_201": 201, "location_202": 202, "body": 201}
UPDATED = {"sync": 200, "async_operation": 200, "location_201": 200, "location_202": 202, "body": 200}
HEADERS: Mapping[str, tuple[str, ...]] = {
    "async_operation": ("Azure-AsyncOperation",),
    "location_201": ("Location", "Azure-AsyncOperation"),
    "location_202": ("Location", "Azure-AsyncOperation"),
}


async def apply(cloud: Cloud) -> None:
    """Tells the network what ARM wants now; one at a time, so that the last word is the newest."""
    async with cloud.applying:
        await cloud.fabric.apply(topology(cloud))


def shown(cloud: Cloud, resource: Resource) -> Json:
    """The resource as ARM shows it."""
    body = copy.deepcopy(resource.body)
    body |= {"id": resource.id, "name": resource.name, "type": resource.kind.type}
    if resource.etag:
        body["etag"] = resource.etag
    properties = body.setdefault("properties", {})
    properties["provisioningState"] = resource.state
    resource.kind.show(cloud, resource, body)
    return body


def read(cloud: Cloud, resource: Resource) -> Answer:
    """A GET: while something is under way, it says when to look again."""
    under_way = resource.state not in ("Succeeded", "Failed")
    headers = operations.wait_headers(cloud) if under_way else {}
    return Answer(200, shown(cloud, resource), headers | ({"ETag": resource.etag} if resource.etag else {}))


def put(cloud: Cloud, caller: Caller, row: Row, identifier: str, body: Json, headers: Mapping[str, str]) -> Answer:
    """Creates or replaces. Raises Refusal for everything that ARM refuses at once."""
    before = cloud.get(identifier)
    check_conditions(before, headers)
    change = Change(cloud, before.id if before else identifier, shapes.clean(row.shape, body), caller, before)
    tags.settle(row, change.body)
    refuse_if_busy(cloud, row, change.id, before)
    _check_references(change, row)
    row.normalise(change)
    resource = _stored(change, row)
    if row.style == "sync":
        return Answer(UPDATED["sync"] if before else CREATED["sync"], shown(cloud, resource))
    operation = _begin(cloud, row, resource, "PUT", row.seconds, partial(_finish, cloud, resource))
    statuses = UPDATED if before else CREATED
    status = statuses[row.style]
    more = operations.names(cloud, operation, *HEADERS[row.style]) if row.style in HEADERS else {}
    return Answer(status, shown(cloud, resource), more or operations.wait_headers(cloud))


def check_conditions(before: Resource | None, headers: Mapping[str, str]) -> None:
    match, none_match = headers.get("If-Match"), headers.get("If-None-Match")
    if match and (before is None or match not in ("*", before.etag)):
        raise precondition_failed(before.id if before else "the resource")
    if none_match and before is not None and none_match in ("*", before.etag):
        raise precondition_failed(before.id)


def refuse_if_busy(cloud: Cloud, row: Row, identifier: str, before: Resource | None) -> None:
    """One write at a time: on the resource, on its parent, and where the row says so on its siblings."""
    status, code = row.busy
    others: list[Resource | None] = [before]
    parent = cloud.get(ids.parent(identifier))
    if parent is not None and row.serial:
        others += [parent, *(r for r in cloud.children(parent.id) if r.kind is row)]
    for other in others:
        if other is not None and other.operation is not None:
            raise Refusal(
                status,
                code,
                f"Another operation is being performed on the parent resource '{other.id}'. It is in progress: "
                f"{other.operation}. Please try again later.",
                headers=operations.wait_headers(cloud),
            )
    if parent is not None and parent.settled is None and parent.kind.style != "sync":
        raise not_ready(identifier, parent.id)


def _check_references(change: Change, row: Row) -> None:
    doing = f"{row.type}/write"
    for reference in row.references:
        for identifier in reference.ids(change.body):
            target = change.cloud.need(identifier, referrer=change.id)
            change.cloud.access.demand_linked(change.caller, reference.action, target.id, doing, change.id)
            if target.state == "Deleting" or (reference.ready and target.settled is None):
                raise not_ready(change.id, target.id)


def _stored(change: Change, row: Row) -> Resource:
    cloud, resource = change.cloud, change.before
    change.body.pop("name", None)
    if resource is None:
        resource = Resource(change.id, row, change.body, change.private)
        cloud.resources[resource.key] = resource
    else:
        resource.private["former"] = (resource.body, resource.state)
        resource.body, resource.private = change.body, resource.private | change.private
    resource.etag = cloud.etag() if row.namespace == "Microsoft.Network" or row.type.endswith("accounts") else ""
    if row.style == "sync":
        resource.state, resource.settled = "Succeeded", resource.settled or cloud.clock.now()
        resource.private.pop("former", None)
    else:
        resource.state = row.making
    return resource


def _begin(cloud: Cloud, row: Row, resource: Resource, verb: str, seconds: float, work: operations.Work) -> Operation:
    location = str(resource.body.get("location") or "global")
    version = row.versions[0]
    operation = operations.new(cloud, row.namespace, location, version, resource.id, verb)
    resource.operation = operation.id
    return operations.begin(cloud, operation, cloud.latency(seconds), work)


async def _finish(cloud: Cloud, resource: Resource) -> Json | None:
    """The end of a PUT. A refusal here is an operation that failed: a new resource stays as Failed, one that was
    there already looks as healthy as before; only the operation's URL tells why."""
    if cloud.get(resource.id) is not resource:
        return None  # its group was deleted meanwhile
    former = resource.private.pop("former", None)
    try:
        doom(cloud, resource)
        _unseen(cloud, resource)
        resource.settled = resource.settled or cloud.clock.now()
        await resource.kind.finish(cloud, resource)
        if resource.kind.network:
            await apply(cloud)
    except BaseException:
        if former:
            resource.body, resource.state = former
        else:
            resource.state, resource.settled = "Failed", None
        if resource.kind.network:
            await apply(cloud)
        raise
    finally:
        resource.operation = None
    resource.state, resource.settled = "Succeeded", cloud.clock.now()
    return shown(cloud, resource)


def _unseen(cloud: Cloud, resource: Resource) -> None:
    """Keeps what is done from the network for as long as a fault rule says."""
    fate = cloud.operations[resource.operation].fate if resource.operation else None
    if fate is None or fate.effect != "unseen":
        return
    resource.private["unseen"] = cloud.clock.now() + fate.seconds

    async def show() -> None:
        await cloud.clock.sleep(fate.seconds)
        await apply(cloud)

    task = asyncio.get_running_loop().create_task(show())
    cloud.tasks.add(task)
    task.add_done_callback(cloud.tasks.discard)


def delete(cloud: Cloud, row: Row, resource: Resource | None, headers: Mapping[str, str]) -> Answer:
    if resource is None:
        return Answer(204)
    check_conditions(resource, headers)
    if resource.state == "Deleting" and resource.operation:
        return Answer(202, None, operations.names(cloud, cloud.operations[resource.operation], "Location"))
    refuse_if_busy(cloud, row, resource.id, resource)
    row.guard(cloud, resource)
    if row.style == "sync" and not row.delete_seconds:
        forget(cloud, resource)
        return Answer(200)
    resource.state = "Deleting"
    operation = _begin(cloud, row, resource, "DELETE", row.delete_seconds, partial(_end, cloud, resource))
    return Answer(202, None, operations.names(cloud, operation, "Location", "Azure-AsyncOperation"))


def patch(cloud: Cloud, caller: Caller, resource: Resource, body: Json, headers: Mapping[str, str]) -> Answer:
    """Tags alone change at once; anything else is a PUT of what is there with the change laid over it."""
    if set(body) == {"tags"}:
        check_conditions(resource, headers)
        resource.body["tags"] = shapes.clean(TAGS, body["tags"])
        return Answer(200, shown(cloud, resource))
    return put(cloud, caller, resource.kind, resource.id, _laid_over(shown(cloud, resource), body), headers)


def _laid_over(under: Json, over: Json) -> Json:
    both = dict(under)
    for name, value in over.items():
        both[name] = (
            _laid_over(under[name], value) if isinstance(value, dict) and isinstance(under.get(name), dict) else value
        )
    return both


def forget(cloud: Cloud, resource: Resource) -> None:
    """Takes a resource and everything below it out of the world; what was being done to it is cancelled."""
    for gone in (*cloud.children(resource.id), resource):
        cloud.resources.pop(gone.key, None)
        operations.cancel(cloud, gone.operation)


def doom(cloud: Cloud, resource: Resource) -> None:
    """Raises Refusal if what is under way on the resource shall fail by a fault rule."""
    if resource.operation:
        cloud.operations[resource.operation].doom()


async def _end(cloud: Cloud, resource: Resource) -> None:
    try:
        doom(cloud, resource)
        resource.kind.guard(cloud, resource)
        await resource.kind.ended(cloud, resource)
    except BaseException:
        resource.state, resource.operation = "Succeeded", None
        raise
    forget(cloud, resource)
    if resource.kind.network:
        await apply(cloud)
