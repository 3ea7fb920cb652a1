"""What every endpoint has in common: a correlation id, who asks, one line in the log, and no failure without words."""

from __future__ import annotations

import functools
import os
import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import azure.functions as func
from azure.core.exceptions import AzureError

from activities import telemetry
from activities.cloud import code_of, request_id_of
from isthmus.errors import ConfigurationError, RecordConflictError
from triggers.answers import problem

CORRELATION = "X-Correlation-Id"
FITTING = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""What may go into logs and into the tags of Azure resources as it is."""
ENTRA_NAME = "X-MS-CLIENT-PRINCIPAL-NAME"
"""Set by the platform's Entra authentication. Without it in front, anybody could send this header."""


log = telemetry.logger("http")


@dataclass(frozen=True)
class Asker:
    """correlation_id: the caller's own or a new one; name: of the signed-in caller, None with a function key"""

    correlation_id: str
    name: str | None


_asker: ContextVar[Asker] = ContextVar("asker")


def asker() -> Asker:
    """Who asks, in the request that is being answered."""
    return _asker.get()


def endpoint(handler: Callable[..., Awaitable[func.HttpResponse]]) -> Callable[..., Awaitable[func.HttpResponse]]:
    """An HTTP function from a handler whose request is named `req`."""

    @functools.wraps(handler)
    async def answered(**bindings: Any) -> func.HttpResponse:
        request: func.HttpRequest = bindings["req"]
        current = _asked_by(request.headers, os.environ)
        _asker.set(current)
        named = {"environment": request.route_params.get("name"), "correlation_id": current.correlation_id}
        with telemetry.about(named):
            response = await _answer(handler, bindings)
            response.headers[CORRELATION] = current.correlation_id
            path = request.url.partition("?")[0]  # the query may hold a key
            said = (request.method, path, response.status_code, current.name or "a key's holder")
            log.info("%s %s %s; asked by %s", *said)
            return response

    return answered


async def _answer(handler: Callable[..., Awaitable[func.HttpResponse]], bindings: dict[str, Any]) -> func.HttpResponse:
    try:
        return await handler(**bindings)
    except (AzureError, RecordConflictError, ConfigurationError) as error:
        return _failing(error)
    except Exception:
        log.exception("%s failed", handler.__name__)
        return problem(500, "internal-error", "A fault of Isthmus", "Its log has the details; see the id.")


def _asked_by(headers: Mapping[str, str], environment: Mapping[str, str]) -> Asker:
    sent = headers.get(CORRELATION) or ""
    signed_in = environment.get("WEBSITE_AUTH_ENABLED", "").lower() == "true"
    return Asker(
        sent if FITTING.fullmatch(sent) else str(uuid.uuid4()),
        headers.get(ENTRA_NAME) if signed_in else None,
    )


def _failing(error: Exception) -> func.HttpResponse:
    """What is not our caller's fault, in words that hold no secret."""
    if isinstance(error, ConfigurationError):
        return problem(500, "misconfigured", "The app's settings are incomplete", str(error))
    if isinstance(error, RecordConflictError):
        return problem(409, "conflict", "Too many at once", f"{error}; ask again.")
    what = (code_of(error) if isinstance(error, AzureError) else "") or type(error).__name__
    request_id = request_id_of(error) or "none"
    log.warning("%s (request id %s)", what, request_id, extra={"code": what, "request_id": request_id})
    detail = f"{what} from a service that Isthmus needs; /api/health says which."
    return problem(503, "unavailable", "A service is not within reach", detail, headers={"Retry-After": "10"})
