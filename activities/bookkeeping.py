"""What the orchestrators write down: phases, progress, the plan for a teardown."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from activities import telemetry
from activities.cloud import Cloud
from activities.records import Document, Life, Records
from isthmus.events import corp_built
from isthmus.lifecycle import OVER, RUNNING, allowed, may_follow
from isthmus.plan import Findings, Occasion, Place, make_plan, utc
from isthmus.spec import PARTS, recorded

log = telemetry.logger("bookkeeping")
StopReason = Literal["failure", "delete", "cancel", "lease"]
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
        log.error("its record is missing")
        return {"phase": None, "stop": {"why": "lost", "detail": "its record is missing"}}
    if document["phase"] == phase:
        telemetry.phase_reached(phase, details)
    else:
        log.info("phase stays %s", document["phase"])
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


def note(records: Records, life: Life, entry: Mapping[str, Any]) -> Document | None:
    """Keeps what somebody did with this life: `at`, `action`, `by`, `correlation_id`."""
    return records.change(life, lambda document: document | {"actions": [*document["actions"], dict(entry)]})


def begin_again(records: Records, life: Life) -> tuple[Document | None, bool]:
    """Turns a failed life that was kept into one that is asked for once more; whether it was this call that did.

    What is ready stays known; what failed is forgotten first, so that nobody takes it for the new attempt's.
    """
    began = False

    def again(document: Document) -> Document:
        nonlocal began
        began = allowed(document)["retry"]
        if not began:
            return document
        fresh = {"phase": "requested", "attempt": document["attempt"] + 1, "stop": None, "error": None, "proof": None}
        return document | fresh

    record = records.load(life)
    if record and allowed(record)["retry"]:
        for part, lines in records.parts(life).items():
            records.save_part(life, part, [line for line in lines if line["state"] == "ready"])
    return records.change(life, again), began


def renew(records: Records, life: Life, minutes: int, now: datetime) -> tuple[Document | None, bool]:
    """Lets a life last `minutes` from now on, never shorter than before; whether it may still be renewed."""
    taken = False

    def longer(document: Document) -> Document:
        nonlocal taken
        taken = allowed(document)["renew"]
        until = max(utc(now + timedelta(minutes=minutes)), document["expires_at"])
        return document | {"expires_at": until} if taken else document

    return records.change(life, longer), taken


def save_progress(
    records: Records, life: Life, part: str, lines: list[Document], changed: Collection[str] = ()
) -> dict[str, Any]:
    """Keeps a part's lines, and tells of those that changed. A step that failed stops what is still being built
    beside it."""
    records.save_part(life, part, lines)
    for line in lines:
        if line["id"] in changed:
            telemetry.step_changed("remove" if part == "teardown" else "ensure", line)
    wrong = next((line for line in lines if line["state"] == "failed"), None)
    if wrong and part != "teardown":
        document = ask_for_stop(records, life, "failure", f"{wrong['id']} failed")
    elif part not in PARTS and all(line["state"] == "ready" for line in lines):
        document = records.change(life, lambda record: corp_built(record, part, datetime.now(UTC)), quietly=True)
    else:
        document = records.load(life)
    return {"stop": (document or {}).get("stop")}


def begin_teardown(cloud: Cloud, records: Records, life: Life, why: str = "", found_at: str = "") -> dict[str, Any]:
    """The plan to take down, and how often that was tried; the plan is None when there is nothing left to do, or
    nothing known.

    why, found_at: of a sweep, what it found and when (ISO 8601); whoever renewed a lease since then has saved the
    environment, and while sweeps are switched off none begins
    """
    if why and cloud.settings.cleanup != "on":
        return {"plan": None, "phase": (records.load(life) or {}).get("phase")}

    def move(document: Document) -> Document:
        if _saved(document, why, found_at):
            return document
        stop = document["stop"] or ({"why": "lease", "detail": "its lease ended"} if why == "lease" else None)
        return document | {"phase": "deleting", "stop": stop}

    document = records.change(life, move)
    if document is None or document["phase"] != "deleting":
        return {"plan": None, "phase": document["phase"] if document else "gone"}
    tries = (document["teardown"] or {}).get("tries", 0)
    if document.get("plan"):
        return {"plan": document["plan"], "tries": tries}
    place = Place(cloud.settings.subscription, cloud.settings.vault_id)
    occasion = Occasion(datetime.fromisoformat(document["requested_at"]), document["correlation_id"])
    return {"plan": make_plan(recorded(document["spec"]), life[1], place, NOTHING_PLANNED, occasion), "tries": tries}


def _saved(document: Document, why: str, found_at: str) -> bool:
    """Whether it is not to be taken down (any more)."""
    if document["phase"] == "gone":
        return why != "leftovers"
    renewed = why == "lease" and document["expires_at"] > utc(datetime.fromisoformat(found_at))
    return renewed and not document["stop"]
