"""HTTP triggers: a request becomes what the worker gives the function, its result becomes the answer."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from concurrent.futures import Executor
from typing import Any

import azure.functions as func
from aiohttp import web
from multidict import CIMultiDict

from localcloud.host.app import App, AppError, Function
from localcloud.host.invoke import REGISTRY, Invoker
from localcloud.host.keys import Keys
from localcloud.host.routes import RouteError, Table, route

BODY_BYTES = 210_000_000
"""Azure's own limit for a request."""
log = logging.getLogger("host.http")


class HttpTriggers:
    """The app's HTTP functions at their routes. Raises AppError for routes that can't be read."""

    def __init__(self, app: App, prefix: str, invoker: Invoker, keys: Keys, pool: Executor) -> None:
        self._functions = {one.name: one for one in app.of_kind("httpTrigger")}
        self._invoker, self._keys, self._pool = invoker, keys, pool
        self._table = table(self._functions.values(), prefix)

    def serves(self, request: web.Request) -> bool:
        """Whether the app has a route for it."""
        return self._table.find(request.method, request.rel_url.raw_path) is not None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Whatever no other route took. A known route with another method is 404, as on Azure."""
        found = self._table.find(request.method, request.rel_url.raw_path)
        if found is None:
            return web.Response(status=404)
        function, parameters = self._functions[found[0]], found[1]
        if not self._keys.admits(request, function):
            return web.Response(status=401)
        try:
            given = _request(request, parameters, await request.read())
            return _response(await self._invoker.call(function, given, self._pool))
        except web.HTTPException:
            raise
        except Exception:
            log.exception("function %s failed", function.name)
            return web.Response(status=500)


def table(functions: Iterable[Function], prefix: str) -> Table:
    """The functions by their routes; `prefix`: what stands before every route. Raises AppError with every finding."""
    rows, findings = [], []
    for one in functions:
        try:
            rows.append((route(str(one.trigger.get("route") or one.name), prefix), _methods(one), one.name))
        except RouteError as error:
            findings.append(f"{one.name}: route: {error}.")
    if findings:
        raise AppError(*findings)
    return Table(rows)


def _methods(function: Function) -> frozenset[str]:
    methods = function.trigger.get("methods") or ()
    return frozenset(str(getattr(method, "value", method)).upper() for method in methods)


def _request(request: web.Request, parameters: dict[str, str], body: bytes) -> func.HttpRequest:
    """What has been sent twice is one value with commas; a query key without a value is left out: so sends the host
    requests to its worker."""
    query = {key: ",".join(request.query.getall(key)) for key in request.query}
    return func.HttpRequest(
        method=request.method,
        url=str(request.url),
        headers={key.lower(): ",".join(request.headers.getall(key)) for key in request.headers},
        params={key: value for key, value in query.items() if value},
        route_params=parameters,
        body=body,
    )


def _response(result: Any) -> web.Response:
    """The worker's own encoding of a result. Raises NotImplementedError for what it can't send."""
    if result is None:
        return web.Response(status=204)
    sent = REGISTRY.get("http").encode(result, expected_type=None)
    if sent.type == "string":
        return web.Response(text=sent.value)
    parts: dict[str, Any] = sent.value
    headers = CIMultiDict((_spelt(name), value.value) for name, value in parts["headers"].items())
    for jar in parts["cookies"] or ():
        for morsel in jar.values():
            headers.add("Set-Cookie", morsel.OutputString())
    return web.Response(status=int(parts["status_code"].value), body=parts["body"].value, headers=headers)


def _spelt(header: str) -> str:
    """The SDK adds `content-type` in small letters; Azure's server sends it as everybody does."""
    return "Content-Type" if header.lower() == "content-type" else header
