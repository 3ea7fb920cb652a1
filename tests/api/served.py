"""The app's HTTP functions as a WSGI application: the handlers that run in production, on an engine on virtual time.

Real are the routes and their matching, what the worker makes of request and answer, the handlers, their Azure SDK
clients, the records in blobs and the vault. The durable client speaks to the engine's hub instead of the host's.
Each request lets some virtual time go by, so that environments get on while they are looked at.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable
from functools import cache
from types import SimpleNamespace, TracebackType
from typing import Any

import azure.durable_functions as df
import azure.functions as func
from werkzeug.wrappers import Request, Response

from activities.cloud import share
from localcloud.host import app as functions
from localcloud.host.http_triggers import table
from localcloud.host.invoke import REGISTRY
from localcloud.host.management import Urls
from localcloud.host.routes import Table
from tests.localazure.engine import Engine
from tests.localazure.live import Hub
from triggers import cleanup, environments, pages, plans, service

SECONDS = 20.0
"""Virtual seconds that go by with each request: a life is some twenty of them."""
KEY, HUB_KEY = (hashlib.sha256(whose).hexdigest() for whose in (b"function", b"task hub"))
"""Not written out here: hypothesis sends what constants it finds in the code."""


@cache
def served() -> tuple[functions.App, Table]:
    """The app's HTTP functions, and their routes."""
    app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)
    for module in (environments, plans, pages, service, cleanup):
        app.register_functions(module.blueprint)
    indexed = functions.index(app)
    return indexed, table(indexed.functions, "api")


class Client(df.DurableOrchestrationClient):  # type: ignore[misc]
    """The SDK's own, with a hub in this process."""

    def __init__(self, hub: Hub) -> None:
        super().__init__(Urls("http://localhost", "isthmus", HUB_KEY, "inner").binding())
        self._hub = hub

    async def get_status(self, instance_id: str, *_more: Any, **_named: Any) -> Any:
        found = self._hub.instances.get(instance_id)
        return found and SimpleNamespace(runtime_status=df.OrchestrationRuntimeStatus[found.status])

    async def start_new(
        self, orchestration_function_name: str, instance_id: str | None = None, client_input: Any = None, *_more: Any
    ) -> str:
        assert instance_id is not None, "every orchestration of ours has an id of its own"
        self._hub.start(orchestration_function_name, client_input, instance_id)
        return instance_id

    async def purge_instance_history_by(self, *_given: Any) -> Any:
        return SimpleNamespace(instances_deleted=0)

    async def raise_event(self, instance_id: str, event_name: str, *_more: Any, **_named: Any) -> None:
        self._hub.raise_event(instance_id, event_name)


class Served:
    """The API of one engine's app, as WSGI. `seconds`: virtual ones that each request lets go by."""

    def __init__(self, engine: Engine, seconds: float = SECONDS) -> None:
        self.engine, self.seconds = engine, seconds
        self.client = Client(engine.hub)
        self._runner = asyncio.Runner()

    def __enter__(self) -> Served:
        share(self.engine.cloud)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        share(None)
        self._runner.close()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        response = self._answer(Request(environ))
        self.engine.pass_by(self.seconds)
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        app, routes = served()
        found = routes.find(request.method, str(request.environ["REQUEST_URI"]).partition("?")[0])
        if found is None:
            return Response(status=404)
        if KEY not in (request.headers.get("x-functions-key"), request.args.get("code")):
            return Response(status=401)
        function = app.named(found[0])
        assert function is not None
        given = _given(request, found[1])
        call: Callable[..., Any] = function.call
        if function.client:
            # What the SDK's decorator keeps for tests: the function as it is before its client is made from JSON.
            call = call.client_function  # type: ignore[attr-defined]
        arguments = {function.parameter: given} | ({function.client: self.client} if function.client else {})
        return _sent(self._runner.run(call(**arguments)))


def _given(request: Request, parameters: dict[str, str]) -> func.HttpRequest:
    """What the worker gives a function."""
    query = {key: ",".join(request.args.getlist(key)) for key in request.args}
    return func.HttpRequest(
        method=request.method,
        url=request.url,
        headers={key.lower(): value for key, value in request.headers.items()},
        params={key: value for key, value in query.items() if value},
        route_params=parameters,
        body=request.get_data(),
    )


def _sent(result: Any) -> Response:
    """What the worker sends of a function's result."""
    parts: dict[str, Any] = REGISTRY.get("http").encode(result, expected_type=None).value
    headers = {name: value.value for name, value in parts["headers"].items()}
    return Response(parts["body"].value, int(parts["status_code"].value), headers)
