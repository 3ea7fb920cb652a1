"""The table: step kind -> ensure and remove; and the registration of every activity.

Activities carry the kind in their name (`ensure_private_endpoint`), so that a history reads like a story.
"""

from __future__ import annotations

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
    drift,
    identities,
    keyvault,
    network,
    planning,
    privatedns,
    resources,
    telemetry,
    tickets,
    verification,
)
from activities.cloud import Cloud, cloud
from activities.records import Life, Records
from activities.steps import Request, records, request_of
from isthmus.errors import own_failure
from isthmus.outcomes import Outcome
from isthmus.telemetry import step_fields

Verb = Callable[[Request], Outcome]
Given = Mapping[str, Any]
"""An activity's input."""
Act = Callable[[Cloud, Records, Given], Mapping[str, Any]]

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


def _life(given: Given) -> Life:
    return given["environment"], given["generation"]


def _plan_environment(cloud: Cloud, records: Records, given: Given) -> Outcome:
    return planning.plan_environment(cloud, records, _life(given), given["attempt"])


def _set_phase(cloud: Cloud, records: Records, given: Given) -> Mapping[str, Any]:
    return bookkeeping.set_phase(records, _life(given), given["phase"], given["details"])


def _save_progress(cloud: Cloud, records: Records, given: Given) -> Mapping[str, Any]:
    return bookkeeping.save_progress(records, _life(given), given["part"], given["lines"], given.get("changed", ()))


def _begin_teardown(cloud: Cloud, records: Records, given: Given) -> Mapping[str, Any]:
    found = (given.get("why", ""), given.get("found_at", ""))
    return bookkeeping.begin_teardown(cloud, records, _life(given), *found)


def _find_expired(cloud: Cloud, records: Records, given: Given) -> Mapping[str, Any]:
    return cleanup.begin_sweep(cloud, records, datetime.fromisoformat(given["now"]))


def _end_sweep(cloud: Cloud, records: Records, given: Given) -> Mapping[str, Any]:
    return cleanup.end_sweep(cloud, records, given["report"], datetime.fromisoformat(given["now"]))


def _find_ready(cloud: Cloud, records: Records, given: Given) -> Mapping[str, Any]:
    return drift.find_ready(records)


def _look_for_drift(cloud: Cloud, records: Records, given: Given) -> Mapping[str, Any]:
    return drift.look_for_drift(cloud, records, ARM_KINDS, _life(given), given["corp"])


def _note_drift(cloud: Cloud, records: Records, given: Given) -> Mapping[str, Any]:
    return drift.note_drift(records, _life(given), given)


def _end_repair(cloud: Cloud, records: Records, given: Given) -> Mapping[str, Any]:
    return drift.end_repair(records, _life(given), given)


def _step(verb: Verb, cloud: Cloud, records: Records, given: Given) -> Outcome:
    return verb(request_of(given, cloud, records))


ACTIVITIES: dict[str, Act] = {
    **{f"ensure_{kind}": partial(_step, ensure) for kind, (ensure, _) in VERBS.items()},
    **{f"remove_{kind}": partial(_step, remove) for kind, (_, remove) in VERBS.items()},
    "plan_environment": _plan_environment,
    "set_phase": _set_phase,
    "save_progress": _save_progress,
    "begin_teardown": _begin_teardown,
    "find_expired": _find_expired,
    "end_sweep": _end_sweep,
    "find_ready": _find_ready,
    "look_for_drift": _look_for_drift,
    "note_drift": _note_drift,
    "end_repair": _end_repair,
}

log = telemetry.logger("activities")
blueprint = df.Blueprint()


def perform(name: str, cloud: Cloud, records: Records, given: Given) -> dict[str, Any]:
    """One activity, told of as it is. A bug in one step is that step's failure: the orchestration goes on to take
    down what it built."""
    step = given.get("step")
    told = {**given, **step_fields(step["id"])} if step else given
    with telemetry.about(told), telemetry.activity(name, given) as say:
        try:
            result = dict(ACTIVITIES[name](cloud, records, given))
        except Exception as error:
            log.exception("%s broke", name)
            if step is None:
                raise
            result = dict(_broken(error))
        say(result)
        return result


def _broken(error: Exception) -> Outcome:
    return own_failure(
        "InternalError",
        f"{type(error).__name__} in Isthmus itself.",
        retryable=True,
    )


def _register(name: str) -> None:
    def activity(request: dict) -> dict:  # type: ignore[type-arg]
        return perform(name, cloud(), records(), request)

    activity.__name__ = name
    blueprint.activity_trigger(input_name="request")(activity)


for _name in ACTIVITIES:
    _register(_name)
