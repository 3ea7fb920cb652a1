"""Ensure and remove for anything that ARM keeps: the same few moves for every resource type.

`ensure` looks first: there and as wanted -> ready; being made -> pending; missing or different -> one PUT, then
pending. While an operation is under way its own URL is looked at first, since the resource alone shows neither
why an operation failed nor that a delete was refused. One look and at most one write per call; no waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from azure.core.exceptions import AzureError

from activities.cloud import Cloud, begin, code_of, get, outcome_of, outcome_of_body, retry_after
from activities.steps import Request
from isthmus import names
from isthmus.drift import Difference
from isthmus.errors import own_failure, rule_of
from isthmus.outcomes import Failed, Outcome, failure_in, pending, ready, stopped, told
from isthmus.wanted import MOVING_TAGS, differences

MOST_WRITES = 2
FAILED_STATES = frozenset({"failed", "canceled"})
LOCATION, ASYNC_OPERATION = "Location", "Azure-AsyncOperation"

Json = dict[str, Any]


@dataclass(frozen=True)
class Resource:
    """How one resource type is reached through its SDK client.

    operations: the client's operation group; get, put, delete: its methods' names
    outputs: output name -> dotted path in the resource, for the steps that need this one
    hidden: dotted paths that ARM never gives back
    look: more keywords for `get`
    prepare: turns what the plan wants into the request body
    finish: turns the resource that is there and as wanted into the outcome
    astray: what is wrong with one whose body is as wanted, in words: what ARM's comparison can't see
    mend: the one write that puts right what went astray; its raw answer
    afterwards: once it is gone: what must still be purged; None when nothing is left
    blocker: what stands against its deletion, in words; empty where Azure's own message says it
    """

    operations: Callable[[Cloud], Any]
    get: str = "get"
    put: str = "begin_create_or_update"
    delete: str = "begin_delete"
    outputs: Mapping[str, str] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    look: Mapping[str, Any] = field(default_factory=dict)
    prepare: Callable[[Request], Json] = Request.wanted
    finish: Callable[[Request, Json], Outcome | None] = lambda request, have: None
    astray: Callable[[Request, Json], str] = lambda request, have: ""
    mend: Callable[[Request], Any] = lambda request: None
    allowed: Callable[[Request, Json], str | None] = lambda request, have: None
    afterwards: Callable[[Request], Outcome | None] = lambda request: None
    blocker: Callable[[Request, Failed], str] = lambda request, failure: ""

    def call(self, request: Request, method: str) -> Callable[..., Any]:
        bound: Callable[..., Any] = getattr(self.operations(request.cloud.at(request.resource)), method)
        return bound

    def read(self, request: Request) -> Json | None:
        return get(self.call(request, self.get), *request.names, **self.look)


def ensure(request: Request, resource: Resource) -> Outcome:
    """One look, at most one PUT."""
    try:
        return _under_way(request, "ensure") or _ensure(request, resource)
    except AzureError as error:
        return outcome_of(error)


def remove(request: Request, resource: Resource) -> Outcome:
    """One look, at most one DELETE (or purge)."""
    try:
        outcome = _under_way(request, "remove") or _remove(request, resource)
    except AzureError as error:
        outcome = outcome_of(error)
    failure = failure_in(outcome)
    if failure is not None and (blocker := resource.blocker(request, failure)):
        failure["message"] = f"{blocker}. {failure['message']}"
        if outcome["state"] == "pending":
            outcome["detail"] = f"{failure['code']}: {failure['message']}"
    return outcome


def _ensure(request: Request, resource: Resource) -> Outcome:
    body = resource.prepare(request)
    have = resource.read(request)
    if have is None:
        return _put(request, resource, body, "was not there")
    body = _with_tags_of(have, body)
    state = state_of(have)
    if state in FAILED_STATES:
        return _put(request, resource, body, f"its provisioning state was {state}")
    if state not in ("succeeded", ""):
        return pending(state)
    different = differences(body, have, resource.hidden)
    if different:
        return _put(request, resource, body, "differed at " + ", ".join(different[:5]))
    if wrong := resource.astray(request, have):
        return _mend(request, resource, wrong)
    return _ready(request, resource, have, wrote=False)


def look(request: Request, resource: Resource) -> Difference | None:
    """How what is there differs from what is wanted; None if it does not. Writes nothing. Raises AzureError."""
    have = resource.read(request)
    if have is None:
        return "missing", "it is not there"
    if (state := state_of(have)) not in ("succeeded", ""):
        return "changed", f"its provisioning state is {state}"
    if different := differences(resource.prepare(request), have, resource.hidden):
        return "changed", f"it differs at {', '.join(different[:5])}"
    if wrong := resource.astray(request, have):
        return "astray", wrong
    finished = resource.finish(request, have)
    return None if finished is None or finished["state"] == "ready" else ("astray", told(finished))


def _with_tags_of(have: Json, body: Json) -> Json:
    """A PUT takes away every tag that it does not name: those that others have set stay, and a lease that was moved on
    by its tag is not set back."""
    if "tags" not in body:
        return body
    there = have.get("tags") or {}
    return body | {"tags": there | body["tags"] | {tag: there[tag] for tag in MOVING_TAGS if tag in there}}


def _refused(request: Request, why: str) -> Failed | None:
    """Why nothing is written; None if it may be."""
    if request.stopping():
        return stopped()
    if request.writes >= MOST_WRITES:
        return own_failure(
            "NotAsWanted",
            f"It was written {request.writes} times and still {why}.",
        )
    return None


def _mend(request: Request, resource: Resource, wrong: str) -> Outcome:
    if refusal := _refused(request, f"was not as it should be: {wrong}"):
        return refusal
    answer = resource.mend(request)
    remember(request, answer, "ensure")
    return pending(f"{wrong}; asked for", retry_after(answer.headers), wrote=True)


def _put(request: Request, resource: Resource, body: Json, why: str) -> Outcome:
    if refusal := _refused(request, why):
        return refusal
    try:
        answer = begin(resource.call(request, resource.put), *request.names, body)
    except AzureError as error:
        return _purged(request, resource, error) or outcome_of(error)
    have = _body(answer)
    if remember(request, answer, "ensure"):
        return pending(f"it {why}; asked for", retry_after(answer.headers), wrote=True)
    if state_of(have) in ("succeeded", "") and have.get("id"):
        return _ready(request, resource, have, wrote=True)
    return pending(state_of(have) or "asked for", retry_after(answer.headers), wrote=True)


def _purged(request: Request, resource: Resource, error: AzureError) -> Outcome | None:
    """Where Azure keeps something deleted under the name: its purge, asked for; None if there is nothing of ours."""
    if not rule_of(0, code_of(error)).purge:
        return None
    asked = resource.afterwards(request)
    return asked and asked | {"wrote": False}  # the resource itself was not written


def _ready(request: Request, resource: Resource, have: Json, *, wrote: bool) -> Outcome:
    finished = resource.finish(request, have)
    if finished is not None:
        return finished | {"wrote": wrote or finished["wrote"]}
    return ready({name: at(have, path) for name, path in resource.outputs.items()}, wrote=wrote)


def _remove(request: Request, resource: Resource) -> Outcome:
    have = resource.read(request)
    if have is None:
        return resource.afterwards(request) or ready()
    if state_of(have) == "deleting":
        return pending("deleting")
    if refusal := resource.allowed(request, have):
        return own_failure("NotOurs", refusal)
    answer = begin(resource.call(request, resource.delete), *request.names)
    remember(request, answer, "remove")
    return pending("asked to be deleted", retry_after(answer.headers), wrote=True)


def remember(request: Request, answer: Any, verb: str) -> bool:
    """Keeps the operation's URL when the answer names one."""
    url = answer.headers.get(ASYNC_OPERATION) or answer.headers.get(LOCATION)
    if answer.status_code in (201, 202) and url:
        request.records.keep_operation(request.life, request.id, url, verb)
        return True
    return False


def _under_way(request: Request, verb: str) -> Outcome | None:
    """What the operation under way says; None when there is none, or it has ended well. How one of the other verb
    ended is of no interest: what is there now is looked at anew. One that failed by a fault of the moment is asked for
    again: a removal as often as it takes, a write once more."""
    operation = request.records.operation(request.life, request.id)
    if operation is None:
        return None
    answer = request.cloud.get_url(operation["url"])
    body = _body(answer)
    status = str(body.get("status") or "").lower()
    if answer.status_code in (408, 429) or answer.status_code >= 500:
        return outcome_of_body(answer.status_code, body, answer.headers)
    if answer.status_code == 202 or (status and status not in FAILED_STATES | {"succeeded"}):
        return pending(status or "under way", retry_after(answer.headers))
    request.records.forget_operation(request.life, request.id)
    wrong = status in FAILED_STATES or (answer.status_code >= 400 and answer.status_code != 404)
    if not wrong or operation["verb"] != verb:
        return None
    outcome = outcome_of_body(answer.status_code, body, answer.headers)
    if outcome["state"] == "pending" and verb == "ensure" and request.writes >= MOST_WRITES:
        return outcome.get("trouble", outcome)
    return outcome


def _body(answer: Any) -> Json:
    try:
        body = answer.json() if answer.content else {}
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def state_of(have: Mapping[str, Any]) -> str:
    """The provisioning state in lower case; empty where the type has none."""
    return str((have.get("properties") or {}).get("provisioningState") or "").lower()


def not_ours(request: Request, have: Mapping[str, Any]) -> str | None:
    """Why something must not be deleted, by its tags; None when they say that it is of this life."""
    tags, what = have.get("tags") or {}, request.names[-1]
    ours = {names.TAG_ENVIRONMENT: request.environment, names.TAG_GENERATION: request.generation}
    wrong = [f"{tag} is {tags.get(tag)!r}" for tag, value in ours.items() if tags.get(tag) != value]
    if wrong:
        return f"The tags of {what} say that it is somebody else's: {', '.join(wrong)}."
    return f"{what} bears the tag {names.TAG_KEEP}." if names.TAG_KEEP in tags else None


def at(value: Any, path: str) -> Any:
    """The value at a dotted path, with list positions as numbers; None where there is none."""
    for part in path.split("."):
        if isinstance(value, list):
            value = value[int(part)] if int(part) < len(value) else None
        elif isinstance(value, Mapping):
            value = value.get(part)
        else:
            return None
    return value
