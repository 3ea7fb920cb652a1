"""Preflight and the plan: what the subscription offers, then the frozen list of steps, kept in the record."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from activities import arm, telemetry
from activities.cloud import Cloud
from activities.preflight import survey
from activities.prices import prices
from activities.records import Document, Life, Records
from activities.steps import Request
from isthmus import names
from isthmus.case import Case
from isthmus.cost import estimate
from isthmus.documents import PlanDocument, PlannedStep
from isthmus.errors import own_failure
from isthmus.graph import BY_NAME
from isthmus.lifecycle import is_over
from isthmus.outcomes import Outcome, failed, ready, stopped
from isthmus.plan import Findings, Occasion, Place, make_plan
from isthmus.spec import Spec, recorded

MADE_LATER = "(a key pair is made when it is built; nobody keeps its private half)"
NO_MODEL = {"name": "none", "version": "none", "sku": "none", "capacity": 0, "retires": None}
"""Stands in a plan that can't be built, so that all the rest of it can be shown."""


def plan_environment(cloud: Cloud, records: Records, life: Life, attempt: int) -> Outcome:
    """Ready with the plan. Planned once an attempt: asked again, it gives the plan that the record has."""
    record = records.load(life)
    if record is None:
        return own_failure("RecordMissing", f"There is no record of {' '.join(life)}.")
    if record["stop"]:
        return stopped()
    before = record["plan"]
    if before and before["attempt"] == attempt:
        return ready({"plan": before})
    spec = recorded(record["spec"])
    case = Case(spec, life[1], cloud.settings.subscription, datetime.now(UTC), made=_made(records, life))
    if before:
        # What a retry finds is what the attempt before it had begun to build.
        case = Case(spec, life[1], case.subscription, case.now, before["model"], case.made)
    found = survey(cloud, case)
    if found.unseen:
        return found.unseen
    wrong = [finding for finding in found.findings if finding["severity"] == "error"]
    key = before["ssh_public_key"] if before else _public_key()
    occasion = Occasion(datetime.fromisoformat(record["requested_at"]), record["correlation_id"], attempt)
    model: Mapping[str, Any] = found.model or NO_MODEL
    plan = make_plan(spec, life[1], _place(cloud), Findings(model, key), occasion)

    def keep(document: Document) -> Document:
        held = document["plan"]
        if held and held["attempt"] == attempt:
            return document
        return document | {"findings": found.findings} | ({} if wrong else {"plan": plan})

    kept = records.change(life, keep)
    if wrong:
        detail = " ".join(finding["detail"] for finding in wrong)
        return failed("PreflightFailed", detail, hint=" ".join(finding["mend"] for finding in wrong))
    return ready({"plan": kept["plan"] if kept else plan})


def dry_run(
    cloud: Cloud, records: Records, kinds: Mapping[str, arm.Resource], spec: Spec, correlation_id: str
) -> PlanDocument:
    """What would be built if this were asked for now, and what stands against it. Nothing is written.

    kinds: kind of step -> how its ARM resource is read, to say what is there already
    """
    bearer = records.bearer(spec.name)
    record = records.load((spec.name, bearer)) if bearer else None
    same = record is not None and not is_over(record) and record["digest"] == spec.digest()
    generation = bearer if same and bearer else names.generation(spec.name, bearer, spec.digest())
    life = (spec.name, generation)
    now = datetime.now(UTC)
    made = _made(records, life) if same else frozenset()
    found = survey(cloud, Case(spec, generation, cloud.settings.subscription, now, made=made))
    model: Mapping[str, Any] = found.model or NO_MODEL
    plan = make_plan(spec, generation, _place(cloud), Findings(model, MADE_LATER), Occasion(now, correlation_id))
    exists = _existing(cloud, records, kinds, plan, made) if same else made
    findings = found.findings
    if record and not same and not is_over(record):
        taken = f"{spec.name} exists with another specification, in phase {record['phase']}."
        mend = "Delete it first, or choose another name."
        findings = [{"severity": "error", "check": "name", "detail": taken, "mend": mend}, *findings]
    return {
        "ok": all(finding["severity"] != "error" for finding in findings),
        "name": spec.name,
        "generation": generation,
        "location": spec.location,
        "model": found.model,
        "estimate_seconds": plan["estimate_seconds"],
        "critical_path": plan["critical_path"],
        "steps": [_shown(step, step["id"] in exists) for step in plan["steps"]],
        "cost": estimate(spec, plan["steps"], prices()),
        "findings": findings,
    }


def _shown(step: Mapping[str, Any], exists: bool) -> PlannedStep:
    return {
        "id": step["id"],
        "kind": step["kind"],
        "title": BY_NAME[step["kind"]].title,
        "corp": step["corp"],
        "stage": step["stage"],
        "needs": step["needs"],
        "typical": step["typical"],
        "resource": step["resource"],
        "exists": exists,
    }


def _made(records: Records, life: Life) -> frozenset[str]:
    """The steps that the record knows to be ready."""
    lines = (line for part, group in records.parts(life).items() if part != "teardown" for line in group)
    return frozenset(line["id"] for line in lines if line["state"] == "ready")


def _existing(
    cloud: Cloud, records: Records, kinds: Mapping[str, arm.Resource], plan: Mapping[str, Any], made: frozenset[str]
) -> frozenset[str]:
    """Steps whose resource Azure has; what is no ARM resource is believed from the record."""

    def there(step: Mapping[str, Any]) -> bool:
        request = Request(plan["environment"], plan["generation"], step, {}, 0, cloud, records)
        return kinds[step["kind"]].read(request) is not None

    looked = [step for step in plan["steps"] if step["kind"] in kinds]
    with ThreadPoolExecutor(cloud.at_once) as pool:
        found = {step["id"] for step, yes in zip(looked, pool.map(telemetry.along(there), looked), strict=True) if yes}
    return frozenset(found | (made - {step["id"] for step in looked}))


def _place(cloud: Cloud) -> Place:
    return Place(cloud.settings.subscription, cloud.settings.vault_id)


def _public_key() -> str:
    """A key pair that Azure demands of a Linux VM; its private half ends with this call."""
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = generate_private_key(public_exponent=65537, key_size=2048).public_key()
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
