"""The web server: HTTP triggers, the admin API, the durable management API and the page, each with who may call it."""

from __future__ import annotations

import logging
from concurrent.futures import Executor

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from localcloud.host.app import App
from localcloud.host.http_triggers import BODY_BYTES, HttpTriggers
from localcloud.host.invoke import Invoker
from localcloud.host.keys import Keys
from localcloud.host.management import BASE, Management
from localcloud.host.pages import Pages

log = logging.getLogger("host.web")
PING = "/admin/host/ping"


def application(
    app: App,
    invoker: Invoker,
    management: Management,
    triggers: HttpTriggers,
    pages: Pages,
    keys: Keys,
    pool: Executor,
) -> web.Application:
    """The whole server."""
    server = web.Application(client_max_size=BODY_BYTES, middlewares=[_guard(keys)])
    server.add_routes(management.routes())
    server.add_routes(
        [
            web.get(PING, _ping),
            web.post(PING, _ping),
            web.get("/admin/host/status", _host_status),
            web.post("/admin/functions/{name}", _manual(app, invoker, pool)),
        ]
    )
    server.router.add_route("*", "/{path:.*}", _of_the_app_or_ours(triggers, pages, keys))
    return server


def _of_the_app_or_ours(triggers: HttpTriggers, pages: Pages, keys: Keys) -> Handler:
    """The pages stand only where the app has no route of its own. They show inputs and outputs, so they are the
    master's."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if triggers.serves(request) or not pages.serves(request):
            return await triggers.handle(request)
        return await pages.handle(request) if keys.admits_admin(request) else web.Response(status=401)

    return handle


def _guard(keys: Keys) -> Middleware:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        path = request.path
        if path.startswith(BASE):
            admitted = keys.admits_durable(request)
        elif path.startswith("/admin/") and path != PING:
            admitted = keys.admits_admin(request)
        else:
            admitted = True  # a trigger knows its own level
        return await handler(request) if admitted else web.Response(status=401)

    return guard


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
    return web.json_response({"state": "Running", "version": "4.0.0", "processUptime": 0, "extensionBundle": None})
