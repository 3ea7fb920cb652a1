"""Preflight and the plan: what the subscription offers, then the frozen list of steps, kept in the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from azure.core.exceptions import AzureError
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from activities.cloud import Cloud, listed, outcome_of
from activities.records import Document, Life, Records
from isthmus.outcomes import Outcome, failed, ready
from isthmus.plan import Findings, Place, make_plan
from isthmus.spec import Model, Spec, recorded

PREFERENCES = ("gpt-4o-mini", "gpt-4.1-mini", "gpt-5-mini", "gpt-4.1-nano", "gpt-5-nano")
"""Small models that answer the question well, the walkthrough's first; the first that is still offered is taken."""
SKUS = ("Standard", "GlobalStandard", "DataZoneStandard")
RETIRED = frozenset({"deprecated", "deprecating"})


def plan_environment(cloud: Cloud, records: Records, life: Life, attempt: int) -> Outcome:
    """Ready with the plan. Planned once an attempt: asked again, it gives the plan that the record has."""
    record = records.load(life)
    if record is None:
        return failed("RecordMissing", f"There is no record of {' '.join(life)}.")
    known = record.get("plan")
    if known and known["attempt"] == attempt:
        return ready({"plan": known})
    spec = recorded(record["spec"])
    try:
        model = _model(cloud, spec)
    except AzureError as error:
        return outcome_of(error)
    if model is None:
        return failed(
            "NoModelOffered",
            f"{spec.location} offers none of {', '.join(PREFERENCES)} for new deployments.",
            hint="Name a model, version and sku that the region offers, or choose another region.",
        )
    place = Place(cloud.settings.subscription, cloud.settings.vault_id)
    requested_at = datetime.fromisoformat(record["requested_at"])
    plan = make_plan(spec, life[1], place, Findings(model, _public_key()), requested_at, attempt)

    def keep(document: Document) -> Document:
        held = document.get("plan")
        return document if held and held["attempt"] == attempt else document | {"plan": plan}

    kept = records.change(life, keep)
    return ready({"plan": kept["plan"] if kept else plan})


def _public_key() -> str:
    """A key pair that Azure demands of a Linux VM; its private half ends with this call."""
    key = generate_private_key(public_exponent=65537, key_size=2048).public_key()
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def _model(cloud: Cloud, spec: Spec) -> dict[str, Any] | None:
    """The model as asked for, else the best that the region still offers for new deployments."""
    if spec.model is not None:
        return spec.model.model_dump()
    return choose(listed(cloud.cognitive.models.list(spec.location)), datetime.now(UTC))


def choose(models: Iterable[Mapping[str, Any]], now: datetime) -> dict[str, Any] | None:
    """The first of `PREFERENCES`, in its newest version, with the first of `SKUS` that isn't retired."""
    offered = [item["model"] for item in models if item.get("model", {}).get("format") == "OpenAI"]
    for name in PREFERENCES:
        versions = sorted((m for m in offered if m["name"] == name), key=lambda m: str(m["version"]), reverse=True)
        for model in versions:
            if str(model.get("lifecycleStatus", "")).lower() in RETIRED:
                continue
            skus = {sku["name"] for sku in model.get("skus", []) if not _past(sku.get("deprecationDate"), now)}
            for sku in SKUS:
                if sku in skus:
                    return Model(name=name, version=model["version"], sku=sku, capacity=1).model_dump()
    return None


def _past(date: str | None, now: datetime) -> bool:
    return bool(date) and datetime.fromisoformat(str(date)).replace(tzinfo=UTC) <= now
