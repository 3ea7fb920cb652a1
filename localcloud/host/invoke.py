"""How a function is called: what its bindings give it, on which thread, for how long, what its result becomes."""

from __future__ import annotations

import asyncio
import contextvars
import importlib
import json
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Executor
from functools import lru_cache, partial
from typing import Any

import azure.functions as func
from azure.functions.meta import Datum

from localcloud.host.app import Function

REGISTRY = func.get_binding_registry()
TIMES_KEPT = 100_000
_sdk_history = importlib.import_module("azure.durable_functions.models.history.HistoryEvent")
# The SDK parses every time in a history anew in every replay, which is half of what a replay takes.
_sdk_history.dt_parse = lru_cache(TIMES_KEPT)(_sdk_history.dt_parse)  # type: ignore[attr-defined]


class FunctionTimeoutError(Exception):
    """The function took longer than host.json allows. Its thread can't be ended and goes on, unheard."""


class Invocation(func.Context):  # type: ignore[misc]
    """What a function that asks for `context: func.Context` gets."""

    def __init__(self, name: str) -> None:
        self._id, self._name = str(uuid.uuid4()), name

    @property
    def invocation_id(self) -> str:
        return self._id

    @property
    def function_name(self) -> str:
        return self._name

    @property
    def function_directory(self) -> str:
        return "."

    @property
    def thread_local_storage(self) -> type[threading.local]:
        return threading.local

    @property
    def trace_context(self) -> None:
        return None

    @property
    def retry_context(self) -> None:
        return None


class Invoker:
    """Calls functions of the app. `client`: the durable client's binding, JSON text; `timeout`: seconds or None."""

    def __init__(self, client: str, timeout: float | None) -> None:
        self._client, self._timeout = client, timeout

    def orchestrate(self, function: Function, context: str) -> str:
        """One episode's call, on the caller's thread. Raises what the SDK raises for a failed orchestrator."""
        given = REGISTRY.get(function.kind).decode(Datum(context, "string"), trigger_metadata={})
        return str(function.call(**self._arguments(function, given)))

    async def act(self, function: Function, given: str, pool: Executor) -> str:
        """An activity: JSON text in, JSON text out. Raises what the function raises, or FunctionTimeoutError."""
        converter = REGISTRY.get(function.kind)
        value = converter.decode(Datum(given, "string"), trigger_metadata={})
        result = await self.call(function, value, pool)
        return str(converter.encode(result, expected_type=None).value)

    async def fire(self, function: Function, past_due: bool, status: dict[str, Any], pool: Executor) -> None:
        """A timer function."""
        info = json.dumps({"IsPastDue": past_due, "ScheduleStatus": status, "Schedule": {"AdjustForDST": True}})
        given = REGISTRY.get(function.kind).decode(Datum(info, "json"), trigger_metadata={})
        await self.call(function, given, pool)

    async def call(self, function: Function, given: Any, pool: Executor) -> Any:
        """Any function but an orchestrator, with its trigger's value. Raises as `act` does."""
        call = partial(function.call, **self._arguments(function, given))
        work = call() if function.is_async else _in_thread(call, pool)
        try:
            return await asyncio.wait_for(work, self._timeout)
        except TimeoutError as error:
            if self._timeout is None:
                raise
            raise FunctionTimeoutError(
                f"Timeout value of {self._timeout:g} s was exceeded by function: Functions.{function.name}"
            ) from error

    def _arguments(self, function: Function, given: Any) -> dict[str, Any]:
        arguments: dict[str, Any] = {function.parameter: given}
        if function.client:
            arguments[function.client] = self._client
        if function.wants_context:
            arguments["context"] = Invocation(function.name)
        return arguments


async def _in_thread(call: Callable[[], Any], pool: Executor) -> Any:
    run = partial(contextvars.copy_context().run, call)
    return await asyncio.get_running_loop().run_in_executor(pool, run)
