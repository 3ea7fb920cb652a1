"""What has expired, found by its tags, not by what any task hub remembers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from activities import telemetry
from activities.bookkeeping import ask_for_stop
from activities.cloud import Cloud, get
from activities.records import Document, Life, Records
from isthmus import names
from isthmus.lifecycle import FOLLOWS, RUNNING, whose
from isthmus.telemetry import CLEANUP_LATENESS, ENVIRONMENTS

log = telemetry.logger("cleanup")
OWNER_LOST = timedelta(minutes=30)
"""An orchestration that still builds or deletes so long after the lease ended is believed dead."""


def find_expired(cloud: Cloud, records: Records, now: datetime) -> dict[str, Any]:
    """Looks at every group that bears our tags.

    expired: lives to take down now; stopping: lives whose own orchestration was told to; left_alone: groups of
    which name, tags and record don't agree that they are ours and over, with the reason. A life without any group
    may still have secrets and members: its record alone says that it is not gone.
    """
    listed = cloud.resources.resource_groups.list(filter=f"tagName eq '{names.TAG_ENVIRONMENT}'")
    found: dict[str, dict[Life, dict[str, str]]] = {"expired": {}, "stopping": {}}
    left_alone, with_group = [], set()
    phases: dict[str, int] = dict.fromkeys(FOLLOWS, 0)
    for group in listed:
        tags = dict(group.tags or {})
        life = (str(tags.get(names.TAG_ENVIRONMENT)), str(tags.get(names.TAG_GENERATION)))
        with_group.add(life)
        record = records.load(life)
        if reason := _not_ours(group.name, tags, record):
            left_alone.append({"group": group.name, "reason": reason})
        elif record:
            _sort(found, life, over_since(tags, record), record, now)
    for life in records.lives():
        record = records.load(life)
        phases[record["phase"] if record else "gone"] += 1
        if life in with_group or not record or record["phase"] == "gone":
            continue
        if standing := _standing(cloud, record):
            told = {line["group"] for line in left_alone}
            reason = "its tags are not those of its name"
            left_alone += [{"group": name, "reason": reason} for name in standing if name not in told]
        else:
            _sort(found, life, over_since({}, record), record, now)
    for life in found["stopping"]:
        ask_for_stop(records, life, "lease", "its lease ended")
    _tell(found, left_alone, phases)
    return {name: list(lives.values()) for name, lives in found.items()} | {"left_alone": left_alone}


def _tell(
    found: Mapping[str, Mapping[Life, Mapping[str, str]]], left_alone: list[dict[str, str]], phases: Mapping[str, int]
) -> None:
    for phase, lives in phases.items():
        telemetry.count(ENVIRONMENTS, lives, state=phase)
    for verdict, over in found.items():
        for life in over.values():
            log.info("its lease ended: %s", verdict, extra=life)
    for line in left_alone:
        log.warning("%s is left alone: %s", line["group"], line["reason"])


def _standing(cloud: Cloud, record: Document) -> list[str]:
    """Groups that bear the life's names, though no tag says so."""
    corps = (corp["name"] for corp in record["spec"]["corps"])
    wanted = [names.resource_group(record["environment"], record["generation"], corp) for corp in corps]
    return [name for name in wanted if get(cloud.resources.resource_groups.get, name) is not None]


def _sort(
    found: dict[str, dict[Life, dict[str, str]]], life: Life, over: datetime | None, record: Document, now: datetime
) -> None:
    if over is not None and over <= now:
        lives = found[_verdict(record, now - over)]
        if life not in lives:
            telemetry.count(CLEANUP_LATENESS, (now - over).total_seconds())
        lives[life] = whose(record)


def _verdict(record: Document, late: timedelta) -> str:
    """One owner of each teardown: a life that is being built or taken down is left to its orchestration, unless
    that seems to be dead."""
    at_work = record["phase"] in RUNNING or record["phase"] == "deleting"
    return "stopping" if at_work and late < OWNER_LOST else "expired"


def _not_ours(group: str, tags: Mapping[str, str], record: Document | None) -> str | None:
    if names.TAG_KEEP in tags:
        return f"it bears the tag {names.TAG_KEEP}"
    tagged = (tags.get(tag, "") for tag in (names.TAG_ENVIRONMENT, names.TAG_GENERATION, names.TAG_CORP))
    if group.lower() != names.resource_group(*tagged):
        return "its name is not the one that its tags say"
    return None if record else "there is no record of it"


def over_since(tags: Mapping[str, str], record: Mapping[str, Any]) -> datetime | None:
    """When the lease ends: the latest that tags and record say; a date that can't be read counts as none."""
    dates = (_date(tags.get(names.TAG_EXPIRES_AT)), _date(record.get("expires_at")))
    return max((date for date in dates if date), default=None)


def _date(text: Any) -> datetime | None:
    try:
        date = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return date if date.tzinfo else None
