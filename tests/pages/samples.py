"""Status documents of every state, as `isthmus/status.py` gives them, at a fixed moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from isthmus.existing import NOTHING
from isthmus.graph import BY_NAME, GRAPH
from isthmus.plan import Occasion, make_plan, utc
from isthmus.proof import expected, judge
from isthmus.spec import Spec
from tests.unit.golden import landing_zones
from tests.unit.samples import CORRELATION, FINDINGS, GENERATION, PLACE, REQUESTED

Document = dict[str, Any]
ANSWER = (
    "Ockham's Razor is the principle that, of two explanations that account for the same facts, the one with "
    "fewer assumptions is to be preferred. (Question code 7F3A90C1D2.)"
)
COMPANIES = (
    "health-corp", "harbor-bank", "nordic-rail", "alpine-dairy", "civic-library", "delta-freight", "ember-energy",
    "fjord-fish", "granite-works", "hanse-trade", "indigo-press", "juniper-farms", "kestrel-air", "lumen-optics",
    "meadow-seed", "northstar-ins", "orchard-foods", "polar-labs", "quarry-stone", "river-water",
)  # fmt: skip
LATE = {"virtual_machine": 1.14, "openai_account": 1.3, "private_endpoint": 0.9, "nat_gateway": 1.2}
"""How the sample's steps deviate from what is typical."""


def whole(consumers: int = 1) -> Document:
    """The plan of an environment with so many consumers."""
    corps = [{"name": "ai-corp", "role": "provider", "address_space": "10.0.0.0/16"}]
    corps += [{"name": name, "role": "consumer", "address_space": "192.168.0.0/16"} for name in COMPANIES[:consumers]]
    spec = Spec.model_validate({"name": "demo" if consumers == 1 else "spring-fair", "corps": corps})
    return make_plan(spec, GENERATION, PLACE, FINDINGS, Occasion(REQUESTED, CORRELATION))


def schedule(plan: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """When each step begins and ends, in seconds from the request, if each takes about what is typical."""
    times: dict[str, tuple[float, float]] = {}
    steps = {step["id"]: step for step in plan["steps"]}
    corps = [corp["name"] for corp in plan["corps"]]
    before = 2.0
    for stage in ("reserve", "build", "verify"):

        def end_of(step_id: str, floor: float = before) -> float:
            if step_id not in times:
                step = steps[step_id]
                begin = max([floor + step["delay"], *(end_of(need) for need in step["needs"])])
                slow = LATE.get(step["kind"], 1.0) * (1 + 0.035 * (corps.index(step["corp"]) * 7 % 11))
                times[step_id] = (begin + 0.4, begin + 0.4 + step["typical"] * slow)
            return times[step_id][1]

        before = max(end_of(step_id) for step_id, step in steps.items() if step["stage"] == stage)
    return times


def document(plan: Mapping[str, Any], after: float, phase: str, **more: Any) -> Document:
    """The status so many seconds after the request, if all goes well."""
    times = schedule(plan)
    corps = []
    for corp in plan["corps"]:
        steps = [_step(step, times[step["id"]], after) for step in plan["steps"] if step["corp"] == corp["name"]]
        found = {"name": corp["name"], "role": corp["role"], "resource_group": corp["group"], "steps": steps}
        corps.append(found | {"existing": corp.get("existing", NOTHING)})
    return counted(
        {
            "name": plan["environment"],
            "generation": plan["generation"],
            "phase": phase,
            "attempt": 1,
            "question": plan["question"],
            "requested_at": plan["requested_at"],
            "expires_at": plan["expires_at"],
            "updated_at": at(after),
            "requested_by": "platform@example.com",
            "correlation_id": "0d4c1f4e-5a1b-4f0e-9a37-2f6f1f0b7c11",
            "model": plan["model"],
            "estimate_seconds": plan["estimate_seconds"],
            "critical_path": plan["critical_path"],
            "corps": corps,
            "error": None,
            "proof": None,
            "teardown": None,
            "stop": None,
            "actions": {"cancel": False, "retry": False, "renew": False, "delete": False},
        }
        | more
    )


def counted(found: Document) -> Document:
    states = [step["state"] for corp in found["corps"] for step in corp["steps"]]
    return found | {
        "progress": {"ready": states.count("ready"), "removed": states.count("removed"), "steps": len(states)}
    }


def at(seconds: float) -> str:
    return utc(REQUESTED + timedelta(seconds=seconds))


def moment(seconds: float) -> datetime:
    return REQUESTED + timedelta(seconds=seconds)


def _step(step: Mapping[str, Any], times: tuple[float, float], after: float) -> Document:
    begin, end = times
    state = "waiting" if after < begin else "pending" if after < end else "ready"
    kind = BY_NAME[step["kind"]]
    fine = [(REQUESTED + timedelta(seconds=when)).isoformat(timespec="milliseconds") for when in times]
    return {
        "id": step["id"],
        "kind": step["kind"],
        "title": kind.title,
        "corp": step["corp"],
        "state": state,
        "needs": step["needs"],
        "typical": step["typical"],
        "started": fine[0] if state != "waiting" else None,
        "ended": fine[1] if state == "ready" else None,
        "took": round(end - begin, 3) if state == "ready" else None,
        "attempts": 0 if state == "waiting" else 1 + round(step["typical"] / 15),
        "waits_for": WAITS.get(step["kind"], "creating") if state == "pending" else None,
        "stays_until": None,
        "error": None,
        "portal": f"https://portal.azure.com/#resource{step['resource']}" if step["resource"] else None,
    }


WAITS = {
    "virtual_machine": "Azure is creating the VM (Creating)",
    "openai_account": "Azure is creating the account (Creating)",
    "private_endpoint": "the endpoint is being created (Updating)",
}
EVIDENCE = {
    "answer": "200 in 1.9 s; the answer repeats the code 7F3A90C1D2",
    "certificate": "CN=*.openai.azure.com, checked against the system's roots, TLSv1.3",
    "public_name": "168.63.129.16 says 20.62.58.5",
    "endpoint_unreachable": "10.0.0.5:443: no answer within 4 s",
    "public_refused": "403 Forbidden: Public access is disabled. Please configure private endpoint.",
    "enrolled": "ticket content type 'spent'; node up for 41 s",
    "private_name": "isthmus-demo-abc234-5f0c61aa.openai.azure.com is 10.0.0.5",
    "private_answer": "401 at 10.0.0.5:443 without a key",
    "provider_enrolled": "ticket content type 'spent'; node up for 58 s",
    "no_public_address": "the VM's interface has 10.0.0.4 and no public IP configuration",
    "no_inbound_rule": "no allowing inbound rule in the network security group",
    "public_access_off": "publicNetworkAccess Disabled, defaultAction Deny",
    "key_in_vault_only": "not found in the records, the plan or any answer",
}


def proof(plan: Mapping[str, Any], unchecked: tuple[str, ...] = ()) -> Document:
    found = {
        (check.id, corp): {
            "state": "not_checked" if check.id in unchecked else "passed",
            "evidence": "This machine can't keep the networks apart." if check.id in unchecked else EVIDENCE[check.id],
        }
        for check, corp in expected(plan["corps"])
    }
    return judge(plan["corps"], found, ANSWER)


def actions(*allowed: str) -> dict[str, bool]:
    return {name: name in allowed for name in ("cancel", "retry", "renew", "delete")}


def requested() -> Document:
    plan = whole()
    bare = document(plan, 0, "requested", actions=actions("cancel", "delete"))
    return counted(bare | {"corps": [], "critical_path": [], "estimate_seconds": None, "model": None})


def building(consumers: int = 1, after: float = 92) -> Document:
    return document(whole(consumers), after, "building", actions=actions("cancel", "renew", "delete"))


def ready(consumers: int = 1, unchecked: tuple[str, ...] = ()) -> Document:
    plan = whole(consumers)
    end = max(ended for _, ended in schedule(plan).values())
    return document(plan, end + 1, "ready", proof=proof(plan, unchecked), actions=actions("renew", "delete"))


QUOTA = {
    "state": "failed",
    "code": "InsufficientQuota",
    "message": "This operation require 1 new capacity in quota Tokens Per Minute (thousands) - gpt-4o-mini, which is "
    "bigger than the current available capacity 0. The current quota usage is 10 and the quota limit is 10.",
    "hint": "Ask for more quota in this region, free some, or choose another region, SKU or capacity.",
    "request_id": "5f1d7c2a-1f7e-4a0b-8d57-0f2b9d0a6e31",
}


def failed() -> Document:
    """Kept after the model's deployment was refused."""
    plan = whole()
    begin, _ = schedule(plan)["ai-corp/model_deployment"]
    found = document(plan, begin + 1, "failed", actions=actions("retry", "renew", "delete"))

    def refuse(step: Document) -> None:
        if step["kind"] == "model_deployment":
            step.update(state="failed", ended=at(begin + 1), took=1.2, attempts=1, waits_for=None, error=QUOTA)
        elif step["state"] == "pending":
            ran = (moment(begin + 24) - datetime.fromisoformat(step["started"])).total_seconds()
            step.update(state="ready", ended=at(begin + 24), took=ran, waits_for=None)

    error = QUOTA | {"step": "ai-corp/model_deployment"}
    return each_step(found, refuse) | {"error": error, "stop": {"why": "failure", "detail": "a step failed"}}


def deleting() -> Document:
    found = document(whole(), 900, "deleting", stop={"why": "delete", "detail": "its deletion was asked for"})

    def take(step: Document) -> None:
        own = BY_NAME[step["kind"]].removal == "own"
        state = "removed" if own and step["kind"] != "resource_group" else "removing"
        if step["kind"].startswith("reserved"):
            return
        step.update(state=state, started=at(900), ended=at(903) if state == "removed" else None, took=None)

    return each_step(found, take)


LOCKED = {
    "code": "ScopeLocked",
    "message": "lock keep (CanNotDelete) on isthmus-demo-abc234-ai-corp: of the auditors. The scope is locked.",
    "hint": "Remove the lock that the message names, then ask again.",
    "request_id": "5f1c2d7e-0000-4000-8000-000000000002",
}


def blocked() -> Document:
    """A teardown that could not remove a group."""
    left = ["ai-corp/resource_group", *(f"ai-corp/{kind.name}" for kind in GRAPH if kind.removal == "with group")]

    def take(step: Document) -> None:
        step.update(state="ready" if step["id"] in left else "removed", took=4.0)
        if step["id"] == left[0]:
            step.update(state="failed", error=LOCKED)

    found = document(whole(), 960, "failed", stop={"why": "delete", "detail": "its deletion was asked for"})
    found["teardown"] = {"left": left, "error": LOCKED, "steps": 34}
    return each_step(found, take)


def gone() -> Document:
    plan = whole()
    found = document(plan, 1060, "gone", stop={"why": "delete", "detail": "its deletion was asked for"})

    def take(step: Document) -> None:
        took = 96.0 if step["kind"] == "resource_group" else 4.0
        step.update(state="removed", started=at(900), ended=at(900 + took), took=took)

    return each_step(found, take) | {"proof": proof(plan)}


def each_step(found: Document, change: Callable[[Document], None]) -> Document:
    for corp in found["corps"]:
        for step in corp["steps"]:
            change(step)
    return counted(found)


def listed() -> Document:
    """A page of the list, as GET /api/environments answers."""
    rows = [
        ("pr-1482", "building", 26, None, None),
        ("spring-fair", "ready", 281, "passed", None),
        ("demo", "ready", 34, "incomplete", None),
        ("pr-1477", "failed", 21, None, "InsufficientQuota"),
        ("nightly", "deleting", 9, None, None),
        ("pr-1460", "gone", 0, "passed", None),
    ]
    found = [
        {
            "name": name,
            "generation": GENERATION,
            "phase": phase,
            "requested_at": at(0),
            "expires_at": at(8 * 3600),
            "updated_at": at(90),
            "progress": {
                "ready": ready_steps,
                "removed": {"gone": 34, "deleting": 12}.get(phase, 0),
                "steps": 281 if ready_steps == 281 else 34,
            },
            "proof": result,
            "error_code": code,
            "status_url": f"/api/environments/{name}",
        }
        for name, phase, ready_steps, result, code in rows
    ]
    return {"environments": found, "next": None}


def landing_zone(after: float = 92) -> Document:
    """Both corps in subnets that exist, the record in a hub's zone."""
    corps = landing_zones()["existing-subnets-and-zone"]
    spec = Spec.model_validate({"name": "demo", "corps": corps})
    plan = make_plan(spec, GENERATION, PLACE, FINDINGS, Occasion(REQUESTED, CORRELATION))
    return document(plan, after, "building", actions=actions("cancel", "renew", "delete"))


HOSTILE = "</span><script>window.taken=1</script><img src=x onerror=window.taken=1>\" onload='window.taken=1 "
HOSTILE += "x" * 200


def hostile() -> Document:
    """Whatever others have a say in says something nasty."""
    found = ready()

    def spoil(step: Document) -> None:
        step["waits_for"] = step["title"] = HOSTILE
        step["portal"] = "javascript:window.taken=1"
        step["error"] = QUOTA | {"code": HOSTILE, "message": HOSTILE, "hint": HOSTILE, "request_id": HOSTILE}

    each_step(found, spoil)
    for check in found["proof"]["checks"]:
        check["evidence"] = check["title"] = HOSTILE
    found["proof"]["answer"] = HOSTILE
    names = ("question", "requested_by", "correlation_id", "generation")
    return found | dict.fromkeys(names, HOSTILE) | {"stop": {"why": HOSTILE, "detail": HOSTILE}}
