"""The real app, whose plans lack the step kind that an environment is named after: `no-dns-zone-link`."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from activities import planning
from isthmus.graph import GRAPH
from isthmus.plan import make_plan
from isthmus.wanted import REFERENCE

ROOT = Path(__file__).resolve().parents[3]
STAND_INS = {
    "principal_id": "00000000-0000-0000-0000-00000000dead",
    "client_id": "00000000-0000-0000-0000-00000000beef",
    "address": "10.0.0.250",
}
"""What a step is told that refers to an output of the step that is left out."""
DEADLINE, RUN_DEADLINE, CLIENT_SECONDS = 25.0, 100.0, 10


def without(plan: dict[str, Any], kind: str) -> dict[str, Any]:
    """The plan without the steps of that kind; whatever needed them goes ahead as if they had been there."""
    gone = {step["id"] for step in plan["steps"] if step["kind"] == kind}
    steps = [
        step
        | {
            "needs": [need for need in step["needs"] if need not in gone],
            "wanted": _hurried(_stood_in(step["wanted"], gone)),
            "deadline": RUN_DEADLINE if step["kind"] in ("probe_run", "client_run") else DEADLINE,
        }
        for step in plan["steps"]
        if step["id"] not in gone
    ]
    return plan | {"steps": steps}


def _stood_in(value: Any, gone: set[str]) -> Any:
    if isinstance(value, dict):
        if REFERENCE in value:
            step, name = value[REFERENCE]
            return STAND_INS[name] if step in gone else value
        return {key: _stood_in(inner, gone) for key, inner in value.items()}
    return [_stood_in(inner, gone) for inner in value] if isinstance(value, list) else value


def _hurried(wanted: dict[str, Any]) -> dict[str, Any]:
    request = wanted.get("properties", {}).get("source", {}).get("request", {})
    if "deadline_seconds" in request:
        request["deadline_seconds"] = CLIENT_SECONDS
    return wanted


def _ablated(spec: Any, *rest: Any) -> dict[str, Any]:
    plan = make_plan(spec, *rest)
    begins = spec.name.removeprefix("no-").replace("-", "_")
    return without(plan, next(kind.name for kind in GRAPH if kind.name.startswith(begins)))


planning.make_plan = _ablated  # type: ignore[attr-defined, assignment]
_spec = importlib.util.spec_from_file_location("isthmus_function_app", ROOT / "function_app.py")
assert _spec is not None
assert _spec.loader is not None
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
app = _module.app
