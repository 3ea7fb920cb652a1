"""What an environment costs: an estimate from a plan's steps and a table of prices.

Pure: `activities/prices.py` reads the table, `tools/refresh_prices.py` refreshes it. What the table does not have is
not known (None), never nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from isthmus.documents import Cost, CostLine
from isthmus.spec import Spec

HOURS_A_MONTH = 730
"""As Azure counts."""
EVERYWHERE = "global"
"""The table's region of what has one price in the world."""
METERS: Mapping[str, str] = {
    "public_ip": "Public IP address",
    "nat_gateway": "NAT gateway",
    "private_endpoint": "Private endpoint",
    "private_dns_zone": "Private DNS zone",
}
"""Kind of step -> the meter that runs as long as it is there. A virtual machine has several: see `_machine`."""
LICENCES = {"redhat": "Red Hat Enterprise Linux"}
FREE = frozenset({"canonical", "debian", "almalinux", "resf"})
"""Publishers of images without a licence to pay for."""
DISKS = {"redhat": "E6", "canonical": "E4", "debian": "E4"}
"""Publisher -> size of the standard SSD that its image comes with (64 GiB, 32 GiB)."""
NAMED_BY_CORES = re.compile(
    r"Standard_(?:B(\d+)\w*|F(\d+)s_v2|[A-Z]+(\d+)(?:-(\d+))?[a-z]*(?:_[A-Za-z0-9]+)?_v(?:[3-9]|\d\d))"
)
NOT_COUNTED = (
    "the model, by token: depends on use",
    "data through NAT gateway and private endpoint, by GB: depends on use",
    "Key Vault operations and stored logs: under a cent in a day",
    "the app itself",
    "taxes, discounts and reservations",
)


@dataclass(frozen=True)
class Prices:
    """The table. `hourly`: region -> meter -> price of an hour; `written`, `refreshed`: dates (None: never)."""

    currency: str
    written: str
    refreshed: str | None
    hourly: Mapping[str, Mapping[str, float]]

    @classmethod
    def read(cls, table: Mapping[str, Any]) -> Prices:
        return cls(table["currency"], table["written"], table["refreshed"], table["regions"])

    def of(self, meter: str, region: str) -> float | None:
        """Price of an hour; None where the table has none."""
        return self.hourly.get(region, {}).get(meter, self.hourly.get(EVERYWHERE, {}).get(meter))


def estimate(spec: Spec, steps: Iterable[Mapping[str, Any]], prices: Prices) -> Cost:
    """What the steps of a plan cost in an hour, and for the whole lease."""
    counted = Counter(meter for step in steps for meter in _meters(step["kind"], spec))
    hours = spec.lease_minutes / 60
    lines = [_line(meter, count, prices.of(meter, spec.location), hours) for meter, count in counted.items()]
    known = [line["per_hour"] for line in lines if line["per_hour"] is not None]
    total = sum(known) if known else None
    return {
        "currency": prices.currency,
        "lease_hours": round(hours, 4),
        "per_hour": _rounded(total),
        "for_lease": _rounded(total, hours),
        "complete": len(known) == len(lines),
        "lines": lines,
        "not_counted": list(NOT_COUNTED),
        "prices_written": prices.written,
        "prices_refreshed": prices.refreshed,
    }


def _meters(kind: str, spec: Spec) -> Iterator[str]:
    if kind == "virtual_machine":
        yield from _machine(spec)
    elif kind in METERS:
        yield METERS[kind]


def _machine(spec: Spec) -> Iterator[str]:
    publisher = spec.image.partition(":")[0].lower()
    yield f"VM {spec.vm_size}"
    yield f"OS disk {DISKS[publisher]} LRS" if publisher in DISKS else f"OS disk of an image of {publisher}"
    if publisher not in FREE:
        cores = cores_of(spec.vm_size)
        whose = LICENCES.get(publisher, f"image of {publisher}")
        yield f"Licence {whose}, {cores} vCPU" if cores else f"Licence {whose}, {spec.vm_size}"


def cores_of(size: str) -> int | None:
    """vCPUs by the name of a VM size; None for older ones, whose names don't say."""
    match = NAMED_BY_CORES.fullmatch(size)
    if match is None:
        return None
    burstable, fast, whole, constrained = match.groups()
    return int(constrained or burstable or fast or whole)


def _line(meter: str, count: int, price: float | None, hours: float) -> CostLine:
    total = None if price is None else price * count
    return {"meter": meter, "count": count, "per_hour": _rounded(total), "for_lease": _rounded(total, hours)}


def _rounded(amount: float | None, times: float = 1.0) -> float | None:
    return None if amount is None else round(amount * times, 4)
