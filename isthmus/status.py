"""Records -> the status document: one per environment, small and stable, right at any time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from isthmus.graph import BY_NAME

PORTAL = "https://portal.azure.com/#resource"


def status_document(record: Mapping[str, Any], progress: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """`record`: the environment's; `progress`: corp (or stage) -> lines as the walk wrote them."""
    plan = record.get("plan") or {}
    built = {line["id"]: line for part, group in progress.items() if part != "teardown" for line in group}
    removed = {line["id"]: line for line in progress.get("teardown", [])}
    steps = [_step(step, built.get(step["id"]), removed.get(step["id"])) for step in plan.get("steps", [])]
    counts = {state: sum(1 for step in steps if step["state"] == state) for state in ("ready", "removed")}
    return {
        "name": record["environment"],
        "generation": record["generation"],
        "phase": record["phase"],
        "requested_at": record["requested_at"],
        "expires_at": record["expires_at"],
        "updated_at": record["updated_at"],
        "model": plan.get("model"),
        "estimate_seconds": plan.get("estimate_seconds"),
        "progress": {**counts, "steps": len(steps)},
        "corps": [
            {
                "name": corp["name"],
                "role": corp["role"],
                "resource_group": corp["group"],
                "steps": [step for step in steps if step["corp"] == corp["name"]],
            }
            for corp in plan.get("corps", [])
        ],
        "error": record.get("error"),
        "proof": record.get("proof"),
        "teardown": record.get("teardown"),
    }


REMOVAL = {"pending": "removing", "ready": "removed", "failed": "failed"}
"""A teardown's word for a step -> the step's state; until it is its turn, a step stays what it was."""


def _step(
    step: Mapping[str, Any], built: Mapping[str, Any] | None, removed: Mapping[str, Any] | None
) -> dict[str, Any]:
    begun = removed is not None and removed["state"] in REMOVAL
    seen = (removed if begun else built) or {}
    state = seen.get("state", "waiting")
    kind = BY_NAME.get(step["kind"])
    return {
        "id": step["id"],
        "kind": step["kind"],
        "title": kind.title if kind else step["kind"],
        "corp": step["corp"],
        "state": REMOVAL[state] if begun else state,
        "started": seen.get("started"),
        "ended": seen.get("ended"),
        "took": _seconds(seen.get("started"), seen.get("ended")),
        "attempts": seen.get("attempts", 0),
        "waits_for": seen.get("detail") or None,
        "error": seen.get("error"),
        "portal": f"{PORTAL}{step['resource']}" if step["resource"] else None,
    }


def _seconds(started: str | None, ended: str | None) -> float | None:
    if not started or not ended:
        return None
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(started)).total_seconds()
