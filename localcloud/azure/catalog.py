"""What the region offers: VM sizes and images, models, and how much of each a subscription may have."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

LOCATIONS = ("eastus", "eastus2", "westus3", "westeurope", "northeurope", "swedencentral", "uksouth")
DISPLAY_NAMES = ("East US", "East US 2", "West US 3", "West Europe", "North Europe", "Sweden Central", "UK South")


def location(text: str) -> str:
    """ "East US" and "eastus" are one place."""
    return text.replace(" ", "").lower()


@dataclass(frozen=True)
class Size:
    name: str
    family: str
    cores: int
    memory_gib: int


SIZES = (
    Size("Standard_B1s", "standardBSFamily", 1, 1),
    Size("Standard_B2s", "standardBSFamily", 2, 4),
    Size("Standard_B2ms", "standardBSFamily", 2, 8),
    Size("Standard_D2s_v3", "standardDSv3Family", 2, 8),
    Size("Standard_D2s_v5", "standardDSv5Family", 2, 8),
    Size("Standard_D4s_v5", "standardDSv5Family", 4, 16),
    Size("Standard_D2as_v5", "standardDASv5Family", 2, 8),
)
IMAGES = {
    ("redhat", "rhel", "8-lvm-gen2"): "8.10.2026091516",
    ("redhat", "rhel", "9-lvm-gen2"): "9.6.2026091516",
    ("canonical", "ubuntu-24_04-lts", "server"): "24.04.202609120",
}
"""(publisher, offer, sku) in lower case -> the latest version."""

CORES_LIMIT, FAMILY_LIMIT = 350, 350
NETWORK_LIMITS = {
    "publicIPAddresses": 1000,
    "natGateways": 100,
    "virtualNetworks": 1000,
    "networkInterfaces": 65536,
    "networkSecurityGroups": 5000,
}
GROUP_LIMIT = 980


@dataclass(frozen=True)
class Model:
    """`skus`: names, each with the date (ISO) from which on it takes no new deployments."""

    name: str
    version: str
    skus: tuple[tuple[str, str], ...]
    lifecycle: str = "GenerallyAvailable"
    default_capacity: int = 10


MODELS = (
    Model(
        "gpt-4o-mini",
        "2024-07-18",
        (("Standard", "2026-03-31"), ("GlobalStandard", "2026-10-01"), ("DataZoneStandard", "2026-10-01")),
        lifecycle="Deprecated",
    ),
    Model("gpt-4.1-mini", "2025-04-14", (("Standard", "2026-10-14"), ("GlobalStandard", "2026-10-14")), "Deprecated"),
    Model("gpt-5-mini", "2025-08-07", (("GlobalStandard", "2027-02-06"), ("DataZoneStandard", "2027-02-06"))),
    Model("gpt-5-nano", "2025-08-07", (("GlobalStandard", "2027-02-06"),)),
    Model("gpt-5", "2025-08-07", (("GlobalStandard", "2027-02-06"),)),
)
MODEL_QUOTA = 500
"""Units of 1,000 tokens a minute, for each model and SKU of a region."""


def model(name: str, version: str | None) -> Model | None:
    found = [m for m in MODELS if m.name.lower() == name.lower() and version in (None, m.version)]
    return found[-1] if found else None


def retired(found: Model, sku: str, now: float) -> str | None:
    """When the model's SKU closed for new deployments (ISO date), None while it is open."""
    date = dict(found.skus).get(sku)
    if date is None:
        return None
    return date if datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp() <= now else None


def size(name: str) -> Size | None:
    return next((s for s in SIZES if s.name.lower() == name.lower()), None)
