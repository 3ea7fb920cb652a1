"""The status pages, for people: GET shows, POST does what a button says and goes back to the page.

The pages themselves are made in isthmus/pages; what buttons do is what the API's own actions do.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, get_args
from urllib.parse import parse_qs, urlencode, urlsplit

import azure.durable_functions as df
import azure.functions as func

from activities.records import Records
from activities.steps import records
from isthmus.openapi import FORM
from isthmus.pages import HEADERS, environment_page, overview_page
from isthmus.requests import Button, Listing, parse_query
from isthmus.status import summary
from triggers import actions
from triggers.answers import bad_request, no_such, refusal
from triggers.endpoint import endpoint
from triggers.environments import listed, shown

blueprint = df.Blueprint()
CARRIED = ("code", "clientId")
"""What forms and links carry along of the page's own query: the function key."""
LONGEST_FORM = 4096
"""Bytes; ours has two short fields."""
ACTIONS = get_args(Button.model_fields["action"].annotation)


@blueprint.route(route="environments/page", methods=["GET"])
@endpoint
async def show_environments(req: func.HttpRequest) -> func.HttpResponse:
    query, findings = parse_query(Listing, req.params, frozenset(CARRIED))
    return bad_request(findings) if query is None else await asyncio.to_thread(overview, records(), req, query)


@blueprint.route(route="environments/{name}/page", methods=["GET"])
@endpoint
async def show_environment(req: func.HttpRequest) -> func.HttpResponse:
    return await asyncio.to_thread(page, records(), req)


@blueprint.route(route="environments/{name}/page", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint
async def act_from_page(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    return await act(actions, client, records(), req)


def overview(store: Records, req: func.HttpRequest, query: Listing) -> func.HttpResponse:
    found, following = listed(store, query)
    document = {"environments": [summary(record) for record in found], "next": following}
    further = f"page{carried(req, after=following)}" if following else None
    return _html(overview_page(document, datetime.now(UTC), carried(req), further))


def page(store: Records, req: func.HttpRequest, status: int = 200, notice: str = "") -> func.HttpResponse:
    name = req.route_params["name"]
    document = shown(store, name)
    if document is None:
        return refusal(no_such(name))
    return _html(environment_page(document, datetime.now(UTC), carried(req), notice), status)


async def act(
    verbs: Any, client: df.DurableOrchestrationClient, store: Records, req: func.HttpRequest
) -> func.HttpResponse:
    """Does what a button says, and goes back to the page; what can't be done is told on it. `verbs`:
    triggers/actions.py."""
    if refused := _refused(req):
        return await asyncio.to_thread(page, store, req, *refused)
    name, action = req.route_params["name"], form(req)["action"]
    given = (store, name) if action == "renew" else (client, store, name)
    done = await getattr(verbs, action)(*given)
    if done.problem is not None:
        return await asyncio.to_thread(page, store, req, done.status, f"Not done: {done.problem.detail}")
    return func.HttpResponse(status_code=303, headers={"Location": f"page{carried(req)}", **HEADERS})


def _refused(req: func.HttpRequest) -> tuple[int, str] | None:
    """Status and reason, if the form is not ours or asks for nothing that can be done."""
    if not from_here(req):
        return 403, "Not done: the form was sent from another site."
    if req.headers.get("Content-Type", "").split(";")[0].strip().lower() != FORM or len(req.get_body()) > LONGEST_FORM:
        return 400, "Not done: that is not this page's form."
    fields = form(req)
    if fields.get("action") not in ACTIONS:
        return 400, f"Not done: the action must be one of {', '.join(ACTIONS)}."
    if fields["action"] == "delete" and not fields.get("confirm"):
        return 400, "Not deleted: the box that confirms it was not ticked."
    return None


def from_here(req: func.HttpRequest) -> bool:
    """Whether a browser sent the form from this app's own page. What is no browser says nothing of it."""
    if req.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = req.headers.get("Origin")
    if origin is None:
        return True
    names = (urlsplit(req.url).netloc, req.headers.get("Host"), req.headers.get("X-Forwarded-Host"))
    return urlsplit(origin).netloc.lower() in {name.lower() for name in names if name}


def form(req: func.HttpRequest) -> dict[str, str]:
    """The form's fields, each with its first value."""
    return {key: values[0] for key, values in parse_qs(req.get_body().decode(errors="replace")).items()}


def carried(req: func.HttpRequest, **more: str) -> str:
    """The query that links and forms keep, with its question mark; empty where there is nothing to keep."""
    kept = urlencode(more | {key: req.params[key] for key in CARRIED if req.params.get(key)})
    return f"?{kept}" if kept else ""


def _html(content: str, status: int = 200) -> func.HttpResponse:
    return func.HttpResponse(content, status_code=status, mimetype="text/html", charset="utf-8", headers=dict(HEADERS))
