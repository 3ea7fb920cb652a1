"""Deployments that the tests look at: with every default, and with everything that can be turned on."""

from __future__ import annotations

from functools import cache
from typing import Any

from tests.infra.bicep import INFRA
from tests.infra.evaluate import Resource, evaluate

ASKED = {"environmentName": "demo", "location": "eastus"}
CHOICES: dict[str, dict[str, Any]] = {
    "defaults": {},
    "everything": {
        "privateNetworking": True,
        "durableBackend": "DurableTaskScheduler",
        "schedulerSku": "Dedicated",
        "purgeProtection": True,
        "alwaysReadyInstances": 1,
        "vaultAdministratorId": "aaaaaaaa-0000-0000-0000-000000000003",
        "ockamIdentitySecret": "ockam-administrator",
        "entraClientId": "aaaaaaaa-0000-0000-0000-000000000004",
        "entraAllowedApplications": ["aaaaaaaa-0000-0000-0000-000000000005"],
        "alertEmail": "operators@example.com",
        "tags": {"cost-centre": "42"},
    },
}


@cache
def resources(choice: str) -> list[Resource]:
    return evaluate(INFRA / "main.bicep", **ASKED, **CHOICES[choice])[0]


def of_type(choice: str, kind: str) -> list[Resource]:
    return [resource for resource in resources(choice) if resource.type == kind]


def the(choice: str, kind: str) -> Resource:
    """The only one of its type."""
    (found,) = of_type(choice, kind)
    return found


def settings(choice: str) -> dict[str, str]:
    """The app settings."""
    listed = the(choice, "Microsoft.Web/sites").body["properties"]["siteConfig"]["appSettings"]
    assert len({line["name"] for line in listed}) == len(listed)
    return {line["name"]: line["value"] for line in listed}
