"""Records -> the status document: one per environment, small and stable, right at any time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from isthmus.documents import (
    Allowed,
    Delivery,
    Drift,
    Progress,
    StatusDocument,
    StepError,
    StepState,
    StepStatus,
    Summary,
    Teardown,
)
from isthmus.existing import NOTHING
from isthmus.graph import BY_NAME
from isthmus.lifecycle import allowed
from isthmus.names import portal


def status_document(record: Mapping[str, Any], progress: Mapping[str, Sequence[Mapping[str, Any]]]) -> StatusDocument:
    """`record`: the environment's; `progress`: corp (or stage) -> lines as the walk wrote them."""
    plan = record["plan"] or {}
    # What is being repaired is told as it is now, not as it was built.
    parts = sorted(progress.items(), key=lambda item: item[0] == "repair")
    built = {line["id"]: line for part, group in parts if part != "teardown" for line in group}
    removed = {line["id"]: line for line in progress.get("teardown", [])}
    steps = [_step(step, built.get(step["id"]), removed.get(step["id"])) for step in plan.get("steps", [])]
    return {
        "name": record["environment"],
        "generation": record["generation"],
        "phase": record["phase"],
        "attempt": record["attempt"],
        "question": record["spec"]["question"],
        "requested_at": record["requested_at"],
        "requested_by": record["requested_by"],
        "correlation_id": record["correlation_id"],
        "expires_at": record["expires_at"],
        "updated_at": record["updated_at"],
        "model": plan.get("model"),
        "estimate_seconds": plan.get("estimate_seconds"),
        "critical_path": plan.get("critical_path", []),
        "progress": _progress(steps),
        "corps": [
            {
                "name": corp["name"],
                "role": corp["role"],
                "resource_group": corp["group"],
                "existing": corp.get("existing", NOTHING),
                "steps": [step for step in steps if step["corp"] == corp["name"]],
            }
            for corp in plan.get("corps", [])
        ],
        "findings": record["findings"],
        "error": _error(record["error"]),
        "proof": record["proof"],
        "stop": record["stop"],
        "teardown": _teardown(record["teardown"]),
        "drift": _drift(record.get("drift")),
        "actions": cast(Allowed, allowed(record)),
        "events": _delivery(record),
        "log": record["actions"],
    }


def summary(record: Mapping[str, Any]) -> Summary:
    """One line of a list: what the record alone says."""
    return {
        "name": record["environment"],
        "generation": record["generation"],
        "phase": record["phase"],
        "requested_at": record["requested_at"],
        "requested_by": record["requested_by"],
        "expires_at": record["expires_at"],
        "updated_at": record["updated_at"],
        "proof": (record["proof"] or {}).get("result"),
        "error_code": (record["error"] or {}).get("code"),
    }


REMOVAL = {"pending": "removing", "ready": "removed", "failed": "failed"}
"""A teardown's word for a step -> the step's state; until it is its turn, a step stays what it was."""


def _progress(steps: Sequence[StepStatus]) -> Progress:
    ready, removed = (sum(1 for step in steps if step["state"] == state) for state in ("ready", "removed"))
    return {"ready": ready, "removed": removed, "steps": len(steps)}


def _step(step: Mapping[str, Any], built: Mapping[str, Any] | None, removed: Mapping[str, Any] | None) -> StepStatus:
    begun = removed is not None and removed["state"] in REMOVAL
    seen = (removed if begun else built) or {}
    state = seen.get("state", "waiting")
    kind = BY_NAME.get(step["kind"])
    return {
        "id": step["id"],
        "kind": step["kind"],
        "title": kind.title if kind else step["kind"],
        "corp": step["corp"],
        "state": cast(StepState, REMOVAL[state] if begun else state),
        "needs": step["needs"],
        "typical": step["typical"],
        "started": seen.get("started"),
        "ended": seen.get("ended"),
        "took": _seconds(seen.get("started"), seen.get("ended")),
        "attempts": seen.get("attempts", 0),
        "waits_for": seen.get("detail") or None,
        "stays_until": (seen.get("outputs") or {}).get("stays_until") if state == "ready" and begun else None,
        "error": _error(seen.get("error")),
        "portal": portal(step["resource"]) if step["resource"] else None,
    }


def _error(outcome: Mapping[str, Any] | None) -> StepError | None:
    """A failed outcome as it is shown."""
    if outcome is None:
        return None
    return {
        "code": outcome["code"],
        "message": outcome["message"],
        "hint": outcome["hint"],
        "request_id": outcome["request_id"],
    }


def _drift(found: Mapping[str, Any] | None) -> Drift | None:
    if found is None:
        return None
    repair = found["repair"]
    shown = repair and {**repair, "error": _error(repair["error"])}
    return cast(Drift, {**found, "repair": shown})


def _teardown(summary: Mapping[str, Any] | None) -> Teardown | None:
    if summary is None:
        return None
    return {
        "left": summary["left"],
        "error": _error(summary["error"]),
        "steps": summary["steps"],
        "tries": summary.get("tries", 1),
        "next_try": summary.get("next_try"),
    }


def _delivery(record: Mapping[str, Any]) -> Delivery | None:
    """Of its lifecycle events; None where nobody is told."""
    receiver, outbox = record.get("receiver"), record.get("outbox", ())
    if not receiver:
        return None
    states = Counter(entry["state"] for entry in outbox)
    errors = [entry["error"] for entry in outbox if entry["error"]]
    return {
        "url": receiver["url"],
        "sent": states["sent"],
        "waiting": states["waiting"],
        "given_up": states["given_up"],
        "error": errors[-1] if errors else None,
    }


def _seconds(started: str | None, ended: str | None) -> float | None:
    if not started or not ended:
        return None
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(started)).total_seconds()
