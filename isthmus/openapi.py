"""The OpenAPI document, made from the models that validate requests and the types of the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pydantic import BaseModel, TypeAdapter

from isthmus import documents, names
from isthmus.problems import CONTENT_TYPE
from isthmus.requests import LONGEST_KEY, Button, Listing, Renewal, Retry, Sweep
from isthmus.spec import Spec

Json = dict[str, Any]
REFS = "#/components/schemas/{model}"
VERSION = "1"
PAGE, JSON = "text/html", "application/json"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Operation:
    """One method of one path.

    answers: status -> the answer's type (None: no body); problems: statuses that are answered as problem details
    query: a model whose fields are the query's words; words, headers: name -> schema
    media: of what it answers with; form: whether its body is sent as a browser's form
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
    words: Mapping[str, Json] = field(default_factory=dict)
    headers: Mapping[str, Json] = field(default_factory=dict)
    media: str = JSON
    form: bool = False

    @property
    def of_one(self) -> bool:
        """It is about one environment."""
        return "{name}" in self.path


ONE, ALL = "/api/environments/{name}", "/api/environments"
ALWAYS = (409, 500, 503)
"""Too many changes at once, a fault of ours, a service that is not within reach."""
GENERATION = {
    "generation": {"description": "An earlier life of that name; the present one where it is left out."},
}
KEY = {
    "Idempotency-Key": {
        "maxLength": LONGEST_KEY,
        "description": "The same key again is the same answer again, whatever became of the environment.",
    }
}
KNOWN = {"If-None-Match": {"description": "The ETag of the document that the caller has."}}

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
    Operation("get", "/api/cleanup", "listSweeps", "What the last sweeps did", {200: documents.SweepList}),
    Operation(
        "post",
        "/api/cleanup",
        "sweep",
        "Take down what has expired now, or say what that is",
        {200: documents.SweepFindings, 202: documents.SweepAccepted},
        (400, 409),
        query=Sweep,
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
        Button,
        body_required=True,
        media=PAGE,
        form=True,
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
        "responses": _responses(operation, refs),
    }
    if operation.body:
        content = {FORM if operation.form else JSON: {"schema": refs[operation.body]}}
        found["requestBody"] = {"required": operation.body_required, "content": content}
    return found


def _parameters(operation: Operation) -> list[Json]:
    found = [_correlation()]
    if operation.of_one:
        schema = {
            "type": "string",
            "pattern": f"^{names.ENVIRONMENT_PATTERN.pattern}$",
            "maxLength": names.LONGEST_NAME,
        }
        found.append({"name": "name", "in": "path", "required": True, "schema": schema})
    fields = operation.query.model_json_schema()["properties"] if operation.query else {}
    found += [_word(name, "query", _without_null(schema)) for name, schema in fields.items()]
    found += [_word(name, "query", {"type": "string"} | limits) for name, limits in operation.words.items()]
    found += [_word(name, "header", {"type": "string"} | limits) for name, limits in operation.headers.items()]
    return found


def _word(name: str, place: str, schema: Json) -> Json:
    return {
        "name": name,
        "in": place,
        "required": False,
        "schema": schema,
        "description": schema.get("description", ""),
    }


def _without_null(schema: Json) -> Json:
    """Of a word in a query: it is there or not, and never null."""
    kinds: list[Json] = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if not kinds:
        return schema
    kind: Json = kinds[0]
    return kind | {key: value for key, value in schema.items() if key not in ("anyOf", "default")}


def _correlation() -> Json:
    meaning = "Comes back with the answer and stands in logs and in the tags of what is built; a new one if left out."
    return _word(CORRELATION, "header", {"type": "string", "description": meaning})


def _responses(operation: Operation, refs: Mapping[Any, Json]) -> Json:
    found = {str(status): _answer(operation, status, refs) for status in operation.answers}
    for status in {*operation.problems, *ALWAYS}:
        usual = found.setdefault(str(status), {"description": PROBLEM, "headers": _headers()})
        problem = {CONTENT_TYPE: {"schema": refs[documents.ProblemDocument]}}
        usual["content"] = usual.get("content", {}) | problem
    return dict(sorted(found.items())) | {"401": {"description": MEANINGS[401]}}


def _answer(operation: Operation, status: int, refs: Mapping[Any, Json]) -> Json:
    kind = operation.answers[status]
    found: Json = {"description": MEANINGS[status], "headers": _headers(*HEADERS.get(status, ()))}
    if operation.headers is KNOWN:
        found["headers"] |= _headers("ETag")
    if kind is not None:
        found["content"] = {operation.media: {"schema": refs[kind]}}
    if kind in NAMING:
        found["links"] = {one.name: _link(one) for one in OPERATIONS if one.of_one}
    return found


def _headers(*names: str) -> Json:
    return {name: {"required": True, "schema": {"type": "string"}} for name in (CORRELATION, *names)}


def _link(operation: Operation) -> Json:
    """What may be asked next about the environment that an answer names."""
    return {"operationId": operation.name, "parameters": {"name": "$response.body#/name"}}


CORRELATION = "X-Correlation-Id"
HEADERS = {202: ("Location", "Retry-After"), 303: ("Location",)}
"""Headers that answers with that status have, beside the correlation id."""
NAMING = (documents.Accepted, documents.Taken, documents.Retried, documents.Renewed)
"""Answers to what was done with one environment: each names it."""
PROBLEM = "What is wrong, and how to mend it."
MEANINGS = {
    200: "Done.",
    202: "Under way; look again after Retry-After seconds.",
    303: "Done; back to the page.",
    304: "The document that the caller has is still right.",
    400: "Not done: the form is not the page's own.",
    401: "The key is missing or wrong. The platform itself says so, without a word.",
    403: "Not done: the form was sent from another site.",
    404: "There is no such environment.",
    409: "Not while it is in this phase.",
    503: "Something that it needs does not answer.",
}
