"""The records: JSON blobs in the app's storage account, which outlive any task hub.

    environments/NAME.json                  the generation that bears the name at present
    promises/KEY.json                       the life that a request with an idempotency key was given
    lives/NAME/GENERATION/record.json       the record of one life: what was asked for, plan, phase, proof
    lives/NAME/GENERATION/parts/PART.json   what the walks found: one part a corp, stage or teardown
    lives/NAME/GENERATION/operations/STEP   status URL of an operation under way (signed, so never in history)
    sweeps/TIME.json                        the report of one sweep
    history.json                            up to when finished orchestration history was removed
    reminders/MOMENT/NAME/GENERATION        when to look at a life's outbox; MOMENT sorts as time does

Every change of a record is a read, a change and a conditional write; of two that race, the second reads again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError

from isthmus.errors import RecordConflictError
from isthmus.events import with_events
from isthmus.plan import utc

Document = dict[str, Any]
Life = tuple[str, str]
"""Environment and generation."""
HISTORY = "history.json"
AT_ONCE = "00000000T000000"
RACES = 8
"""So often a change is tried again when somebody else was quicker."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Reminder:
    """That a life's outbox is to be looked at. `version`: as it was read; `set`: when it was set last."""

    name: str
    life: Life
    version: str
    set: datetime


class Records:
    """The records in one blob container, which is made when it is missing. `clock`: what dates every change."""

    def __init__(self, container: Any, clock: Callable[[], datetime] = _now) -> None:
        self._container = container
        self._clock = clock

    def claim(self, environment: str, generation: str, instead_of: str | None) -> str:
        """Gives the name to a generation, if it is still free or `instead_of` still bears it. The generation that
        bears it afterwards: of two that race, both are told the same one."""
        name, document = _pointer(environment), {"environment": environment, "generation": generation}
        for _ in range(RACES):
            found = self._read(name)
            if found is not None and found[0]["generation"] != instead_of:
                return str(found[0]["generation"])
            try:
                self._write(name, document, etag=found[1] if found else None, missing=found is None)
                return generation
            except (ResourceExistsError, ResourceModifiedError):
                continue
            except ResourceNotFoundError:
                self._make_container()
        raise RecordConflictError(f"the name {environment} changed hands {RACES} times")

    def bearer(self, environment: str) -> str | None:
        """The generation that bears the name, None if nobody ever did."""
        found = self._read(_pointer(environment))
        return str(found[0]["generation"]) if found else None

    def is_forgotten(self, life: Life) -> bool:
        """Whether a life without a record is over, its record removed, and not just being asked for."""
        found = self._read(_pointer(life[0]))
        return found is not None and (found[0]["generation"] != life[1] or bool(found[0].get("forgotten")))

    def names(self, prefix: str = "", after: str = "") -> list[str]:
        """The names of all environments there ever were that begin so, in order, from the one after `after` on."""
        blobs = self._list(f"environments/{prefix}")
        found = (name.removeprefix("environments/").removesuffix(".json") for name in blobs)
        return sorted(name for name in found if name > after)

    def promise(self, key: str) -> Document | None:
        """What was done for a request with that idempotency key (hashed): `digest`, `environment`, `generation`."""
        found = self._read(_promise(key))
        return found[0] if found else None

    def keep_promise(self, key: str, digest: str, life: Life) -> None:
        """The first one stands."""
        document = {"digest": digest, "environment": life[0], "generation": life[1]}
        try:
            self._write(_promise(key), document, missing=True)
        except ResourceExistsError:
            return

    def lives(self) -> list[Life]:
        """Every life that has a record."""
        blobs = [name.split("/") for name in self._list("lives/")]
        return sorted((parts[1], parts[2]) for parts in blobs if parts[3:] == ["record.json"])

    def create(self, life: Life, document: Document) -> bool:
        """Writes the record of a life if there is none; False if somebody was first."""
        document = with_events(None, document)
        try:
            self._remind_of(life, {}, document)
            self._write(_record(life), document, missing=True)
            return True
        except ResourceExistsError:
            return False

    def load(self, life: Life) -> Document | None:
        found = self._read(_record(life))
        return found[0] if found else None

    def change(self, life: Life, change: Callable[[Document], Document], *, quietly: bool = False) -> Document | None:
        """Applies `change` to the record, atomically; it may be called again with a newer record. The record as it
        is afterwards, None if there is none. `quietly`: nothing of the environment itself is changed."""
        for _ in range(RACES):
            found = self._read(_record(life))
            if found is None:
                return None
            document, etag = found
            changed = change(document)
            if changed == document:
                return document
            try:
                if not quietly:
                    changed = with_events(document, changed | {"updated_at": utc(self._clock())})
                self._remind_of(life, document, changed)
                self._write(_record(life), changed, etag=etag)
                return changed
            except ResourceModifiedError:
                continue
        raise RecordConflictError(f"the record of {'/'.join(life)} changed {RACES} times under our hands")

    def remind(self, life: Life, at: datetime | None = None) -> None:
        """The life's outbox is to be looked at then; None: at once."""
        moment = at.astimezone(UTC).strftime("%Y%m%dT%H%M%S") if at else AT_ONCE
        self._write(f"reminders/{moment}/{life[0]}/{life[1]}", {})

    def _remind_of(self, life: Life, before: Document, after: Document) -> None:
        """Before the write of a record with a new event, or a new moment of one to come: a reminder too many does no
        harm."""
        grew = len(after.get("outbox", ())) > len(before.get("outbox", ()))
        if after.get("receiver") and (grew or after["expires_at"] != before.get("expires_at")):
            self.remind(life)

    def reminders(self, now: datetime) -> Iterator[Reminder]:
        """Those that are due, in the order of their times."""
        last = now.astimezone(UTC).strftime("%Y%m%dT%H%M%S")
        try:
            blobs = list(self._container.list_blobs(name_starts_with="reminders/"))
        except ResourceNotFoundError:
            return
        for blob in blobs:
            _, moment, environment, generation = blob.name.split("/")
            if moment > last:
                return
            version = f'"{blob.etag.strip(chr(34))}"'  # a listing leaves out the quotes that a condition needs
            yield Reminder(blob.name, (environment, generation), version, blob.last_modified)

    def forget_reminder(self, reminder: Reminder) -> None:
        """Takes it away, unless it was set anew meanwhile."""
        try:
            self._container.delete_blob(
                reminder.name, etag=reminder.version, match_condition=MatchConditions.IfNotModified
            )
        except (ResourceNotFoundError, ResourceModifiedError):
            return

    def save_part(self, life: Life, part: str, lines: list[Document]) -> None:
        """Each part has one writer at a time, its orchestrator, so the last word counts."""
        self._write(f"{_life(life)}/parts/{part}.json", {"lines": lines})

    def parts(self, life: Life) -> dict[str, list[Document]]:
        """Part -> lines."""
        prefix = f"{_life(life)}/parts/"
        found = {}
        for blob in self._container.list_blobs(name_starts_with=prefix):
            if content := self._read(blob.name):
                found[blob.name.removeprefix(prefix).removesuffix(".json")] = content[0]["lines"]
        return found

    def forget(self, life: Life) -> None:
        """Removes the record and all that hangs on it; the record itself last, so that whoever dies half-way is
        followed by somebody who finds it. The name's pointer stays: the next life hangs on the one before."""
        self._mark_forgotten(life)
        for kind in ("parts", "operations"):
            self._remove_all(f"{_life(life)}/{kind}/")
        self._remove(_record(life))

    def _mark_forgotten(self, life: Life) -> None:
        """Else whoever finds the pointer without a record would take the life for one that is just being asked for."""
        for _ in range(RACES):
            found = self._read(_pointer(life[0]))
            if found is None or found[0]["generation"] != life[1]:
                return
            try:
                self._write(_pointer(life[0]), found[0] | {"forgotten": True}, etag=found[1])
                return
            except ResourceModifiedError:
                continue
        raise RecordConflictError(f"the name {life[0]} changed hands {RACES} times")

    def break_promises(self, lives: Collection[Life]) -> None:
        """Forgets the idempotency keys that were given these lives."""
        for name in self._list("promises/") if lives else ():
            found = self._read(name)
            if found and (found[0]["environment"], found[0]["generation"]) in lives:
                self._remove(name)

    def save_sweep(self, report: Document) -> None:
        self._keep(f"sweeps/{report['began_at']}.json", report)

    def sweeps(self, most: int) -> list[Document]:
        """The reports of the last sweeps, the newest first."""
        found = (self._read(name) for name in sorted(self._list("sweeps/"), reverse=True)[:most])
        return [report[0] for report in found if report]

    def forget_sweeps(self, before: datetime) -> None:
        """Removes the reports of sweeps that began before then."""
        for name in self._list("sweeps/"):
            if name < f"sweeps/{utc(before)}":
                self._remove(name)

    def history_until(self) -> str | None:
        """Up to when finished orchestration history was removed (ISO 8601)."""
        found = self._read(HISTORY)
        return found[0]["until"] if found else None

    def keep_history_until(self, until: str) -> None:
        self._keep(HISTORY, {"until": until})

    def keep_operation(self, life: Life, step: str, url: str, verb: str, **more: str) -> None:
        self._write(_operation(life, step), {"url": url, "verb": verb} | more)

    def operation(self, life: Life, step: str) -> Mapping[str, str] | None:
        found = self._read(_operation(life, step))
        return found[0] if found else None

    def forget_operation(self, life: Life, step: str) -> None:
        self._remove(_operation(life, step))

    def _list(self, prefix: str) -> list[str]:
        try:
            return [str(blob.name) for blob in self._container.list_blobs(name_starts_with=prefix)]
        except ResourceNotFoundError:
            return []

    def _remove_all(self, prefix: str) -> None:
        for name in self._list(prefix):
            self._remove(name)

    def _remove(self, name: str) -> None:
        try:
            self._container.delete_blob(name)
        except ResourceNotFoundError:
            return

    def _read(self, name: str) -> tuple[Document, str] | None:
        try:
            stream = self._container.download_blob(name)
            return json.loads(stream.readall()), stream.properties.etag
        except ResourceNotFoundError:
            return None

    def _write(self, name: str, document: Document, *, etag: str | None = None, missing: bool = False) -> None:
        condition = {"match_condition": MatchConditions.IfNotModified, "etag": etag} if etag else {}
        body = json.dumps(document, separators=(",", ":")).encode()
        self._container.upload_blob(name, body, overwrite=not missing, **condition)

    def _keep(self, name: str, document: Document) -> None:
        """Writes what may be the very first thing that is written."""
        try:
            self._write(name, document)
        except ResourceNotFoundError:
            self._make_container()
            self._write(name, document)

    def _make_container(self) -> None:
        try:
            self._container.create_container()
        except ResourceExistsError:
            return


def _pointer(environment: str) -> str:
    return f"environments/{environment}.json"


def _promise(key: str) -> str:
    return f"promises/{key}.json"


def _life(life: Life) -> str:
    return f"lives/{life[0]}/{life[1]}"


def _record(life: Life) -> str:
    return f"{_life(life)}/record.json"


def _operation(life: Life, step: str) -> str:
    return f"{_life(life)}/operations/{step}"
