"""What the orchestrators write down: phases, progress, the plan for a teardown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from activities.cloud import Cloud
from activities.records import Document, Life, Records
from isthmus.lifecycle import OVER, RUNNING, may_follow
from isthmus.plan import Findings, Place, make_plan
from isthmus.spec import recorded

StopReason = Literal["failure", "delete", "lease"]
NOTHING_PLANNED = Findings({"name": "none", "version": "none", "sku": "none", "capacity": 0}, "")
"""Enough to name everything of a life that ended before it had a plan."""


def set_phase(records: Records, life: Life, phase: Any, details: Mapping[str, Any]) -> dict[str, Any]:
    """Moves the record on, if that may follow and nobody asked for the end meanwhile. What came of it: the phase
    that the record is in now, and whether its end was asked for."""

    def move(document: Document) -> Document:
        refused = phase in RUNNING | {"ready"} and document.get("stop")
        if refused or not may_follow(document["phase"], phase):
            return document
        return document | dict(details) | {"phase": phase}

    document = records.change(life, move)
    if document is None:
        return {"phase": None, "stop": {"why": "lost", "detail": "its record is missing"}}
    return {"phase": document["phase"], "stop": document.get("stop")}


def ask_for_stop(records: Records, life: Life, why: StopReason, detail: str) -> Document | None:
    """Nothing new begins in this life from now on. A person's wish or the lease's end stands over a failure."""

    def stop(document: Document) -> Document:
        held, phase = document.get("stop"), document["phase"]
        stands = held and (held["why"] != "failure" or why == "failure")
        if stands or phase in OVER or (why == "failure" and phase not in RUNNING):
            return document
        return document | {"stop": {"why": why, "detail": detail}}

    return records.change(life, stop)


def save_progress(records: Records, life: Life, part: str, lines: list[Document]) -> dict[str, Any]:
    """Keeps a part's lines. A step that failed stops what is still being built beside it."""
    records.save_part(life, part, lines)
    wrong = next((line for line in lines if line["state"] == "failed"), None)
    if wrong and part != "teardown":
        document = ask_for_stop(records, life, "failure", f"{wrong['id']} failed")
    else:
        document = records.load(life)
    return {"stop": (document or {}).get("stop")}


def begin_teardown(cloud: Cloud, records: Records, life: Life) -> dict[str, Any]:
    """The plan to take down; None when there is nothing left to do, or nothing known."""

    def move(document: Document) -> Document:
        return document if document["phase"] == "gone" else document | {"phase": "deleting"}

    document = records.change(life, move)
    if document is None or document["phase"] == "gone":
        return {"plan": None}
    if document.get("plan"):
        return {"plan": document["plan"]}
    place = Place(cloud.settings.subscription, cloud.settings.vault_id)
    requested_at = datetime.fromisoformat(document["requested_at"])
    return {"plan": make_plan(recorded(document["spec"]), life[1], place, NOTHING_PLANNED, requested_at)}
