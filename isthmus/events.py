"""Lifecycle events: which arise from a change of a record, how they look as CloudEvents 1.0, and when each is sent.

They stand in the record's outbox, written with the change that they tell of. Sending is somebody else's; here is what
becomes of an entry: waiting -> sent, or given up after the last of `PAUSES`. An environment without a receiver has no
outbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from isthmus.lifecycle import Phase, is_over
from isthmus.plan import utc

Document = dict[str, Any]
Kind = Literal["requested", "corp.built", "ready", "failed", "expiring", "gone"]
BY_PHASE: dict[Phase, Kind] = {"requested": "requested", "ready": "ready", "failed": "failed", "gone": "gone"}
"""Phases whose beginning is told."""
TYPE = "isthmus.environment."
CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
PAUSES = (15.0, 60.0, 300.0, 900.0, 3600.0, 10_800.0, 21_600.0, 43_200.0)
"""Seconds between the tries to send one event: nine tries in a day, then it is given up."""
LONGEST_PAUSE = PAUSES[-1]


def with_events(before: Mapping[str, Any] | None, after: Document) -> Document:
    """The record with the events in its outbox that this change of it gives rise to."""
    kind = BY_PHASE.get(after["phase"])
    if kind is None or (before and before["phase"] == after["phase"]):
        return after
    return _told(after, kind, after["updated_at"])


def _told(record: Document, kind: Kind, at: str, **more: Any) -> Document:
    """The record with one more event waiting in its outbox; `more`: what stands in this event's data beside what
    stands in every one's."""
    if not record.get("receiver"):
        return record
    outbox = record.get("outbox", [])
    entry = {
        "number": len(outbox) + 1,
        "kind": kind,
        "at": at,
        "data": _data(record) | more,
        "state": "waiting",
        "tries": 0,
        "next": None,
        "error": None,
    }
    return record | {"outbox": [*outbox, entry]}


def _data(record: Mapping[str, Any]) -> dict[str, Any]:
    error, stop = record["error"], record["stop"]
    return {
        "name": record["environment"],
        "generation": record["generation"],
        "attempt": record["attempt"],
        "phase": record["phase"],
        "expires_at": record["expires_at"],
        "proof": (record["proof"] or {}).get("result"),
        "error": {"code": error["code"], "message": error["message"]} if error else None,
        "why": stop["why"] if stop else None,
    }


def corp_built(record: Document, corp: str, now: datetime) -> Document:
    """The record, with the corp's event the first time that an attempt has built it."""
    return _once(record, "corp.built", now, corp=corp)


def expiring(record: Document, now: datetime, lead: timedelta) -> Document:
    """The record, with the event that its lease is about to end, once for each end that it had."""
    if is_over(record) or now < expiring_at(record, lead):
        return record
    return _once(record, "expiring", now)


def _once(record: Document, kind: Kind, now: datetime, **more: Any) -> Document:
    """Adds the event, unless it was told already of this attempt, or of this end of the lease."""
    same = _same(record, kind, **more)
    if not record.get("receiver") or same in _known(record):
        return record
    added = _told(record, kind, utc(now), **more)
    *others, entry = added["outbox"]
    return added | {"outbox": [*others, entry | {"same": same}]}


def _same(record: Mapping[str, Any], kind: Kind, **more: Any) -> list[Any]:
    """What one such event is told from another by."""
    return [kind, record["expires_at"] if kind == "expiring" else record["attempt"], *more.values()]


def _known(record: Mapping[str, Any]) -> list[list[Any]]:
    return [entry["same"] for entry in record.get("outbox", ()) if "same" in entry]


def expiring_at(record: Mapping[str, Any], lead: timedelta) -> datetime:
    """When to tell that the lease ends: `lead` before it; of a lease that is shorter than twice that, at its half."""
    half = timedelta(minutes=record["spec"]["lease_minutes"]) / 2
    return datetime.fromisoformat(record["expires_at"]) - min(lead, half)


def waiting(record: Mapping[str, Any]) -> list[Document]:
    """What is still to be sent, in its order."""
    return [entry for entry in record.get("outbox", ()) if entry["state"] == "waiting"]


def due(record: Mapping[str, Any], now: datetime) -> Document | None:
    """The event to send now. They go one after the other: while one waits to be tried again, so do those behind it."""
    first = next(iter(waiting(record)), None)
    return first if first and (first["next"] is None or datetime.fromisoformat(first["next"]) <= now) else None


def next_due(record: Mapping[str, Any], now: datetime, lead: timedelta) -> datetime | None:
    """When to look at the outbox again; None: there is nothing more to tell."""
    moments = [datetime.fromisoformat(entry["next"]) if entry["next"] else now for entry in waiting(record)[:1]]
    if not is_over(record) and _same(record, "expiring") not in _known(record):
        moments.append(expiring_at(record, lead))
    return min(moments, default=None)


def sent(record: Document, number: int, at: str) -> Document:
    """The record after the receiver took that event: what it was stays known, what it said does not."""
    return _with(record, number, lambda entry: _short(entry) | {"state": "sent", "at": at})


def tried(
    record: Document, number: int, now: datetime, error: str, pause: float | None = None, final: bool = False
) -> Document:
    """The record after a try that came to nothing. `pause`: seconds that the receiver asked for; `final`: another try
    would come to nothing too."""

    def later(entry: Document) -> Document:
        tries = entry["tries"] + 1
        if final or tries > len(PAUSES):
            return _short(entry) | {"state": "given_up", "tries": tries, "error": error}
        seconds = min(max(PAUSES[tries - 1], pause or 0.0), LONGEST_PAUSE)
        return entry | {"tries": tries, "next": (now + timedelta(seconds=seconds)).isoformat(), "error": error}

    return _with(record, number, later)


def is_given_up(record: Mapping[str, Any], number: int) -> bool:
    """Whether that event is not tried again."""
    return any(entry["number"] == number and entry["state"] == "given_up" for entry in record["outbox"])


def _short(entry: Document) -> Document:
    return {key: value for key, value in entry.items() if key not in ("data", "next")} | {"error": None}


def _with(record: Document, number: int, change: Any) -> Document:
    """Only what waits is changed: another sender may have been quicker."""
    outbox = [
        change(entry) if entry["number"] == number and entry["state"] == "waiting" else entry
        for entry in record["outbox"]
    ]
    return record | {"outbox": outbox}


def cloud_event(record: Mapping[str, Any], entry: Mapping[str, Any], source: str) -> Document:
    """The event in CloudEvents' JSON format. Its `id` is the same at every try, and in one source nobody else's."""
    life = f"{record['environment']}/{record['generation']}"
    return {
        "specversion": "1.0",
        "id": f"{life}/{entry['number']}",
        "source": source,
        "type": TYPE + entry["kind"],
        "subject": life,
        "time": entry["at"],
        "datacontenttype": "application/json",
        "sequence": f"{entry['number']:08}",
        "correlationid": record["correlation_id"],
        "data": entry["data"],
    }


def in_words(delivery: Mapping[str, Any] | None) -> str | None:
    """What became of an environment's events, for people: `4 sent to URL; 1 waiting: the receiver answered 503`."""
    if not delivery:
        return None
    counts = [("sent to " + delivery["url"], delivery["sent"]), ("waiting", delivery["waiting"])]
    counts.append(("given up", delivery["given_up"]))
    words = "; ".join(f"{number} {what}" for what, number in counts if number or what.startswith("sent"))
    return f"{words}: {delivery['error']}" if delivery["error"] else words
