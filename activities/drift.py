"""Drift: looks whether what stands is still as planned, writes down what differs, and plans what is put right.

To look writes nothing in Azure. What of it may be put right is decided in isthmus/drift.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from azure.core.exceptions import AzureError

from activities import arm, authorization, keyvault, telemetry
from activities.cloud import Cloud, outcome_of
from activities.records import Document, Life, Records
from activities.steps import Request
from isthmus.drift import RUNS, Difference, is_repaired, repair_steps
from isthmus.graph import BY_NAME
from isthmus.lifecycle import is_over, whose
from isthmus.outcomes import told

log = telemetry.logger("drift")
Look = Callable[[Request], Difference | None]
OTHER_LOOKS: Mapping[str, Look] = {
    "reserved_ticket": keyvault.look_at_reserved,
    "reserved_key": keyvault.look_at_reserved,
    "api_key": keyvault.look_at_api_key,
    "secret_access": authorization.look_at_access,
    "key_access": authorization.look_at_access,
}
"""How what is no resource of ARM's is looked at. A ticket is spent by now, and the proof is looked at by nobody."""
PART = "repair"
"""The record's part while something is being put right."""


def find_ready(records: Records) -> dict[str, Any]:
    """Lives that are ready, with their corps."""
    loaded = (records.load(life) for life in records.lives())
    ready = [record for record in loaded if record and _stands(record)]
    return {"lives": [whose(r) | {"corps": [corp["name"] for corp in r["plan"]["corps"]]} for r in ready]}


def _stands(record: Mapping[str, Any]) -> bool:
    return record["phase"] == "ready" and not is_over(record) and bool(record["plan"])


def look_for_drift(
    cloud: Cloud, records: Records, kinds: Mapping[str, arm.Resource], life: Life, corp: str
) -> dict[str, Any]:
    """`findings`: what of that corp differs from its plan; `unseen`: what could not be looked at, in words.

    kinds: kind of step -> how its ARM resource is read
    """
    record = records.load(life)
    if record is None or not _stands(record):
        return {"findings": [], "unseen": []}
    known = known_outputs(records.parts(life))
    looks = dict(OTHER_LOOKS) | {
        kind: partial(arm.look, resource=row) for kind, row in kinds.items() if kind not in RUNS
    }
    steps = [step for step in record["plan"]["steps"] if step["corp"] == corp and step["kind"] in looks]

    def looked(step: Mapping[str, Any]) -> tuple[Difference | None, str]:
        outputs = {need: known[need] for need in step["needs"] if need in known}
        try:
            return looks[step["kind"]](Request(*life, step, outputs, 0, cloud, records)), ""
        except AzureError as problem:
            return None, f"{step['id']}: {told(outcome_of(problem))}"
        except KeyError as need:
            return None, f"{step['id']}: nothing is known of what it needs ({need})"

    with ThreadPoolExecutor(cloud.at_once) as pool:
        seen = list(pool.map(telemetry.along(looked), steps))
    differing = [(step, found) for step, (found, _) in zip(steps, seen, strict=True) if found]
    findings = [
        {
            "step": step["id"],
            "kind": step["kind"],
            "title": BY_NAME[step["kind"]].title,
            "corp": corp,
            "what": what,
            "detail": detail,
            "repairable": is_repaired(step["kind"], what),
        }
        for step, (what, detail) in differing
    ]
    return {"findings": findings, "unseen": [words for _, words in seen if words]}


def known_outputs(parts: Mapping[str, list[Document]]) -> dict[str, Mapping[str, Any]]:
    """What the walks found out, by step id."""
    lines = [line for part, group in parts.items() if part != "teardown" for line in group]
    return {line["id"]: line["outputs"] for line in lines if line["state"] == "ready"}


def note_drift(records: Records, life: Life, given: Mapping[str, Any]) -> dict[str, Any]:
    """Keeps what was found, if the environment still stands. `repair`: the steps to walk and what they need to know;
    None where there is nothing to put right, or nobody wants it put right."""
    findings, unseen, now = given["findings"], given["unseen"], given["now"]
    broken = [finding["step"] for finding in findings if finding["repairable"]]

    def keep(document: Document) -> Document:
        if not _stands(document):
            return document
        before = document.get("drift") or {}
        mode = document["spec"].get("drift", "report")
        found = {"looked_at": now, "mode": mode, "findings": findings, "unseen": unseen}
        return document | {"drift": found | {"repair": before.get("repair")}}

    record = records.change(life, keep)
    if record is None or not _stands(record):
        return {"repair": None}
    for finding in findings:
        log.warning("%s %s: %s", finding["step"], finding["what"], finding["detail"], extra=whose(record))
    if not broken or record["drift"]["mode"] != "repair":
        return {"repair": None}
    return {"repair": _begin(records, life, record["plan"], broken, now)}


def _begin(records: Records, life: Life, plan: Mapping[str, Any], broken: list[str], now: str) -> dict[str, Any]:
    steps = repair_steps(plan, broken, now)
    again = {step["id"] for step in steps}
    known = {name: outputs for name, outputs in known_outputs(records.parts(life)).items() if name not in again}
    begun = {"began_at": now, "ended_at": None, "steps": broken, "error": None}
    _keep_repair(records, life, begun)
    return {"steps": steps, "known": known}


def end_repair(records: Records, life: Life, given: Mapping[str, Any]) -> dict[str, Any]:
    """Keeps what came of a repair: what is ready now stands in the corps' own parts, and the proof is the new one."""
    parts = records.parts(life)
    again = {line["id"]: line for line in parts.pop(PART, []) if line["state"] == "ready"}
    for part, lines in parts.items():
        if part != "teardown" and any(line["id"] in again for line in lines):
            records.save_part(life, part, [again.get(line["id"], line) for line in lines])
    records.save_part(life, PART, [])
    _keep_repair(records, life, {"ended_at": given["now"], "error": given["error"]}, given["proof"])
    return {"error": given["error"]}


def _keep_repair(records: Records, life: Life, news: Mapping[str, Any], proof: Any = None) -> None:
    def keep(document: Document) -> Document:
        drift = document.get("drift")
        if not _stands(document) or not drift:
            return document
        repair = (drift["repair"] or {}) | dict(news)
        return document | {"drift": drift | {"repair": repair}} | ({"proof": proof} if proof else {})

    records.change(life, keep)
