"""The durable management API: start, status, list, terminate, suspend, resume, raiseEvent and purge of instances."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from localcloud.host.app import missing
from localcloud.host.events import Event, Type, event, seconds_of, short_stamp
from localcloud.host.hub import Hub
from localcloud.host.store import Status
from localcloud.host.write import AlreadyRunningError

BASE = "/runtime/webhooks/durabletask"
RUNNING = ("Running", "Pending", "ContinuedAsNew", "Suspended")
LOOK_AGAIN_START, LOOK_AGAIN_STATUS = "10", "5"
WRONG = "One or more of the arguments submitted is incorrect"


@dataclass(frozen=True)
class Urls:
    """What the extension tells of its addresses. `origin`: scheme, host and port; `inner`: a secret, since the SDK's
    own client comes without a key, on Azure at a port that is not reachable from outside."""

    origin: str
    hub: str
    key: str
    inner: str

    @property
    def rpc(self) -> str:
        """Where the SDK's own client calls the management API."""
        return f"/durabletask/{self.inner}"

    @property
    def query(self) -> str:
        return f"taskHub={self.hub}&connection=Storage&code={self.key}"

    def of(self, instance_id: str) -> dict[str, str]:
        one = f"{self.origin}{BASE}/instances/{instance_id}"
        return {
            "id": instance_id,
            "statusQueryGetUri": f"{one}?{self.query}",
            "sendEventPostUri": f"{one}/raiseEvent/{{eventName}}?{self.query}",
            "terminatePostUri": f"{one}/terminate?reason={{text}}&{self.query}",
            "rewindPostUri": f"{one}/rewind?reason={{text}}&{self.query}",
            "purgeHistoryDeleteUri": f"{one}?{self.query}",
            "restartPostUri": f"{one}/restart?{self.query}",
            "suspendPostUri": f"{one}/suspend?reason={{text}}&{self.query}",
            "resumePostUri": f"{one}/resume?reason={{text}}&{self.query}",
        }

    def binding(self) -> str:
        """What a durable client's binding gives a function."""
        start = f"{self.origin}{BASE}/orchestrators/{{functionName}}[/{{instanceId}}]?code={self.key}"
        return json.dumps(
            {
                "taskHubName": self.hub,
                "creationUrls": {"createNewInstancePostUri": start},
                "managementUrls": self.of("INSTANCEID"),
                "baseUrl": f"{self.origin}{BASE}",
                "requiredQueryStringParameters": f"code={self.key}",
                "rpcBaseUrl": f"{self.origin}{self.rpc}/",
            }
        )


class Management:
    """The API's handlers."""

    def __init__(self, hub: Hub, urls: Urls) -> None:
        self._hub, self._store, self._urls = hub, hub.store, urls

    def routes(self) -> list[web.RouteDef]:
        """The same API at its public address and at the SDK's own."""
        table = (
            ("POST", "/orchestrators/{name}", self.start),
            ("POST", "/orchestrators/{name}/{id}", self.start),
            ("GET", "/instances", self.list),
            ("GET", "/instances/", self.list),
            ("DELETE", "/instances", self.purge_many),
            ("DELETE", "/instances/", self.purge_many),
            ("GET", "/instances/{id}", self.status),
            ("DELETE", "/instances/{id}", self.purge_one),
            ("POST", "/instances/{id}/terminate", self.terminate),
            ("POST", "/instances/{id}/suspend", self.suspend),
            ("POST", "/instances/{id}/resume", self.resume),
            ("POST", "/instances/{id}/raiseEvent/{event}", self.raise_event),
            ("POST", "/instances/{id}/rewind", self.rewind),
            ("POST", "/instances/{id}/restart", self.restart),
        )
        bases = (BASE, self._urls.rpc)
        return [web.route(method, base + path, handler) for base in bases for method, path, handler in table]

    async def start(self, request: web.Request) -> web.Response:
        name, text = request.match_info["name"], await request.text()
        if not self._hub.knows("sub-orchestration", name):
            return _refused(400, WRONG, missing(name, "sub-orchestration"))
        try:
            given = json.dumps(json.loads(text)) if text else "null"
        except ValueError as error:
            return _refused(400, "The request's body is not JSON", str(error))
        wanted = request.match_info.get("id") or request.query.get("instanceId")
        return self._started(name, given, wanted, request.query.get("version", ""))

    def _started(self, name: str, given: str, wanted: str | None, version: str = "") -> web.Response:
        try:
            instance_id = self._store.start(name, given, self._hub.clock(), wanted, version)
        except AlreadyRunningError:
            status = self._store.find(str(wanted))
            word = status.status if status else "Running"
            return web.json_response(
                {"Message": f"An Orchestration instance with the status {word} already exists."}, status=409
            )
        self._hub.wake()
        urls = self._urls.of(instance_id)
        del urls["rewindPostUri"]  # the extension leaves it out of this answer
        headers = {"Location": urls["statusQueryGetUri"], "Retry-After": LOOK_AGAIN_START}
        return web.json_response(urls, status=202, headers=headers)

    async def status(self, request: web.Request) -> web.Response:
        found = self._store.find(request.match_info["id"])
        if found is None:
            return web.Response(status=404)
        history = self._store.history(found.id) if _flag(request, "showHistory") else None
        body = _document(found, _flag(request, "showInput", True))
        if history is not None:
            body["historyEvents"] = _told(history, _flag(request, "showHistoryOutput"))
        if found.status in RUNNING:
            headers = {"Location": self._urls.of(found.id)["statusQueryGetUri"], "Retry-After": LOOK_AGAIN_STATUS}
            return web.json_response(body, status=202, headers=headers)
        failed = found.status == "Failed" and _flag(request, "returnInternalServerErrorOnFailure")
        return web.json_response(body, status=500 if failed else 200)

    async def list(self, request: web.Request) -> web.Response:
        top = int(request.query.get("top") or 100)
        after = _seen(request.headers.get("x-ms-continuation-token"))
        try:
            found = self._store.listed(**_filters(request), after=after, top=top + 1)
        except ValueError as error:
            return _refused(400, "A filter can't be read", str(error))
        page = found[:top]
        more = len(found) > top
        headers = {"x-ms-continuation-token": _token(page[-1])} if more else {}
        body = [_document(one, _flag(request, "showInput", True)) for one in page]
        return web.json_response(body, headers=headers)

    async def purge_one(self, request: web.Request) -> web.Response:
        found = self._store.find(request.match_info["id"])
        if found is None:
            return web.Response(status=404)
        if not found.over:
            return web.Response(status=412)
        return web.json_response({"instancesDeleted": self._store.purge([found.id])})

    async def purge_many(self, request: web.Request) -> web.Response:
        if "createdTimeFrom" not in request.query:
            return _refused(400, "Please provide value for 'createdTimeFrom' parameter.", "")
        try:
            found = self._store.listed(**_filters(request))
        except ValueError as error:
            return _refused(400, "A filter can't be read", str(error))
        over = [one.id for one in found if one.over]
        if not over:
            return web.Response(status=404)
        return web.json_response({"instancesDeleted": self._store.purge(over)})

    async def terminate(self, request: web.Request) -> web.Response:
        reason = request.query.get("reason", "")
        return self._sent(request, event(Type.EXECUTION_TERMINATED, self._hub.clock(), Input=reason))

    async def suspend(self, request: web.Request) -> web.Response:
        reason = request.query.get("reason", "")
        return self._sent(request, event(Type.EXECUTION_SUSPENDED, self._hub.clock(), Reason=reason))

    async def resume(self, request: web.Request) -> web.Response:
        reason = request.query.get("reason", "")
        return self._sent(request, event(Type.EXECUTION_RESUMED, self._hub.clock(), Reason=reason))

    async def raise_event(self, request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            return _refused(400, "Only application/json request content is supported", "")
        text = await request.text()
        try:
            value = json.dumps(json.loads(text)) if text else "null"
        except ValueError as error:
            return _refused(400, "The request's body is not JSON", str(error))
        name = request.match_info["event"]
        return self._sent(request, event(Type.EVENT_RAISED, self._hub.clock(), Name=name, Input=value))

    async def rewind(self, request: web.Request) -> web.Response:
        found = self._store.find(request.match_info["id"])
        if found is None:
            return web.Response(status=404)
        if found.status != "Failed":
            return web.Response(status=410 if found.over else 412)
        self._store.rewind(found.id, request.query.get("reason", ""), self._hub.clock())
        self._hub.wake()
        return web.Response(status=202)

    async def restart(self, request: web.Request) -> web.Response:
        found = self._store.find(request.match_info["id"])
        if found is None:
            return _refused(400, WRONG, "There is no such instance.")
        new_id = _flag(request, "restartWithNewInstanceId", True)
        return self._started(found.name, found.input, None if new_id else found.id)

    def _sent(self, request: web.Request, what: Event) -> web.Response:
        found = self._store.find(request.match_info["id"])
        if found is None:
            return web.Response(status=404)
        if found.over:
            return web.Response(status=410)
        self._store.post(found.id, what, self._hub.clock())
        self._hub.wake()
        return web.Response(status=202)


def _document(status: Status, show_input: bool) -> dict[str, Any]:
    return {
        "name": status.name,
        "instanceId": status.id,
        "runtimeStatus": status.status,
        "input": json.loads(status.input) if show_input else None,
        "customStatus": json.loads(status.custom) if status.custom else None,
        "output": json.loads(status.output) if status.output else None,
        "createdTime": short_stamp(status.created),
        "lastUpdatedTime": short_stamp(status.updated),
    }


NAMED = {
    Type.EXECUTION_STARTED: "ExecutionStarted",
    Type.EXECUTION_COMPLETED: "ExecutionCompleted",
    Type.EXECUTION_TERMINATED: "ExecutionTerminated",
    Type.TASK_COMPLETED: "TaskCompleted",
    Type.TASK_FAILED: "TaskFailed",
    Type.SUB_COMPLETED: "SubOrchestrationInstanceCompleted",
    Type.SUB_FAILED: "SubOrchestrationInstanceFailed",
    Type.TIMER_FIRED: "TimerFired",
    Type.EVENT_RAISED: "EventRaised",
}
"""The events that a status query tells of, by the names it uses."""


def _told(history: list[Event], outputs: bool) -> list[dict[str, Any]]:
    """The history as a status query shows it: each task once, at its end, with when it was scheduled."""
    scheduled = {one["EventId"]: one for one in history if one["EventType"] in (4, 7, 10)}
    told = []
    for one in history:
        if one["EventType"] not in NAMED:
            continue
        line: dict[str, Any] = {"EventType": NAMED[Type(one["EventType"])], "Timestamp": one["Timestamp"]}
        begun = scheduled.get(one.get("TaskScheduledId", one.get("TimerId")))
        if begun:
            line["ScheduledTime"] = begun["Timestamp"]
            line["FunctionName" if "Name" in begun else "FireAt"] = begun.get("Name") or begun["FireAt"]
        line |= {key: one[key] for key in ("Name", "Reason", "OrchestrationStatus") if key in one}
        if "Name" in line and one["EventType"] == Type.EXECUTION_STARTED:
            line["FunctionName"] = line.pop("Name")
        if outputs:
            line |= {key: _parsed(one[key]) for key in ("Result", "Input") if one.get(key) is not None}
        told.append(line)
    return told


def _parsed(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text


def _filters(request: web.Request) -> dict[str, Any]:
    """The filters of a query. Raises ValueError for a time that is none."""
    times = {
        name: seconds_of(request.query[given].replace(" ", "+"))
        for name, given in (("created_from", "createdTimeFrom"), ("created_to", "createdTimeTo"))
        if request.query.get(given)
    }
    statuses = [one.strip() for one in request.query.get("runtimeStatus", "").split(",") if one.strip()]
    return {"statuses": statuses, "prefix": request.query.get("instanceIdPrefix", ""), **times}


def _flag(request: web.Request, name: str, default: bool = False) -> bool:
    return request.query.get(name, str(default)).lower() == "true"


def _token(last: Status) -> str:
    return base64.b64encode(json.dumps([last.created, last.id]).encode()).decode()


def _seen(token: str | None) -> tuple[float, str] | None:
    if not token or token.lower() == "bnvsba==":  # base64 of "null": what the extension sends for no more
        return None
    try:
        created, instance_id = json.loads(base64.b64decode(token))
    except (binascii.Error, ValueError) as error:
        raise web.HTTPBadRequest(text="x-ms-continuation-token can't be read") from error
    return float(created), str(instance_id)


def _refused(status: int, message: str, exception: str) -> web.Response:
    body = {"Message": message, "ExceptionMessage": exception, "ExceptionType": "System.ArgumentException"}
    return web.json_response(body, status=status)
