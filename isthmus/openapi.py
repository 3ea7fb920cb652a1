"""The OpenAPI document, made from the models that validate requests and the types of the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pydantic import BaseModel, TypeAdapter

from isthmus import documents, names
from isthmus.problems import CONTENT_TYPE
from isthmus.requests import Listing, Renewal, Retry
from isthmus.spec import Spec

Json = dict[str, Any]
REFS = "#/components/schemas/{model}"
VERSION = "1"
PAGE, JSON = "text/html", "application/json"


@dataclass(frozen=True)
class Operation:
    """One method of one path.

    answers: status -> the answer's type (None: no body); problems: statuses that are answered as problem details
    query: a model whose fields are the query's words, or the words themselves; durable: whether it is long-running
    """

    method: str
    path: str
    name: str
    summary: str
    answers: Mapping[int, Any]
    problems: Sequence[int] = ()
    body: type[BaseModel] | None = None
    body_required: bool = False
    query: type[BaseModel] | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = JSON


ONE, ALL = "/api/environments/{name}", "/api/environments"
ALWAYS = (401, 500, 503)
"""A key that is missing, a fault of ours, a service that is not within reach."""
GENERATION = {"generation": "An earlier life of that name; the present one where it is left out."}
KEY = {"Idempotency-Key": "The same key again is the same answer again, whatever became of the environment."}
KNOWN = {"If-None-Match": "The ETag of the document that the caller has."}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "post",
        ALL,
        "createEnvironment",
        "Ask for an environment",
        {202: documents.Accepted},
        (400, 409, 422),
        Spec,
        body_required=True,
        headers=KEY,
    ),
    Operation(
        "get", ALL, "listEnvironments", "List environments", {200: documents.EnvironmentList}, (400,), query=Listing
    ),
    Operation(
        "get",
        ONE,
        "getEnvironment",
        "Status of an environment",
        {200: documents.StatusDocument, 304: None},
        (404,),
        words=GENERATION,
        headers=KNOWN,
    ),
    Operation("delete", ONE, "deleteEnvironment", "Take it down", {202: documents.Taken}, (404, 409)),
    Operation("post", f"{ONE}/cancel", "cancelEnvironment", "Stop building it", {202: documents.Taken}, (404, 409)),
    Operation(
        "post",
        f"{ONE}/retry",
        "retryEnvironment",
        "Go on where it failed",
        {202: documents.Retried},
        (400, 404, 409),
        Retry,
    ),
    Operation(
        "post",
        f"{ONE}/renew",
        "renewEnvironment",
        "Extend its lease",
        {200: documents.Renewed},
        (400, 404, 409),
        Renewal,
    ),
    Operation(
        "post",
        "/api/plans",
        "planEnvironment",
        "What would be built, and what stands against it",
        {200: documents.PlanDocument},
        (400,),
        Spec,
        body_required=True,
    ),
    Operation(
        "get", "/api/health", "health", "Whether what it needs answers", {200: documents.Health, 503: documents.Health}
    ),
    Operation("get", "/api/openapi.json", "openapi", "This document", {200: dict[str, Any], 304: None}, headers=KNOWN),
    Operation(
        "get",
        f"{ALL}/page",
        "environmentsPage",
        "All environments, for people",
        {200: str},
        (400,),
        query=Listing,
        media=PAGE,
    ),
    Operation("get", f"{ONE}/page", "environmentPage", "One environment, for people", {200: str}, (404,), media=PAGE),
    Operation(
        "post",
        f"{ONE}/page",
        "actFromPage",
        "What the page's buttons send",
        {303: None, 400: str, 403: str, 409: str},
        (404,),
        media=PAGE,
    ),
)


@cache
def document() -> Json:
    """The whole document: the same on every machine."""
    refs, definitions = _schemas()
    paths: dict[str, Json] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Isthmus",
            "version": VERSION,
            "description": "Private use of a private Azure OpenAI model across company networks, as environments.",
        },
        "paths": paths,
        "components": {
            "schemas": definitions,
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "x-functions-key"},
                "keyInQuery": {"type": "apiKey", "in": "query", "name": "code"},
                "entra": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            },
        },
        "security": [{"key": []}, {"keyInQuery": []}, {"entra": []}],
    }


def _schemas() -> tuple[dict[Any, Json], Json]:
    """Type -> how an operation refers to its schema; and all named schemas."""
    kinds: dict[Any, str] = {documents.ProblemDocument: "serialization"}
    for operation in OPERATIONS:
        kinds |= {kind: "serialization" for kind in operation.answers.values() if kind is not None}
        kinds |= {model: "validation" for model in (operation.body, operation.query) if model}
    listed = [(kind, mode, TypeAdapter(kind)) for kind, mode in kinds.items()]
    found, rest = TypeAdapter.json_schemas(listed, ref_template=REFS)  # type: ignore[arg-type]
    return {kind: schema for (kind, _), schema in found.items()}, rest["$defs"]


def _operation(operation: Operation, refs: Mapping[Any, Json]) -> Json:
    found: Json = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": _parameters(operation),
        "responses": {str(status): _answer(operation, status, refs) for status in sorted(operation.answers)}
        | {str(status): _problem(refs) for status in sorted({*operation.problems, *ALWAYS} - {*operation.answers})},
    }
    if operation.body:
        content = {JSON: {"schema": refs[operation.body]}}
        found["requestBody"] = {"required": operation.body_required, "content": content}
    return found


def _parameters(operation: Operation) -> list[Json]:
    found = [_correlation()]
    if "{name}" in operation.path:
        schema = {
            "type": "string",
            "pattern": f"^{names.ENVIRONMENT_PATTERN.pattern}$",
            "maxLength": names.LONGEST_NAME,
        }
        found.append({"name": "name", "in": "path", "required": True, "schema": schema})
    fields = operation.query.model_json_schema()["properties"] if operation.query else {}
    found += [_word(name, "query", schema) for name, schema in fields.items()]
    found += [_word(name, "query", _text(meaning)) for name, meaning in operation.words.items()]
    found += [_word(name, "header", _text(meaning)) for name, meaning in operation.headers.items()]
    return found


def _word(name: str, place: str, schema: Json) -> Json:
    return {
        "name": name,
        "in": place,
        "required": False,
        "schema": schema,
        "description": schema.get("description", ""),
    }


def _text(meaning: str) -> Json:
    return {"type": "string", "maxLength": 255, "description": meaning}


def _correlation() -> Json:
    meaning = "Comes back with the answer and stands in logs and in the tags of what is built; a new one if left out."
    return _word("X-Correlation-Id", "header", {"type": "string", "description": meaning})


def _answer(operation: Operation, status: int, refs: Mapping[Any, Json]) -> Json:
    headers: Json = {"X-Correlation-Id": {"required": True, "schema": {"type": "string"}}}
    if status == 202:
        headers |= {name: {"schema": {"type": "string"}} for name in ("Location", "Retry-After")}
    kind = operation.answers[status]
    found: Json = {"description": MEANINGS[status], "headers": headers}
    return found if kind is None else found | {"content": {operation.media: {"schema": refs[kind]}}}


def _problem(refs: Mapping[Any, Json]) -> Json:
    content = {CONTENT_TYPE: {"schema": refs[documents.ProblemDocument]}}
    return {"description": "What is wrong, and how to mend it.", "content": content}


MEANINGS = {
    200: "Done.",
    202: "Under way; look again after Retry-After seconds.",
    303: "Done; back to the page.",
    304: "The document that the caller has is still right.",
    400: "Not done: the form is not the page's own.",
    403: "Not done: the form was sent from another site.",
    404: "There is no such environment.",
    409: "Not while it is in this phase.",
    503: "Something that it needs does not answer.",
}
