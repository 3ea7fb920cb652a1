"""The plans that test_golden.py compares: `python -m tests.unit.golden` writes them anew.

A plan follows from its inputs alone, so it is the same text on every machine and Python version.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from tests.unit import samples
from tests.unit.landing_zone import wish

FOLDER = Path(__file__).resolve().parent / "golden"


def plans() -> dict[str, Any]:
    provider = samples.corp("ai-corp", "provider", "10.0.0.0/16")
    return {
        "walkthrough": samples.plan(),
        "three-consumers": samples.plan(samples.spec(corps=[provider, *samples.consumers(3)], lease_minutes=60)),
        **{name: samples.plan(samples.spec(corps=corps)) for name, corps in landing_zones().items()},
        "second-attempt": samples.plan(samples.spec(tickets={"source": "request", "values": TICKETS}), attempt=2),
    }


def landing_zones() -> dict[str, list[dict[str, Any]]]:
    """Corps in what a landing zone has already, one name a combination."""
    given = partial(wish, samples.SUBSCRIPTION, HUB)
    both = "ai-corp health-corp"
    return {
        "existing-egress": given(egress=both),
        "existing-subnets": given(subnets=both),
        "existing-zone": given(zone=True),
        "existing-subnets-and-zone": given(subnets=both, zone=True),
        "existing-consumer-subnet": given(subnets="health-corp"),
    }


HUB = "99999999-8888-7777-6666-555555555555"
TICKETS = {"ai-corp": "a" * 24, "health-corp": "b" * 24}


def text(plan: Any) -> str:
    return json.dumps(plan, indent=1) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, plan in plans().items():
        (FOLDER / f"{name}.json").write_text(text(plan))
