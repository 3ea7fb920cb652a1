"""How answers and problems look: JSON, and problem details (RFC 9457) where something is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import azure.functions as func

from isthmus.problems import CONTENT_TYPE, Finding, Problem


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> func.HttpResponse:
    return func.HttpResponse(
        json.dumps(body, indent=1), status_code=status, mimetype="application/json", headers=dict(headers or {})
    )


def problem(status: int, kind: str, title: str, detail: str, findings: tuple[Finding, ...] = ()) -> func.HttpResponse:
    body = Problem(status, kind, title, detail, findings).as_json()
    return func.HttpResponse(json.dumps(body, indent=1), status_code=status, mimetype=CONTENT_TYPE)


def not_found(name: str) -> func.HttpResponse:
    return problem(404, "no-such-environment", "No such environment", f"There is no environment named {name!r}.")
