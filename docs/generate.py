"""Writes the pages that follow from the project's own tables; the tests compare them with what is committed.

Run as `python -m docs.generate`. Pure but for the writing: the same tables give the same pages.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from docs.markup import EXISTING_WORDS, page, table
from docs.roles import bicep_roles, existing_roles, role, role_json
from docs.scale import scale
from isthmus.codes import AZURE, DOES, OWN, UNKNOWN, UNKNOWN_TRANSIENT, Rule
from isthmus.graph import GRAPH, Kind
from isthmus.settings import MEANINGS, OPTIONAL, TUNING
from isthmus.spec import Corp, Model, Spec, TicketsByOckam, TicketsByRequest
from isthmus.telemetry import FIELDS, METRICS
from localcloud.azure import catalog
from localcloud.azure.model import Kind as Row
from localcloud.azure.table import ROWS

FOLDER = Path(__file__).resolve().parent
STAGES = {
    "reserve": "first, for all corps",
    "build": "per corp, all corps at once",
    "verify": "last, when every corp is built",
}
STYLES = {
    "sync": "at once",
    "async_operation": "201, `Azure-AsyncOperation`",
    "location_201": "201, `Location`",
    "location_202": "202, `Location`",
    "body": "201, the body's state",
}


def resources() -> str:
    """docs/resources.md"""
    stages = ", ".join(f"*{name}*: {meaning}" for name, meaning in STAGES.items())
    return page(
        "What an environment is made of",
        f"From `isthmus/graph.py`. A corp is the provider (it has the model) or a consumer. Stages: {stages}.",
        table(
            ("step", "what it is for", "whose", "needs", "stage", "not built where it exists"),
            (_step(kind) for kind in GRAPH),
        ),
        "What needs a step that is not built, needs nothing in its place. See [landing zones](landing-zones.md).",
        "## How each is made and removed",
        "Typical durations are Azure's; a step that is not ready at its deadline has failed. What goes *with the "
        "group* is not deleted by itself: its removal only looks that it is gone.",
        table(
            ("step", "Azure type", "typical", "deadline", "one at a time with", "removed"),
            (_making(kind) for kind in GRAPH),
        ),
    )


def _step(kind: Kind) -> list[str]:
    needs = ", ".join(f"`{need}`" for need in kind.needs) or "nothing"
    existing = " and ".join(EXISTING_WORDS[what] for what in sorted(kind.unless))
    return [f"`{kind.name}`", kind.description, kind.role or "every corp", needs, kind.stage, existing]


def _making(kind: Kind) -> list[str]:
    beside = [f"`{other.name}`" for other in GRAPH if other.serial == kind.serial and other is not kind]
    return [
        f"`{kind.name}`",
        kind.azure,
        f"{kind.typical:g} s",
        f"{kind.deadline / 60:g} min",
        ", ".join(beside) if kind.serial else "",
        "by itself"
        if kind.removal == "own"
        else "with the group" + (f"; by itself in an existing {EXISTING_WORDS[kind.into]}" if kind.into else ""),
    ]


def scheduler_host() -> str:
    """infra/host.scheduler.json: host.json for the Durable Task Scheduler. A file of its own, since the platform reads
    the file itself to know what to scale by: app settings that override it would be seen by the host alone."""
    host = json.loads((FOLDER.parent / "host.json").read_text())
    host["extensions"]["durableTask"]["storageProvider"] = {
        "type": "azureManaged",
        "connectionStringName": "DURABLE_TASK_SCHEDULER_CONNECTION_STRING",
    }
    return json.dumps(host, indent=2) + "\n"


def localcloud() -> str:
    """docs/localcloud.md"""
    return page(
        "What the local cloud offers",
        "From `localcloud/azure/`. Whatever stands here behaves as Azure does in what Isthmus relies on; what does not "
        "is refused, never taken and ignored. Durations are multiplied by the speed factor.",
        "## Resource types of ARM",
        table(
            ("type", "verbs", "more actions", "a PUT is answered", "PUT", "DELETE", "api-versions"),
            (_coverage(row) for row in ROWS),
        ),
        "## Models",
        table(
            ("model", "version", "state", "deployment types, closed for new ones from"),
            (
                (model.name, model.version, model.lifecycle, ", ".join(f"{sku} ({date})" for sku, date in model.skus))
                for model in catalog.MODELS
            ),
        ),
        "## Regions, sizes, images",
        f"Regions: {', '.join(catalog.LOCATIONS)}.",
        table(
            ("size", "family", "cores", "memory"),
            ((size.name, size.family, str(size.cores), f"{size.memory_gib} GiB") for size in catalog.SIZES),
        ),
        table(("image", "latest"), ((":".join(image), version) for image, version in catalog.IMAGES.items())),
    )


def _coverage(row: Row) -> list[str]:
    verbs = "GET, PUT, PATCH, DELETE" if row.writable else "GET"
    return [
        row.type,
        verbs,
        ", ".join(sorted(row.actions)),
        STYLES[row.style] if row.writable else "",
        f"{row.seconds:g} s" if row.seconds else "",
        f"{row.delete_seconds:g} s" if row.delete_seconds else "",
        ", ".join(row.versions),
    ]


def request() -> str:
    """docs/request.md"""
    schemas = {model: model.model_json_schema() for model in (Spec, Corp, Model, TicketsByOckam, TicketsByRequest)}
    parts = [
        part
        for model, schema in schemas.items()
        for part in (f"## {model.__name__}", str(model.__doc__), table(HEADS, _fields(schema)))
    ]
    return page("What may stand in a request", "The body of `POST /api/environments` and of `POST /api/plans`.", *parts)


HEADS = ("field", "meaning", "default", "limits")
LIMITS = ("pattern", "enum", "const", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems")


def _fields(schema: Mapping[str, Any]) -> Iterable[list[str]]:
    required = schema.get("required", [])
    for name, field in schema["properties"].items():
        default = (
            "required" if name in required else f"`{json.dumps(field['default'])}`" if "default" in field else "made"
        )
        limits = ", ".join(f"{word} `{field[word]}`" for word in LIMITS if word in field)
        yield [f"`{name}`", field.get("description", ""), default, limits]


def settings() -> str:
    """docs/settings.md"""
    return page(
        "App settings",
        table(("setting", "meaning"), ([f"`{name}`", meaning] for name, meaning in MEANINGS.items())),
        "Without one of these the app does not start. Besides, it reads:",
        table(("setting", "meaning"), ([f"`{name}`", meaning] for name, meaning in (OPTIONAL | TUNING).items())),
    )


def errors() -> str:
    """docs/errors.md"""
    rules = sorted(AZURE, key=lambda rule: rule.code.lower())
    classes = ", ".join(f"*{name}*: {meaning}" for name, meaning in DOES.items())
    return page(
        "Error codes: what they mean and how to mend them",
        "A step that failed has a code, a message, a hint and Azure's request id, in the status document, on the page "
        "and in the command. From `isthmus/codes.py`, which also decides what the app does by itself before it gives "
        f"up. {classes[0].upper()}{classes[1:]}. What waits longer than its patience fails with that very code; where "
        "none is given, the step's deadline ends it, as `DeadlineExceeded` with what was last seen.",
        "## Codes of Azure",
        table(ERROR_HEADS, (_error(rule, f"`{rule.code}`") for rule in rules)),
        "Any other code goes by its status:",
        table(ERROR_HEADS, (_error(rule, "any other") for rule in (UNKNOWN_TRANSIENT, UNKNOWN))),
        "## Codes of Isthmus",
        table(("code", "meaning", "to mend it"), ([f"`{own.code}`", own.meaning, own.mend] for own in OWN)),
    )


ERROR_HEADS = ("code", "meaning", "what is done", "to mend it")


def _error(rule: Rule, name: str) -> list[str]:
    done = rule.does if rule.does == "fail" else f"{rule.does}, {rule.pause:g} s"
    if rule.patience:
        done += f", for {rule.patience / 60:g} min"
    purged = "purge or recover what is soft-deleted; else " if rule.purge else ""
    return [name, rule.meaning, purged + done, rule.mend]


SWITCHES = {
    "APPLICATIONINSIGHTS_CONNECTION_STRING": "where to, from the Application Insights resource",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": "`Authorization=AAD;ClientId=` and the client id of the app's "
    "identity, which needs the role Monitoring Metrics Publisher there",
    "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY": "`true`: the worker sets OpenTelemetry up, before it loads the app",
    "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "`django,fastapi,flask,httpx,httpx2,psycopg2,requests,urllib,urllib3`: "
    "the Azure SDKs trace their requests themselves",
    "OTEL_TRACES_SAMPLER": "`always_on`: the distribution's default, five traces a second, leaves holes in a life",
}
LOGS = """\
Every log line and every span has those that apply: as columns (`customDimensions` in Application Insights), and lines
also as words at their end. A line that tells of an error has `code`, Azure's own, and `request_id` besides.

One line each time that a step's state changes (INFO; ERROR when it failed), one whenever Azure refuses what can be
asked again (WARNING), one for each phase, and one for each answer to an HTTP request."""
TRACES = """\
All calls of one life are one trace, whichever orchestration and process they come from. Its id is the life's
correlation id without the dashes if that is a GUID (it is, unless the caller sent an `X-Correlation-Id` of another
form), else made of it. Each call of an activity is a span, named as the activity; of a step it also has `kind`, `verb`
(ensure, remove), `attempts` and `outcome` (ready, pending, failed). Requests to Azure are spans within it; those to
the URLs of operations, which are signed, are left out. The platform's own trace of each call is linked.

Azure Resource Manager is sent the same id as `x-ms-correlation-request-id`: the activity log has it as its
correlation id."""
WHERE = """\
The app speaks to OpenTelemetry's API (`activities/telemetry.py`) and to Python's `logging`, and has no word on where
that goes. On Azure the Functions worker itself sets up Azure Monitor's distribution, which stands in
`requirements.txt` for it and is never imported by the app. So there is no code of ours for that; lines are not sent
twice, since the worker tells the host to leave them alone; and without the setting nothing of it is loaded (it takes
about 0.3 s of a cold start). It sends with the app's identity; there is no key. These app settings turn it on, beside
`"telemetryMode": "OpenTelemetry"` in `host.json`:"""


def telemetry() -> str:
    """docs/telemetry.md"""
    told = (
        [f"`{metric.name}`", metric.kind, f"`{metric.unit}`", ", ".join(metric.by), metric.meaning]
        for metric in METRICS
    )
    return page(
        "Logs, traces, metrics",
        WHERE,
        table(("setting", "value"), ([f"`{name}`", value] for name, value in SWITCHES.items())),
        "## Logs",
        LOGS,
        table(("field", "what it holds"), ([f"`{name}`", meaning] for name, meaning in FIELDS.items())),
        "## Traces",
        TRACES,
        "## Metrics",
        table(("metric", "kind", "unit", "by", "what"), told),
    )


def pages() -> dict[str, str]:
    """File name -> text of every generated page."""
    return {
        "resources.md": resources(),
        "role.md": role(),
        "role.json": role_json(),
        "existing-roles.json": existing_roles(),
        "../infra/roles.json": bicep_roles(),
        "localcloud.md": localcloud(),
        "request.md": request(),
        "settings.md": settings(),
        "errors.md": errors(),
        "telemetry.md": telemetry(),
        "scale.md": scale(),
        "../infra/host.scheduler.json": scheduler_host(),
    }


def write(folder: Path) -> None:
    for name, text in pages().items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    write(FOLDER)
