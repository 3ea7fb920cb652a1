"""What Azure says before anything is built -> findings: everything that stands against a plan, all at once.

Pure: `activities/preflight.py` looks, the judges here decide. Each judge is given the case and what its look brought.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from isthmus import landing, names, permissions
from isthmus.case import Case, Findings, Rows, error, warning
from isthmus.documents import ChosenModel
from isthmus.spec import Spec
from isthmus.tags import NARROW

PREFERENCES = ("gpt-4o-mini", "gpt-4.1-mini", "gpt-5-mini", "gpt-4.1-nano", "gpt-5-nano")
"""Small models that answer the question well, the walkthrough's first; the first that is still offered is taken."""
SKUS = ("Standard", "GlobalStandard", "DataZoneStandard")
RETIRED = frozenset({"deprecated", "deprecating"})
SOON = timedelta(days=30)
ELSEWHERE = "choose another region"


def choose(models: Rows, spec: Spec, now: datetime) -> ChosenModel | None:
    """The model as asked for, else the first of `PREFERENCES` that is still offered for new deployments, in its
    newest version, with the first of `SKUS`."""
    if spec.model is not None:
        asked = spec.model
        retires = next((date for sku, date in _skus(models, asked.name, asked.version) if sku == asked.sku), None)
        return {
            "name": asked.name,
            "version": asked.version,
            "sku": asked.sku,
            "capacity": asked.capacity,
            "retires": retires,
        }
    for name in PREFERENCES:
        versions = {str(m["version"]) for m in _offered(models, name) if not _retired(m)}
        for version in sorted(versions, reverse=True):
            open_skus = {sku: date for sku, date in _skus(models, name, version) if not _past(date, now)}
            for sku in SKUS:
                if sku in open_skus:
                    return {"name": name, "version": version, "sku": sku, "capacity": 1, "retires": open_skus[sku]}
    return None


def _offered(models: Rows, name: str) -> list[Mapping[str, Any]]:
    found = (item.get("model") or {} for item in models)
    return [model for model in found if model.get("format") == "OpenAI" and model.get("name") == name]


def _skus(models: Rows, name: str, version: str) -> list[tuple[str, str | None]]:
    rows = [model for model in _offered(models, name) if str(model["version"]) == version]
    return [(sku["name"], _day(sku.get("deprecationDate"))) for model in rows for sku in model.get("skus") or []]


def _retired(model: Mapping[str, Any]) -> bool:
    return str(model.get("lifecycleStatus", "")).lower() in RETIRED


def _day(date: Any) -> str | None:
    return str(date)[:10] if date else None


def _past(day: str | None, now: datetime) -> bool:
    return day is not None and datetime.fromisoformat(day).replace(tzinfo=UTC) <= now


def judge_region(case: Case, regions: Rows) -> Findings:
    known = sorted(str(region["name"]) for region in regions)
    if case.spec.location not in known:
        yield error(
            "region", f"The subscription has no region {case.spec.location}.", f"Use one of {', '.join(known)}."
        )


def judge_providers(case: Case, states: Mapping[str, str]) -> Findings:
    for namespace, state in sorted(states.items()):
        if state != "Registered":
            mend = f"az provider register --namespace {namespace}"
            yield error("providers", f"The resource provider {namespace} is {state}.", mend)


def judge_model(case: Case, models: Rows) -> Findings:
    spec, model = case.spec, case.model
    if model is None:
        what = f"{spec.location} offers none of {', '.join(PREFERENCES)} for new deployments."
        yield error("model", what, f"Name a model, version and SKU that the region offers, or {ELSEWHERE}.")
        return
    label = f"{model['name']} {model['version']}"
    offered = _skus(models, model["name"], model["version"])
    if model["sku"] not in [sku for sku, _ in offered]:
        skus = ", ".join(sku for sku, _ in offered)
        what = f"{spec.location} does not offer {label} as {model['sku']}." + (f" It has {skus}." if skus else "")
        yield error("model", what, "Leave `model` out to have one chosen, or choose another.")
    elif _past(model["retires"], case.now):
        what = f"{label} as {model['sku']} takes no new deployments since {model['retires']}."
        yield error("model", what, "Leave `model` out to have one chosen, or choose another.")
    elif _past(model["retires"], case.now + SOON):
        what = f"{label} as {model['sku']} takes no new deployments from {model['retires']} on."
        yield warning("model", what, "Choose a newer model before then.")


def judge_model_quota(case: Case, usages: Rows) -> Findings:
    if case.model is None or not case.missing("model_deployment"):
        return
    name = f"OpenAI.{case.model['sku']}.{case.model['name']}"
    mend = f"Ask for more quota, free some, or {ELSEWHERE}, SKU or capacity."
    yield from _room("model quota", name, case.model["capacity"], usages, mend)


def judge_vm_size(case: Case, sizes: Rows) -> Findings:
    size = _size(case, sizes)
    mend = f"Choose another vm_size, or {ELSEWHERE}."
    if size is None:
        yield error("vm size", f"{case.spec.location} has no VM size {case.spec.vm_size}.", mend)
        return
    for restriction in size.get("restrictions") or []:
        if restriction.get("type") in (None, "Location"):
            why = restriction.get("reasonCode") or "restricted"
            yield error("vm size", f"{case.spec.vm_size} can't be had in {case.spec.location}: {why}.", mend)


def judge_vm_quota(case: Case, looked: Mapping[str, Rows]) -> Findings:
    """`looked`: `sizes` and `usages`."""
    size = _size(case, looked["sizes"])
    machines = case.missing("virtual_machine")
    if size is None or not machines:
        return
    cores = next((int(c["value"]) for c in size.get("capabilities") or [] if c["name"] == "vCPUs"), 0)
    mend = f"Ask for more quota, free some, choose a smaller vm_size, or {ELSEWHERE}."
    for name in ("cores", str(size["family"])):
        yield from _room("vCPU quota", name, cores * machines, looked["usages"], mend)


def _size(case: Case, sizes: Rows) -> Mapping[str, Any] | None:
    machines = (s for s in sizes if s.get("resourceType") == "virtualMachines")
    return next((s for s in machines if str(s["name"]).lower() == case.spec.vm_size.lower()), None)


NETWORK_COUNTS = {
    "VirtualNetworks": "virtual_network",
    "NetworkSecurityGroups": "network_security_group",
    "StandardSkuPublicIpAddresses": "public_ip",
    "NatGateways": "nat_gateway",
    "NetworkInterfaces": "network_interface",
}
"""Azure's word for what it counts -> our kind of step that makes one in each corp."""


def judge_network_quota(case: Case, usages: Rows) -> Findings:
    for name, kind in NETWORK_COUNTS.items():
        mend = f"Ask for more quota, free some, or {ELSEWHERE}."
        yield from _room("network quota", name, case.missing(kind), usages, mend)


def _room(check: str, name: str, need: int, usages: Rows, mend: str) -> Findings:
    row = next((u for u in usages if str(u["name"]["value"]).lower() == name.lower()), None)
    if row is not None and need > row["limit"] - row["currentValue"]:
        used, limit = (int(row[key]) for key in ("currentValue", "limit"))
        yield error(check, f"{name}: {need} needed, {used} of {limit} used.", mend)


def judge_image(case: Case, image: Mapping[str, Any] | None) -> Findings:
    if image is None:
        yield error("image", f"{case.spec.location} has no image {case.spec.image}.", "Choose another image.")
    elif plan := (image.get("properties") or image).get("plan"):
        what = f"{case.spec.image} needs the marketplace plan {plan.get('name', '')} to be accepted."
        yield error("image", what, "Choose an image that needs no marketplace plan.")


def judge_subdomain(case: Case, looked: Mapping[str, Any]) -> Findings:
    """`looked`: whether it is `available`, and the `deleted` accounts that Azure still keeps."""
    if not case.missing("openai_account"):
        return
    kept = next((a for a in looked["deleted"] if str(a["name"]).lower() == case.account), None)
    if kept is not None:
        tags = kept.get("tags") or {}
        if tags.get(names.TAG_ENVIRONMENT) == case.spec.name and tags.get(names.TAG_GENERATION) == case.generation:
            what = f"A deleted account of this environment holds the name {case.account}; it is ours and is purged."
            yield warning("soft-deleted", what, "Nothing to do.")
        else:
            what = f"A deleted account holds the name {case.account}, and its tags do not say that it is ours."
            yield error("soft-deleted", what, "Purge it, or choose another environment name.")
    elif not looked["available"]:
        what = f"The subdomain {case.account} belongs to somebody else."
        yield error("subdomain", what, "Choose another environment name.")


def judge_permissions(case: Case, held: Mapping[str, Rows]) -> Findings:
    """`held`: scope (subscription, vault) -> what the app's identity may do there."""
    scopes: tuple[permissions.Scope, ...] = ("subscription", "vault")
    corps = [(corp.role, corp.existing) for corp in case.spec.corps]
    for scope in scopes:
        missing = permissions.lacking(permissions.needed(scope, corps), held[scope])
        if missing:
            what = f"The app's identity lacks on the {scope}: {', '.join(missing)}."
            yield error("permissions", what, "Give it the custom role of docs/role.json on that scope.")


def judge_vault(case: Case, reached: Any) -> Findings:
    """Nothing to say of a vault that answers; one that does not is told of where the look failed."""
    return iter(())


def judge_tickets(case: Case, administrator: str | None) -> Findings:
    """`administrator`: what makes the app one of its Ockam project."""
    if case.spec.tickets.source == "ockam" and administrator is None:
        what = "The app has no identity of an Ockam administrator (or no `ockam` command): it can't issue tickets."
        yield error("tickets", what, "Give it one (docs/tickets.md), or bring the tickets with the request.")


def judge_tags(case: Case, looked: Any) -> Findings:
    """What can't bear all tags bears the first ones, which is no error but must be known."""
    for what, bearer in NARROW.items():
        left = [name for name in case.spec.tags if name not in bearer.bears(case.spec.tags)]
        if left:
            told = f"Azure gives {what} no room for these tags: {', '.join(left)}. Everything else bears them."
            mend = f"Nothing to do, unless a policy wants them there: at most {bearer.most_given}, with plain names."
            yield warning("tags", told, mend)


JUDGES: dict[str, Callable[[Case, Any], Findings]] = {
    "region": judge_region,
    "providers": judge_providers,
    "model": judge_model,
    "model quota": judge_model_quota,
    "vm size": judge_vm_size,
    "vCPU quota": judge_vm_quota,
    "network quota": judge_network_quota,
    "image": judge_image,
    "subdomain": judge_subdomain,
    "permissions": judge_permissions,
    "vault": judge_vault,
    "tickets": judge_tickets,
    "tags": judge_tags,
    "existing subnet": landing.judge_subnets,
    "egress": landing.judge_egress,
    "existing DNS zone": landing.judge_zone,
}
"""Every check, in the order in which findings are told."""
