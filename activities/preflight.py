"""Looks at what Azure offers, has and allows, all at once, and has it judged (isthmus/preflight.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from azure.core.exceptions import AzureError, ResourceNotFoundError

from activities import landing, telemetry
from activities.cloud import Cloud, get, listed, outcome_of
from activities.ockam import administrator
from isthmus import permissions
from isthmus.case import Case, error
from isthmus.documents import ChosenModel, PlanFinding
from isthmus.outcomes import Pending
from isthmus.preflight import JUDGES, choose

LOCATIONS_VERSION = "2022-12-01"
OWN = frozenset({"Microsoft.Resources", "Microsoft.Authorization"})
"""Resource providers that every subscription has."""

Look = Callable[[Cloud, Case], Any]


@dataclass(frozen=True)
class Surveyed:
    """What was found. `unseen`: the first look that may succeed later, as an outcome; None if all were made."""

    model: ChosenModel | None
    findings: list[PlanFinding]
    unseen: Pending | None


def survey(cloud: Cloud, case: Case) -> Surveyed:
    """Every look and every judge. What can't be looked at is a finding of its own."""
    with ThreadPoolExecutor(cloud.at_once) as pool:
        looks = {check: pool.submit(telemetry.along(look), cloud, case) for check, look in LOOKS.items()}
    findings: list[PlanFinding] = []
    unseen: Pending | None = None
    for check, judge in JUDGES.items():
        try:
            looked = looks[check].result()
        except AzureError as problem:
            outcome = outcome_of(problem)
            if outcome["state"] == "pending":
                unseen = unseen or outcome
                findings.append(error(check, f"It can't be checked now: {outcome['detail']}", "Ask again later."))
            else:
                detail = f"It can't be checked: {outcome['code']}: {outcome['message']}"
                findings.append(error(check, detail, outcome["hint"] or "See what the message names."))
            continue
        if check == "model":
            case = replace(case, model=case.model or choose(looked, case.spec, case.now))
        findings += judge(case, looked)
    return Surveyed(case.model, findings, unseen)


def _regions(cloud: Cloud, case: Case) -> list[dict[str, Any]]:
    """A list that no SDK client of ours offers."""
    path = f"/subscriptions/{case.subscription}/locations"
    answer = cloud.get_url(f"https://management.azure.com{path}?api-version={LOCATIONS_VERSION}")
    answer.raise_for_status()
    found: list[dict[str, Any]] = answer.json()["value"]
    return found


def _providers(cloud: Cloud, case: Case) -> dict[str, str]:
    wanted = {action.partition("/")[0] for action in permissions.actions("subscription")} - OWN
    found = {namespace: get(cloud.resources.providers.get, namespace) for namespace in sorted(wanted)}
    return {namespace: (row or {}).get("registrationState", "unknown") for namespace, row in found.items()}


def _models(cloud: Cloud, case: Case) -> list[dict[str, Any]]:
    return listed(cloud.cognitive.models.list(case.spec.location))


def _model_usages(cloud: Cloud, case: Case) -> list[dict[str, Any]]:
    return listed(cloud.cognitive.usages.list(case.spec.location))


def _sizes(cloud: Cloud, case: Case) -> list[dict[str, Any]]:
    return listed(cloud.compute.resource_skus.list(filter=f"location eq '{case.spec.location}'"))


def _vm_quota(cloud: Cloud, case: Case) -> dict[str, Any]:
    return {"sizes": _sizes(cloud, case), "usages": listed(cloud.compute.usage.list(case.spec.location))}


def _network_usages(cloud: Cloud, case: Case) -> list[dict[str, Any]]:
    return listed(cloud.network.usages.list(case.spec.location))


def _image(cloud: Cloud, case: Case) -> dict[str, Any] | None:
    publisher, offer, sku, version = case.spec.image.split(":")
    images, place = cloud.compute.virtual_machine_images, (case.spec.location, publisher, offer, sku)
    if version == "latest":
        try:
            newest = list(images.list(*place, top=1, orderby="name desc"))
        except ResourceNotFoundError:
            return None
        if not newest:
            return None
        version = newest[0].name
    return get(images.get, *place, version)


def _subdomain(cloud: Cloud, case: Case) -> dict[str, Any]:
    kind = "Microsoft.CognitiveServices/accounts"
    answer = cloud.cognitive.check_domain_availability(subdomain_name=case.account, type=kind)
    return {
        "available": answer.is_subdomain_available,
        "deleted": listed(cloud.cognitive.deleted_accounts.list()),
    }


def _permissions(cloud: Cloud, case: Case) -> dict[str, Any]:
    scopes = {"subscription": f"/subscriptions/{case.subscription}", "vault": cloud.settings.vault_id}
    return {scope: landing.permissions_at(cloud, place) for scope, place in scopes.items()}


def vault_answers(cloud: Cloud, case: Case | None = None) -> bool:
    """Asks the vault for the first of its secrets' names. Raises AzureError."""
    return bool(list(islice(cloud.secrets.list_properties_of_secrets(), 1))) or True


LOOKS: Mapping[str, Look] = {
    "region": _regions,
    "providers": _providers,
    "model": _models,
    "model quota": _model_usages,
    "vm size": _sizes,
    "vCPU quota": _vm_quota,
    "network quota": _network_usages,
    "image": _image,
    "subdomain": _subdomain,
    "permissions": _permissions,
    "vault": vault_answers,
    "tickets": lambda cloud, case: administrator().source(),
    "tags": lambda cloud, case: None,
    "existing subnet": landing.lands,
    "egress": landing.lands,
    "existing DNS zone": landing.zone,
}
"""What is looked at for each check of isthmus/preflight.py."""
