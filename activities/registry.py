"""The table: step kind -> ensure and remove; and the registration of every activity.

Activities carry the kind in their name (`ensure_private_endpoint`), so that a history reads like a story.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import azure.durable_functions as df

from activities import (
    arm,
    authorization,
    bookkeeping,
    cleanup,
    cognitiveservices,
    compute,
    identities,
    keyvault,
    network,
    planning,
    privatedns,
    resources,
    tickets,
    verification,
)
from activities.cloud import cloud
from activities.steps import Request, records, request_of
from isthmus.outcomes import Outcome, failed

Verb = Callable[[Request], Outcome]

ARM_KINDS: dict[str, arm.Resource] = {
    **resources.KINDS,
    **network.KINDS,
    **privatedns.KINDS,
    **identities.KINDS,
    **cognitiveservices.KINDS,
    **compute.KINDS,
}

OTHER_KINDS: dict[str, tuple[Verb, Verb]] = {
    "reserved_ticket": (keyvault.ensure_reserved, keyvault.remove_reserved),
    "reserved_key": (keyvault.ensure_reserved, keyvault.remove_reserved),
    "secret_access": (authorization.ensure_access, authorization.remove_access),
    "key_access": (authorization.ensure_access, authorization.remove_access),
    "ticket": (tickets.ensure_ticket, tickets.remove_ticket),
    "api_key": (keyvault.ensure_api_key, keyvault.remove_api_key),
    "proof": (verification.ensure_proof, verification.remove_proof),
}

VERBS: dict[str, tuple[Verb, Verb]] = {
    **{
        kind: (partial(arm.ensure, resource=resource), partial(arm.remove, resource=resource))
        for kind, resource in ARM_KINDS.items()
    },
    **OTHER_KINDS,
}

log = logging.getLogger("isthmus.activities")
blueprint = df.Blueprint()


def _guarded(verb: Verb, payload: Mapping[str, Any]) -> dict[str, Any]:
    """A bug in one step is that step's failure: the orchestration goes on to take down what it built."""
    try:
        return dict(verb(request_of(payload)))
    except Exception as error:
        log.exception("step %s of %s", payload["step"]["id"], payload["environment"])
        return dict(
            failed(
                "InternalError",
                f"{type(error).__name__} in Isthmus itself.",
                hint="This is a fault of Isthmus: its log has the details under this step's name.",
                retryable=True,
            )
        )


def _register(name: str, verb: Verb) -> None:
    def activity(request: dict) -> dict:  # type: ignore[type-arg]
        return _guarded(verb, request)

    activity.__name__ = name
    blueprint.activity_trigger(input_name="request")(activity)


for _kind, (_ensure, _remove) in VERBS.items():
    _register(f"ensure_{_kind}", _ensure)
    _register(f"remove_{_kind}", _remove)


def _life(request: Mapping[str, Any]) -> tuple[str, str]:
    return request["environment"], request["generation"]


@blueprint.activity_trigger(input_name="request")
def plan_environment(request: dict) -> dict:  # type: ignore[type-arg]
    return dict(planning.plan_environment(cloud(), records(), _life(request), request["attempt"]))


@blueprint.activity_trigger(input_name="request")
def set_phase(request: dict) -> dict:  # type: ignore[type-arg]
    return bookkeeping.set_phase(records(), _life(request), request["phase"], request["details"])


@blueprint.activity_trigger(input_name="request")
def save_progress(request: dict) -> dict:  # type: ignore[type-arg]
    return bookkeeping.save_progress(records(), _life(request), request["part"], request["lines"])


@blueprint.activity_trigger(input_name="request")
def begin_teardown(request: dict) -> dict:  # type: ignore[type-arg]
    expired_at = datetime.fromisoformat(request["expired_at"]) if request.get("expired_at") else None
    return bookkeeping.begin_teardown(cloud(), records(), _life(request), expired_at)


@blueprint.activity_trigger(input_name="request")
def find_expired(request: dict) -> dict:  # type: ignore[type-arg]
    return cleanup.find_expired(cloud(), records(), datetime.fromisoformat(request["now"]))
