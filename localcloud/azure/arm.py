"""ARM's front: who asks, for what, in which api-version; then to the row's engine or to a special route."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from localcloud.azure import engine, groups, ids
from localcloud.azure.errors import NotFound, Refusal, group_not_found, invalid_content, resource_not_found
from localcloud.azure.faults import Fault
from localcloud.azure.ids import ResourceId
from localcloud.azure.model import Answer, Cloud, Json, Kind, Resource
from localcloud.azure.odata import matches
from localcloud.azure.rbac import Caller
from localcloud.azure.table import BY_TYPE, GROUP_ROW

GROUP_ACTION = "Microsoft.Resources/subscriptions/resourceGroups"


@dataclass
class Call:
    """One request to ARM. `body`: parsed JSON, None without one; `fate`: the fault rule that befalls it."""

    cloud: Cloud
    caller: Caller
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any = None
    fate: Fault | None = None
    captured: Mapping[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Json:
        if not isinstance(self.body, dict):
            raise invalid_content("The request body must be a JSON object.")
        return self.body

    def demand(self, action: str, scope: str) -> None:
        self.cloud.access.demand(self.caller, action, scope)


Handler = Callable[[Call], Answer]


async def handle(call: Call) -> Answer:
    """Answers anything that no special route took."""
    place = ids.parse(call.path)
    if not call.cloud.has(place.subscription):
        raise NotFound("SubscriptionNotFound", f"The subscription '{place.subscription}' could not be found.")
    if place.namespace is None:
        return _group(call, place)
    row = _row(call, place)
    if place.is_collection:
        return await _collection(call, place, row)
    return _one(call, place, row)


def check_version(call: Call, resource_type: str, versions: tuple[str, ...]) -> None:
    version = call.query.get("api-version")
    if not version:
        raise Refusal(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    if version not in versions:
        raise Refusal(
            400,
            "NoRegisteredProviderFound",
            f"No registered resource provider found for location 'eastus' and API version '{version}' for type "
            f"'{resource_type.partition('/')[2]}'. The supported api-versions are '{', '.join(versions)}'.",
        )


def _row(call: Call, place: ResourceId) -> Kind:
    """The row of the type, or of the type that an action is on."""
    row = BY_TYPE.get(place.type.lower())
    if row is None and place.is_collection:
        row = BY_TYPE.get("/".join((place.namespace or "", *place.types[:-1])).lower())
    if row is None:
        namespaces = {kind.namespace.lower() for kind in BY_TYPE.values()}
        if (place.namespace or "").lower() not in namespaces:
            raise NotFound("InvalidResourceNamespace", f"The resource namespace '{place.namespace}' is invalid.")
        raise NotFound(
            "InvalidResourceType",
            f"The resource type '{place.type.partition('/')[2]}' could not be found in the namespace "
            f"'{place.namespace}' for api version '{call.query.get('api-version')}'.",
        )
    check_version(call, row.type, row.versions)
    return row


def _group(call: Call, place: ResourceId) -> Answer:
    check_version(call, GROUP_ROW.type, GROUP_ROW.versions)
    if place.group is None:
        call.demand(f"{GROUP_ACTION}/read", call.path)
        return listing(call, list(call.cloud.of(groups.TYPE, f"/subscriptions/{place.subscription}")))
    identifier = f"/subscriptions/{place.subscription.lower()}/resourceGroups/{place.group}"
    found = call.cloud.get(identifier)
    verb = {"GET": "read", "HEAD": "read", "DELETE": "delete"}.get(call.method, "write")
    call.demand(f"{GROUP_ACTION}/{verb}", identifier)
    if call.method == "HEAD":
        return Answer(204 if found else 404)
    if call.method == "PUT":
        if found and found.operation:
            raise _being_deleted(place.group)
        return engine.put(call.cloud, call.caller, GROUP_ROW, identifier, call.json, call.headers)
    if found is None:
        raise group_not_found(place.group)
    if call.method == "PATCH":
        return engine.patch(call.cloud, call.caller, found, call.json, call.headers)
    return groups.delete(call.cloud, found) if call.method == "DELETE" else engine.read(call.cloud, found)


def _being_deleted(group: str) -> Refusal:
    return Refusal(
        409,
        "ResourceGroupBeingDeleted",
        f"The resource group '{group}' is in deprovisioning state and cannot perform this operation.",
    )


async def _collection(call: Call, place: ResourceId, row: Kind) -> Answer:
    if call.method == "POST":
        return await _action(call, place, row)
    if call.method != "GET":
        raise Refusal(405, "MethodNotAllowed", f"{call.method} is not allowed on a collection.")
    scope = call.path.rsplit("/providers/", 1)[0] if len(place.types) == 1 else call.path.rsplit("/", 1)[0]
    call.demand(f"{row.type}/read", scope)
    if place.group:
        _need_group(call, place, place.group)
    if len(place.types) > 1 and call.cloud.get(scope) is None:
        raise resource_not_found(row.type.rsplit("/", 1)[0], "/".join(place.names), place.group)
    return listing(call, list(call.cloud.of(row.type, scope)))


def listing(call: Call, found: list[Resource]) -> Answer:
    """One page holds everything; `$filter` as ARM's lists understand it."""
    condition = call.query.get("$filter", "")
    shown = (engine.shown(call.cloud, resource) for resource in found)
    return Answer(200, {"value": [item for item in shown if matches(condition, item)]})


async def _action(call: Call, place: ResourceId, row: Kind) -> Answer:
    word = place.types[-1]
    target = call.path.rstrip("/").rsplit("/", 1)[0]
    handler = row.actions.get(word.lower())
    if handler is None:
        raise NotFound("InvalidResourceType", f"{row.type} has no action '{word}'.")
    call.demand(f"{row.type}/{word}/action", target)
    found = call.cloud.get(target)
    if found is None:
        raise resource_not_found(row.type, "/".join(place.names), place.group)
    return await handler(call.cloud, found, call.body if isinstance(call.body, dict) else {})


def _need_group(call: Call, place: ResourceId, group: str) -> Resource:
    found = call.cloud.get(f"/subscriptions/{place.subscription}/resourceGroups/{group}")
    if found is None:
        raise group_not_found(group)
    return found


def _one(call: Call, place: ResourceId, row: Kind) -> Answer:
    group = place.group or ""
    verb = {"GET": "read", "HEAD": "read", "DELETE": "delete"}.get(call.method, "write")
    call.demand(f"{row.type}/{verb}", call.path)
    holder = _need_group(call, place, group)
    found = call.cloud.get(call.path)
    if call.method in ("PUT", "PATCH"):
        return _write(call, place, row, holder, found)
    if call.method == "DELETE":
        return engine.delete(call.cloud, row, found, call.headers)
    if found is None:
        raise resource_not_found(row.type, "/".join(place.names), group)
    answer = engine.read(call.cloud, found)
    expand = call.query.get("$expand", "").lower()
    if "instanceview" in expand and row.type in VIEWS:
        answer.body["properties"]["instanceView"] = VIEWS[row.type](call.cloud, found)
    return answer


VIEWS: dict[str, Callable[[Cloud, Resource], Json]] = {}
"""What `$expand=instanceView` adds, by type; filled by `routes`."""


def _write(call: Call, place: ResourceId, row: Kind, holder: Resource, found: Resource | None) -> Answer:
    if not row.writable:
        raise Refusal(405, "MethodNotAllowed", f"This cloud's {row.type} is made with it and can't be changed.")
    if holder.operation:
        raise _being_deleted(holder.name)
    if len(place.types) > 1 and call.cloud.get(ids.parent(call.path)) is None:
        raise NotFound(
            "ParentResourceNotFound",
            f"Failed to perform '{row.type}/write' on resource(s) of type '{row.type}', because the parent resource "
            f"'{ids.parent(call.path)}' could not be found.",
        )
    if call.method == "PATCH":
        if found is None:
            raise resource_not_found(row.type, "/".join(place.names), holder.name)
        return engine.patch(call.cloud, call.caller, found, call.json, call.headers)
    identifier = _canonical(place, row, holder)
    return engine.put(call.cloud, call.caller, row, identifier, call.json, call.headers)


def _canonical(place: ResourceId, row: Kind, holder: Resource) -> str:
    """The id as ARM will show it: types in the table's spelling, the group in its own."""
    types = row.type.split("/")
    pairs = "/".join(f"{kind}/{name}" for kind, name in zip(types[1:], place.names, strict=True))
    head = f"/subscriptions/{place.subscription.lower()}/{row.group_segment}/{holder.name}"
    return f"{head}/providers/{types[0]}/{pairs}"
