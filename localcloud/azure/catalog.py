"""What the region offers: VM sizes and images, models, and how much of each a subscription may have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

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


LIMITS = {
    "model units": MODEL_QUOTA,
    "cores": CORES_LIMIT,
    "cores of a family": FAMILY_LIMIT,
    "resource groups": GROUP_LIMIT,
    **NETWORK_LIMITS,
}


@dataclass
class Catalog:
    """What is on offer now: the tables above without what is gone.

    gone: names of sizes, models and images (publisher:offer:sku) in lower case; retired: model -> date (ISO) from
    which on it takes no new deployments, instead of its own; limits: how much of each there may be
    """

    gone: set[str] = field(default_factory=set)
    retired: dict[str, str] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=lambda: dict(LIMITS))

    def change(self, wanted: Mapping[str, Any]) -> None:
        """Takes `gone`, `retired` and `limits` over from JSON. Raises ValueError for what it does not know."""
        unknown = sorted((set(wanted) - {"gone", "retired", "limits"}) | (set(wanted.get("limits", {})) - set(LIMITS)))
        if unknown:
            raise ValueError(f"{', '.join(unknown)}: there are gone, retired, limits of {', '.join(LIMITS)}")
        self.gone = {str(name).lower() for name in wanted.get("gone", self.gone)}
        self.retired = {str(name).lower(): date for name, date in wanted.get("retired", self.retired).items()}
        self.limits |= wanted.get("limits", {})

    @property
    def sizes(self) -> tuple[Size, ...]:
        return tuple(size for size in SIZES if size.name.lower() not in self.gone)

    @property
    def models(self) -> tuple[Model, ...]:
        there = (model for model in MODELS if model.name.lower() not in self.gone)
        return tuple(self._dated(model) for model in there)

    def _dated(self, model: Model) -> Model:
        date = self.retired.get(model.name.lower())
        return replace(model, skus=tuple((sku, date) for sku, _ in model.skus)) if date else model

    def model(self, name: str, version: str | None) -> Model | None:
        found = [m for m in self.models if m.name.lower() == name.lower() and version in (None, m.version)]
        return found[-1] if found else None

    def image(self, publisher: str, offer: str, sku: str) -> str | None:
        """Its latest version."""
        name = (publisher.lower(), offer.lower(), sku.lower())
        return None if ":".join(name) in self.gone else IMAGES.get(name)

    def size(self, name: str) -> Size | None:
        return next((s for s in self.sizes if s.name.lower() == name.lower()), None)


def retired(found: Model, sku: str, now: float) -> str | None:
    """When the model's SKU closed for new deployments (ISO date), None while it is open."""
    date = dict(found.skus).get(sku)
    if date is None:
        return None
    return date if datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp() <= now else None
