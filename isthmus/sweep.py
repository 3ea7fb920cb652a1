"""What a sweep does: a judgement on everything that was found, by name, tags and record together.

A *life* (environment, generation) is known by its record alone. What bears one of its names and its tags is its own;
whatever name, tags and record don't agree on is left alone and told of.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from isthmus import names
from isthmus.documents import LeftAlone, SweptLife
from isthmus.lifecycle import RUNNING, is_over

Life = tuple[str, str]
Record = Mapping[str, Any]
Kind = Literal["resource group", "deleted account", "secret", "deleted secret", "role assignment", "portal member"]
OWNER_LOST = timedelta(minutes=30)
"""An orchestration is believed dead so long after the lease ended, if its record has not changed for as long."""
OWNER_DEAD = timedelta(hours=2)
"""... and without a lease that ended, if it was to take its environment down and nothing was heard for so long."""
FIRST_RETRY, LAST_RETRY = timedelta(minutes=15), timedelta(hours=6)
WINDOW = timedelta(days=1)
OURS = re.compile(rf"{names.PREFIX}-[a-z0-9-]+-[a-z2-7]{{6}}(-.*)?")
"""What may be a name of something of ours, of whatever kind."""
FIRST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Thing:
    """Something that may be ours. name: what it is found by, in lower case; shown: how it is told of; tags: None
    where its kind bears none."""

    kind: Kind
    name: str
    shown: str
    tags: Mapping[str, str] | None = None


@dataclass
class Found:
    """Everything that was looked at. kept: ARM ids of resources that bear the keep tag; unseen: what could not be
    looked at, and why."""

    records: dict[Life, Record] = field(default_factory=dict)
    things: list[Thing] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    unseen: list[LeftAlone] = field(default_factory=list)


@dataclass
class Judgement:
    """due: lives to take down, the oldest lease first; stopping: lives that their own orchestrations shall end."""

    due: list[SweptLife] = field(default_factory=list)
    stopping: list[SweptLife] = field(default_factory=list)
    left_alone: list[LeftAlone] = field(default_factory=list)


def judge(found: Found, subscription: str, now: datetime) -> Judgement:
    """Who is due, who is told to stop, and what is left alone for which reason."""
    owners = {key: life for life, record in found.records.items() for key in _keys(record, subscription)}
    own: dict[Life, list[Thing]] = defaultdict(list)
    against: dict[Life, list[LeftAlone]] = defaultdict(list)
    judgement = Judgement()
    for thing in found.things:
        life = owners.get((_family(thing.kind), thing.name))
        if life is None:
            judgement.left_alone += _stranger(thing)
        elif reason := _objection(thing, life, found.records[life]):
            against[life].append(_alone(thing.kind, thing.shown, reason))
        else:
            own[life].append(thing)
    for kept in found.kept:
        if life := owners.get(("resource group", _group(kept))):
            reason = f"it bears the tag {names.TAG_KEEP}, so its whole environment is kept"
            against[life].append(_alone("resource", kept, reason))
    for life, record in found.records.items():
        _judge_life(judgement, life, record, own[life], against[life], now)
    judgement.due.sort(key=lambda line: line["lease_ended"] or "")
    return judgement


def _judge_life(
    judgement: Judgement, life: Life, record: Record, own: list[Thing], against: list[LeftAlone], now: datetime
) -> None:
    ended = over_since([thing.tags or {} for thing in own if thing.kind == "resource group"], record)
    why = _why(record, ended, bool(own), now)
    if against and (why or record["phase"] == "gone"):
        judgement.left_alone += against
        return
    if why is None:
        return
    line: SweptLife = {
        "environment": life[0],
        "generation": life[1],
        "correlation_id": record["correlation_id"],
        "why": why,
        "lease_ended": ended.isoformat() if ended else None,
    }
    (judgement.stopping if why == "stopping" else judgement.due).append(line)


def _why(record: Record, ended: datetime | None, has_own: bool, now: datetime) -> Any:
    """Why a life is due; None if it is not."""
    phase = record["phase"]
    if phase == "gone":
        return "leftovers" if has_own else None
    quiet = now - (_date(record["updated_at"]) or FIRST)
    late = now - ended if ended else None
    if phase in RUNNING or phase == "deleting":
        return _why_at_work(record, late, quiet)
    if phase == "failed" and record["teardown"]:
        return "again" if (_date(record["teardown"].get("next_try")) or FIRST) <= now else None
    unfinished = is_over(record) or (phase == "failed" and record["on_failure"] == "rollback")
    if unfinished and quiet >= OWNER_LOST:
        return "lost"
    return "lease" if late is not None and late >= timedelta(0) else None


def _why_at_work(record: Record, late: timedelta | None, quiet: timedelta) -> Any:
    """One owner of each teardown: what is being built or taken down is left to its own orchestration, unless that
    seems to be dead."""
    if late is not None and late >= timedelta(0):
        return "lease" if min(late, quiet) >= OWNER_LOST else "stopping"
    return "lost" if is_over(record) and quiet >= OWNER_DEAD else None


def next_try(tries: int, now: datetime) -> datetime:
    """When a teardown that left something is tried again: after a quarter of an hour, then twice as long each time,
    up to six hours; for ever."""
    wait: timedelta = min(FIRST_RETRY * 2 ** min(tries - 1, 10), LAST_RETRY)
    return now + wait


def windows(since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
    """The time between, in pieces of a day at most, the oldest first: what is asked for at once stays small."""
    found = []
    while since < until:
        end = min(since + WINDOW, until)
        found.append((since, end))
        since = end
    return found


def over_since(tags: Iterable[Mapping[str, str]], record: Record) -> datetime | None:
    """When the lease ends: the latest that any group's tags and the record say; a date that can't be read counts as
    none."""
    said = [table.get(names.TAG_EXPIRES_AT) for table in tags]
    return max((date for text in [*said, record.get("expires_at")] if (date := _date(text))), default=None)


def _date(text: Any) -> datetime | None:
    try:
        date = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return date if date.tzinfo else None


def _family(kind: Kind) -> str:
    """Assignments and deleted secrets are known by the secret's name."""
    return "secret" if kind in ("deleted secret", "role assignment") else kind


def _keys(record: Record, subscription: str) -> Iterable[tuple[str, str]]:
    """The names of everything of a life that outlives a request, by family."""
    life = (record["environment"], record["generation"])
    for corp in record["spec"]["corps"]:
        yield "resource group", names.resource_group(*life, corp["name"])
        yield "secret", names.ticket_secret(*life, corp["name"])
    yield "secret", names.key_secret(*life)
    yield "deleted account", names.account(subscription, *life)
    for end in ("outlet", "inlet"):
        yield "portal member", names.attribute(*life, end)


def _objection(thing: Thing, life: Life, record: Record) -> str | None:
    """Why something that bears a life's name is not touched all the same."""
    if thing.tags is None:
        return None
    if names.TAG_KEEP in thing.tags:
        return f"it bears the tag {names.TAG_KEEP}"
    said = (thing.tags.get(names.TAG_ENVIRONMENT), thing.tags.get(names.TAG_GENERATION))
    corp = str(thing.tags.get(names.TAG_CORP))
    if said != life or (thing.kind == "resource group" and names.resource_group(*life, corp) != thing.name):
        return "its tags are not those of its name"
    return None


def _stranger(thing: Thing) -> Iterable[LeftAlone]:
    """Something that no record knows: of no interest, unless it looks like ours."""
    tags = thing.tags or {}
    tagged = names.TAG_ENVIRONMENT in tags
    if not tagged and not OURS.fullmatch(thing.name):
        return
    said = (tags.get(names.TAG_ENVIRONMENT, ""), tags.get(names.TAG_GENERATION, ""))
    astray = thing.kind == "resource group" and tagged and not thing.name.startswith(names.resource_group(*said, ""))
    reason = "its name is not the one that its tags say" if astray else "there is no record of it"
    yield _alone(thing.kind, thing.shown, reason)


def _group(resource: str) -> str:
    parts = resource.lower().split("/")
    return parts[4] if len(parts) > 4 else ""


def _alone(kind: str, shown: str, reason: str) -> LeftAlone:
    return {"kind": kind, "name": shown, "reason": reason}
