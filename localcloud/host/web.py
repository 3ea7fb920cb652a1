"""The web server: HTTP triggers at their routes, the admin API, and the durable management API."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from typing import Any

import azure.functions as func
from aiohttp import web

from localcloud.host.app import App, Function
from localcloud.host.invoke import Invoker
from localcloud.host.management import Management

BODY_BYTES = 210_000_000
"""Azure's own limit for a request."""
PARAMETER = re.compile(r"\{(\*{0,2})(\w+)(?::(\w+))?(\?)?\}")
CONSTRAINTS = {
    "int": r"-?\d+",
    "long": r"-?\d+",
    "bool": r"(?i:true|false)",
    "guid": r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}",
    "alpha": r"[a-zA-Z]+",
}
log = logging.getLogger("host.http")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def application(app: App, prefix: str, invoker: Invoker, management: Management, pool: Executor) -> web.Application:
    """The whole server. `prefix`: what stands before every trigger's route."""
    server = web.Application(client_max_size=BODY_BYTES)
    server.add_routes(management.routes())
    server.add_routes(
        [
            web.get("/admin/host/ping", _ping),
            web.get("/admin/host/status", _host_status),
            web.post("/admin/functions/{name}", _manual(app, invoker, pool)),
        ]
    )
    for function in app.of_kind("httpTrigger"):
        handler = _trigger(function, invoker, pool)
        for path in paths(str(function.trigger.get("route") or function.name), prefix):
            for method in _methods(function):
                server.router.add_route(method, path, handler)
    return server


def paths(route: str, prefix: str) -> list[str]:
    """aiohttp's patterns for a route template: one more for each optional parameter at its end."""
    whole = "/" + "/".join(part for part in (prefix, route.strip("/")) if part)
    found = []
    while True:
        found.append(PARAMETER.sub(_pattern, whole))
        head, _, last = whole.rpartition("/")
        if not last.endswith("?}") or not PARAMETER.fullmatch(last):
            return found
        whole = head


def _pattern(match: re.Match[str]) -> str:
    star, name, constraint, _ = match.groups()
    if star:
        return f"{{{name}:.*}}"
    return f"{{{name}:{CONSTRAINTS.get(constraint or '', '[^{}/]+')}}}"


def _methods(function: Function) -> list[str]:
    methods = function.trigger.get("methods")
    return [str(getattr(method, "value", method)) for method in methods] if methods else ["*"]


def _trigger(function: Function, invoker: Invoker, pool: Executor) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        given = func.HttpRequest(
            method=request.method,
            url=str(request.url),
            headers=dict(request.headers),
            params=dict(request.query),
            route_params=dict(request.match_info),
            body=await request.read(),
        )
        try:
            result = await invoker.call(function, given, pool)
        except Exception:
            log.exception("function %s failed", function.name)
            return web.Response(status=500)
        return _response(result)

    return handle


def _response(result: Any) -> web.Response:
    if not isinstance(result, func.HttpResponse):
        return web.Response(text="" if result is None else str(result))
    content_type = result.mimetype
    if content_type.startswith("text/") and "charset" not in content_type:
        content_type += f"; charset={result.charset}"
    headers = {"Content-Type": content_type} | dict(result.headers)
    return web.Response(status=result.status_code, body=result.get_body(), headers=headers)


def _manual(app: App, invoker: Invoker, pool: Executor) -> Handler:
    """Runs a timer function by hand."""

    async def handle(request: web.Request) -> web.Response:
        function = app.named(request.match_info["name"])
        if function is None:
            return web.Response(status=404)
        if function.kind != "timerTrigger":
            return web.json_response({"Message": f"{function.name} has no timer trigger."}, status=400)
        try:
            await invoker.fire(function, False, {}, pool)
        except Exception:
            log.exception("function %s failed", function.name)
        return web.Response(status=202)

    return handle


async def _ping(request: web.Request) -> web.Response:
    return web.Response()


async def _host_status(request: web.Request) -> web.Response:
    body = {"state": "Running", "version": "4.0.0", "processUptime": 0, "extensionBundle": None}
    return web.Response(text=json.dumps(body), content_type="application/json")
