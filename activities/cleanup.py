"""What has expired or was left behind, found by names, tags and records, not by what any task hub remembers.

To look writes nothing: a dry run is a look. What to make of it is decided in isthmus/sweep.py; taking down is the
work of the same orchestration that a DELETE starts.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from azure.core.exceptions import AzureError

from activities import telemetry, tickets
from activities.bookkeeping import ask_for_stop
from activities.cloud import Cloud, listed, outcome_of
from activities.ockam import OckamError
from activities.records import Life, Records
from isthmus import names
from isthmus.documents import ForgottenLife, LeftAlone, SweepFindings, SweepReport
from isthmus.lifecycle import FOLLOWS
from isthmus.plan import utc
from isthmus.sweep import Found, Thing, judge
from isthmus.telemetry import CLEANUP_LATENESS, ENVIRONMENTS

log = telemetry.logger("cleanup")
MOST_FORGOTTEN = 50
"""Records that one sweep removes at most: the others come next time."""
ATTRIBUTE = re.compile(rf"{names.PREFIX}-(?:out|in)let-[a-z0-9-]+")
DECISIVE = frozenset({"resource groups", "kept resources"})
"""Looks without which nobody can tell whether something is to be kept: then nothing is taken down."""


def find_expired(cloud: Cloud, records: Records, now: datetime) -> SweepFindings:
    """Everything that a sweep has to do. Raises AzureError if the records can't be read."""
    return _judged(cloud, _look(cloud, records), now)


def _judged(cloud: Cloud, found: Found, now: datetime) -> SweepFindings:
    judgement = judge(found, cloud.settings.subscription, now)
    blind = any(line["kind"] in DECISIVE for line in found.unseen)
    due, most = ([] if blind else judgement.due), cloud.settings.cleanup_most
    return {
        "dry_run": cloud.settings.cleanup != "on",
        "due": due[:most],
        "put_off": due[most:],
        "stopping": judgement.stopping,
        "left_alone": judgement.left_alone,
        "unseen": found.unseen,
    }


def begin_sweep(cloud: Cloud, records: Records, now: datetime) -> SweepFindings:
    """What there is to do; lives that are being built beyond their lease are told to end themselves."""
    found = _look(cloud, records)
    findings = _judged(cloud, found, now)
    for life in findings["stopping"] if not findings["dry_run"] else ():
        ask_for_stop(records, (life["environment"], life["generation"]), "lease", "its lease ended")
    _tell(found, findings, now)
    return findings


def _tell(found: Found, findings: SweepFindings, now: datetime) -> None:
    phases = Counter(record["phase"] for record in found.records.values())
    for phase in FOLLOWS:
        telemetry.count(ENVIRONMENTS, phases[phase], state=phase)
    for line in (*findings["due"], *findings["put_off"], *findings["stopping"]):
        late = now - datetime.fromisoformat(line["lease_ended"] or now.isoformat())
        if line["why"] != "leftovers" and late >= timedelta(0):
            telemetry.count(CLEANUP_LATENESS, late.total_seconds())
        log.info("to be taken down: %s", line["why"], extra=line)
    for alone in (*findings["left_alone"], *findings["unseen"]):
        log.warning("%s %s is left alone: %s", alone["kind"], alone["name"], alone["reason"])


def end_sweep(cloud: Cloud, records: Records, report: SweepReport, now: datetime) -> SweepReport:
    """Forgets what is gone for long, keeps the report, and writes it into the log as one line."""
    report["ended_at"] = utc(now)
    if not report["dry_run"]:
        report["forgotten"] = forget_old(records, now, cloud.settings.retention_days)
    records.save_sweep(dict(report))
    log.info("sweep: %s", json.dumps(report, sort_keys=True, separators=(",", ":")))
    return report


def _look(cloud: Cloud, records: Records) -> Found:
    loaded = ((life, records.load(life)) for life in records.lives())
    found = Found({life: record for life, record in loaded if record})
    for what, look in LOOKS.items():
        try:
            found.things += look(cloud, found)
        except AzureError as problem:
            outcome = outcome_of(problem)
            why = outcome["detail"] if outcome["state"] == "pending" else f"{outcome['code']}: {outcome['message']}"
            found.unseen.append(_unseen(what, why))
        except OckamError as problem:
            found.unseen.append(_unseen(what, str(problem)))
    return found


def _unseen(what: str, why: str) -> LeftAlone:
    return {"kind": what, "name": "", "reason": f"could not be looked at: {why}"}


def _groups(cloud: Cloud, found: Found) -> Iterable[Thing]:
    for group in cloud.resources.resource_groups.list():
        yield Thing("resource group", group.name.lower(), group.name, dict(group.tags or {}))


def _kept(cloud: Cloud, found: Found) -> Iterable[Thing]:
    found.kept += [item.id for item in cloud.resources.resources.list(filter=f"tagName eq '{names.TAG_KEEP}'")]
    return ()


def _accounts(cloud: Cloud, found: Found) -> Iterable[Thing]:
    for account in listed(cloud.cognitive.deleted_accounts.list()):
        yield Thing("deleted account", account["name"].lower(), account["id"], account.get("tags") or {})


def _secrets(cloud: Cloud, found: Found) -> Iterable[Thing]:
    for secret in cloud.secrets.list_properties_of_secrets():
        yield Thing("secret", secret.name.lower(), secret.name, dict(secret.tags or {}))


def _deleted_secrets(cloud: Cloud, found: Found) -> Iterable[Thing]:
    """Those that can be purged: of the others nobody can do more than wait for their day."""
    for secret in cloud.secrets.list_deleted_secrets():
        if "purgeable" in str(secret.properties.recovery_level).lower():
            yield Thing("deleted secret", secret.name.lower(), secret.name, dict(secret.properties.tags or {}))


def _assignments(cloud: Cloud, found: Found) -> Iterable[Thing]:
    """Those on single secrets: they outlive identity, group and secret."""
    below = f"{cloud.settings.vault_id}/secrets/".lower()
    for item in cloud.authorization.role_assignments.list_for_scope(cloud.settings.vault_id):
        if item.scope.lower().startswith(below):
            yield Thing("role assignment", item.scope.lower().removeprefix(below), item.id)


def _members(cloud: Cloud, found: Found) -> Iterable[Thing]:
    """Members of the Ockam project, if it was ever this app that issued tickets."""
    if not any(record["spec"]["tickets"]["source"] == "ockam" for record in found.records.values()):
        return
    for identifier, attributes in tickets.every_member():
        for attribute in ATTRIBUTE.findall(attributes):
            yield Thing("portal member", attribute, f"{identifier} with {attribute}")


LOOKS: dict[str, Callable[[Cloud, Found], Iterable[Thing]]] = {
    "resource groups": _groups,
    "kept resources": _kept,
    "deleted accounts": _accounts,
    "secrets": _secrets,
    "deleted secrets": _deleted_secrets,
    "role assignments": _assignments,
    "portal members": _members,
}


def forget_old(records: Records, now: datetime, days: int) -> list[ForgottenLife]:
    """Removes the records of lives that are gone for longer than that, and of sweeps; the lives that it removed."""
    before = now - timedelta(days=days)
    old: list[Life] = []
    for life in records.lives():
        record = records.load(life) or {}
        if record.get("phase") == "gone" and datetime.fromisoformat(record["updated_at"]) < before:
            old.append(life)
    old = old[:MOST_FORGOTTEN]
    records.break_promises(old)
    for life in old:
        records.forget(life)
    records.forget_sweeps(before)
    return [{"environment": environment, "generation": generation} for environment, generation in old]
