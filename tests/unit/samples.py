"""What most tests begin from: one small environment, in its stages from request to plan."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from isthmus.bodies import Site
from isthmus.plan import Findings, Occasion, Place, make_plan
from isthmus.problems import Finding
from isthmus.spec import Corp, Spec, parse

GENERATION = "abc234"
SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
VAULT_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/isthmus/providers/Microsoft.KeyVault/vaults/keep"
PLACE = Place(SUBSCRIPTION, VAULT_ID)
MODEL = {"name": "gpt-4o-mini", "version": "2024-07-18", "sku": "Standard", "capacity": 1}
PUBLIC_KEY = "ssh-rsa AAAAB3NzaC1yc2E="
FINDINGS = Findings(MODEL, PUBLIC_KEY)
REQUESTED = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
CORRELATION = "a-request-1"
LIFE = ("demo", GENERATION)


def corp(name: str, role: str, space: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "role": role, "address_space": space, **more}


AI = corp("ai-corp", "provider", "10.0.0.0/16")
HEALTH = corp("health-corp", "consumer", "192.168.0.0/16")


def consumers(count: int) -> list[dict[str, Any]]:
    """So many consumers, all with one address space: their networks never meet."""
    return [corp(f"corp-{number}", "consumer", "192.168.0.0/16") for number in range(1, count + 1)]


def document(**more: Any) -> dict[str, Any]:
    """A good request, with fields added or replaced."""
    return {"name": "demo"} | more


def found(request: Any) -> list[Finding]:
    """What is wrong with a request."""
    return parse(json.dumps(request).encode())[1]


def pointers(request: Any) -> list[str]:
    return [finding.pointer for finding in found(request)]


def spec(**more: Any) -> Spec:
    return Spec.model_validate(document(**more))


def plan(wish: Spec | None = None, generation: str = GENERATION, attempt: int = 1) -> dict[str, Any]:
    return make_plan(wish or spec(), generation, PLACE, FINDINGS, Occasion(REQUESTED, CORRELATION, attempt))


def site(role: str = "provider", wish: Spec | None = None) -> Site:
    wish = wish or spec()
    whose: Corp = wish.provider if role == "provider" else wish.consumers[0]
    return Site(wish, whose, GENERATION, SUBSCRIPTION, VAULT_ID, dict(MODEL), PUBLIC_KEY, 1)


def step_of(whole: dict[str, Any], step_id: str) -> dict[str, Any]:
    """A plan's step by its id."""
    step: dict[str, Any] = next(step for step in whole["steps"] if step["id"] == step_id)
    return step


def record(**more: Any) -> dict[str, Any]:
    """The record of a life that was just asked for."""
    wish = spec()
    return {
        "environment": wish.name,
        "generation": GENERATION,
        "phase": "requested",
        "stop": None,
        "attempt": 1,
        "spec": wish.public(),
        "digest": wish.digest(),
        "on_failure": wish.on_failure,
        "requested_at": "2026-05-04T12:00:00Z",
        "requested_by": None,
        "correlation_id": CORRELATION,
        "actions": [],
        "receiver": None,
        "outbox": [],
        "findings": [],
        "expires_at": "2026-05-04T20:00:00Z",
        "updated_at": "2026-05-04T12:00:00Z",
        "plan": None,
        "error": None,
        "proof": None,
        "teardown": None,
    } | more
