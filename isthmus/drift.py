"""Drift: how what stands differs from its plan, what of it is put right, and the walk that does it.

Repaired is what the same `ensure` can put right without touching what somebody else may have put there, and without a
new identity or address that VMs hang on: the rest is for people to decide. docs/drift.md says the same in words.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Literal

from isthmus import names
from isthmus.wanted import digest

What = Literal["missing", "changed", "astray"]
"""Not there; there with another body; there as it was written, and yet not right (stopped, led astray)."""
Difference = tuple[What, str]
"""What, and its words."""
Mode = Literal["report", "repair"]

REPAIRED: Mapping[str, frozenset[What]] = {
    "resource_group": frozenset({"changed"}),
    "network_security_group": frozenset({"changed"}),
    "openai_account": frozenset({"changed"}),
    "model_deployment": frozenset({"missing", "changed"}),
    "private_endpoint": frozenset({"missing"}),
    "private_dns_zone": frozenset({"changed"}),
    "dns_zone_link": frozenset({"missing", "changed"}),
    "dns_zone_group": frozenset({"missing", "changed", "astray"}),
    "api_key": frozenset({"missing", "changed"}),
    "secret_access": frozenset({"missing"}),
    "key_access": frozenset({"missing"}),
    "virtual_machine": frozenset({"astray"}),
}
"""Kind of step -> what is put right of it."""
RUNS = ("client_run", "probe_run")


def is_repaired(kind: str, what: What) -> bool:
    return what in REPAIRED.get(kind, ())


def repair_steps(plan: Mapping[str, Any], broken: Collection[str], moment: str) -> list[dict[str, Any]]:
    """The walk of a repair: those steps, and all of verification with questions of its own, so that the proof is a
    fresh one. `moment`: what makes these questions others than those before."""
    steps = [step for step in plan["steps"] if step["id"] in broken]
    return steps + [_asked_anew(plan, step, moment) for step in plan["steps"] if step["stage"] == "verify"]


def _asked_anew(plan: Mapping[str, Any], step: Mapping[str, Any], moment: str) -> dict[str, Any]:
    if step["kind"] not in RUNS:
        return dict(step)
    wanted = step["wanted"]
    if not wanted:
        return dict(step)
    source = wanted["properties"]["source"]
    code = names.nonce(plan["environment"], plan["generation"], step["corp"], moment)
    request = source["request"] | {"nonce": code}
    bare = {key: value for key, value in wanted.items() if key != "tags"}
    bare |= {"properties": wanted["properties"] | {"source": source | {"request": request}}}
    return dict(step) | {"wanted": bare | {"tags": wanted["tags"] | {names.TAG_SPEC: digest(bare)}}}


def repaired(drift: Mapping[str, Any]) -> str:
    """What came of the last look, in a sentence. `drift`: of the status document."""
    repair = drift.get("repair")
    if drift["mode"] == "report":
        return "It is only reported: the environment says drift: report."
    if not repair or repair["began_at"] < drift["looked_at"]:
        return "Nothing of it can be put right safely."
    if repair["ended_at"] is None:
        return "What can be is being put right."
    if repair["error"]:
        return f"It could not be put right: {repair['error']['code']}: {repair['error']['message']}"
    return "What can be was put right, and the environment proved anew."
