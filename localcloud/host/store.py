"""The task hub's SQLite file: instances, histories, messages and work. Every episode is one transaction.

A message is an event on its way to an instance, due at once or later (a timer is a message that is due later). Work
is an activity to be run. Both are claimed with a lease, so that hosts which share the file never run the same thing
at the same time; a host that is alone at its start takes over what a dead one had.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.host import write
from localcloud.host.cache import Histories, read
from localcloud.host.episode import CONTROL, Episode, Instance, Parent
from localcloud.host.events import Event, Type
from localcloud.host.schema import Presence, opened
from localcloud.host.write import TERMINAL

LEASE_SECONDS = 30.0
STATUS_COLUMNS = "id, name, status, input, output, custom, created, updated"
CLAIM_COLUMNS = "id, execution, name, version, status, input, parent"


class LeaseLostError(Exception):
    """Another host has taken over what this one was doing; nothing of it was written."""


@dataclass(frozen=True)
class Claim:
    """An instance that is this host's for now: its history and the new messages (id, event) for it."""

    instance: Instance
    history: list[Event]
    messages: list[tuple[int, Event]]


@dataclass(frozen=True)
class Work:
    """An activity to run. `input`: JSON text."""

    id: int
    instance: str
    execution: str
    number: int
    name: str
    input: str


@dataclass(frozen=True)
class Status:
    """An instance as the management API tells of it. `input`, `output`, `custom`: JSON text or None."""

    id: str
    name: str
    status: str
    input: str
    output: str | None
    custom: str | None
    created: float
    updated: float

    @property
    def over(self) -> bool:
        return self.status in TERMINAL


class Store:
    """One host's hold on the file. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self.owner = uuid.uuid4().hex
        self._lock = threading.RLock()
        self._presence = Presence(path.with_name(path.name + ".lock"))
        try:
            self._db = opened(path)
        except BaseException:
            self._presence.leave()
            raise
        self._histories = Histories()
        if self._presence.at_start:
            with self._transaction() as db:
                for table in ("instances", "work"):
                    db.execute(f"UPDATE {table} SET owner = NULL, leased_until = 0")  # noqa: S608

    def close(self) -> None:
        with self._lock:
            self._db.close()
            self._presence.leave()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(query, values).fetchall()

    # -- instances

    def start(self, name: str, given: str, now: float, instance_id: str | None = None, version: str = "") -> str:
        """Starts an orchestration; gives its id. `given`: its input as JSON text. Raises AlreadyRunningError."""
        with self._transaction() as db:
            return write.start(db, instance_id or uuid.uuid4().hex, name, given, now, version, None)

    def find(self, instance_id: str) -> Status | None:
        rows = self._rows(f"SELECT {STATUS_COLUMNS} FROM instances WHERE id = ?", instance_id)  # noqa: S608
        return Status(*rows[0]) if rows else None

    def listed(
        self,
        *,
        statuses: Iterable[str] = (),
        prefix: str = "",
        created_from: float | None = None,
        created_to: float | None = None,
        after: tuple[float, str] | None = None,
        top: int = -1,
        newest_first: bool = False,
    ) -> list[Status]:
        """Instances in the order of their creation. `after`: (created, id) of the last one that was seen."""
        wanted = json.dumps(list(statuses))
        further, order = ("<", "DESC") if newest_first else (">", "ASC")
        query = f"""SELECT {STATUS_COLUMNS} FROM instances
            WHERE (?1 = '[]' OR status IN (SELECT value FROM json_each(?1))) AND substr(id, 1, length(?2)) = ?2
            AND (?3 IS NULL OR created >= ?3) AND (?4 IS NULL OR created <= ?4)
            AND (?5 IS NULL OR (created, id) {further} (?5, ?6)) ORDER BY created {order}, id {order} LIMIT ?7"""  # noqa: S608
        seen = after or (None, None)
        return [Status(*row) for row in self._rows(query, wanted, prefix, created_from, created_to, *seen, top)]

    def history(self, instance_id: str) -> list[Event]:
        with self._lock:
            return read(self._db, instance_id)

    def post(self, instance_id: str, what: Event, now: float) -> None:
        """Sends an event to an instance."""
        with self._transaction() as db:
            write.post(db, instance_id, None, now, what)

    def rewind(self, instance_id: str, reason: str, now: float) -> None:
        """Lets a failed instance go on from its last success: what failed is asked for once more."""
        with self._transaction() as db:
            write.rewind(db, instance_id, reason, now)  # it is over, and those are not kept in memory

    def purge(self, instance_ids: Iterable[str]) -> int:
        """Forgets these instances; gives how many there were."""
        with self._transaction() as db:
            return sum(write.forget(db, instance_id) for instance_id in instance_ids)

    # -- episodes

    def claim_instances(self, limit: int, now: float, resting: Iterable[str] = ()) -> list[Claim]:
        """Instances with something new, but those in `resting`, for this host alone until they are committed or the
        lease ends."""
        with self._transaction() as db:
            found = db.execute(
                """SELECT DISTINCT i.id FROM messages m JOIN instances i ON i.id = m.instance
                WHERE m.due <= ? AND i.leased_until < ? AND (m.control OR i.status != 'Suspended')
                AND i.id NOT IN (SELECT value FROM json_each(?)) LIMIT ?""",
                (now, now, json.dumps(list(resting)), limit),
            ).fetchall()
            return [claim for row in found if (claim := self._claim(db, row[0], now)) is not None]

    def _claim(self, db: sqlite3.Connection, instance_id: str, now: float) -> Claim | None:
        row = db.execute(f"SELECT {CLAIM_COLUMNS} FROM instances WHERE id = ?", (instance_id,)).fetchone()  # noqa: S608
        parent = Parent(*json.loads(row[-1])) if row[-1] else None
        instance = Instance(*(*row[:-1], parent))
        messages = db.execute(
            "SELECT id, execution, control, event FROM messages WHERE instance = ? AND due <= ? ORDER BY due, id",
            (instance_id, now),
        ).fetchall()
        stale = [m[0] for m in messages if instance.status in TERMINAL or m[1] not in (None, instance.execution)]
        db.executemany("DELETE FROM messages WHERE id = ?", [(one,) for one in stale])
        new = [(m[0], json.loads(m[3])) for m in messages if m[0] not in stale]
        if instance.status == "Suspended" and not any(e["EventType"] == Type.EXECUTION_RESUMED for _, e in new):
            new = [(number, one) for number, one in new if one["EventType"] in CONTROL]
        if not new:
            return None
        db.execute(
            "UPDATE instances SET owner = ?, leased_until = ? WHERE id = ?",
            (self.owner, now + LEASE_SECONDS, instance_id),
        )
        return Claim(instance, self._histories.of(db, instance_id), new)

    def commit(self, claim: Claim, episode: Episode, now: float) -> list[str]:
        """Writes what an episode came to, all of it or nothing; gives words of warning. Raises LeaseLostError."""
        instance = claim.instance
        with self._transaction() as db:
            self._histories.forget(instance.id)
            self._still_ours(db, instance.id)
            db.executemany("DELETE FROM messages WHERE id = ?", [(number,) for number, _ in claim.messages])
            write.append(db, instance.id, len(claim.history), episode.events)
            warnings = [word for one in episode.scheduled if (word := write.schedule(db, instance, one, now))]
            output = json.dumps(episode.output) if episode.over else None
            db.execute(
                """UPDATE instances SET status = ?, output = ?, custom = coalesce(?, custom), updated = ?,
                owner = NULL, leased_until = 0 WHERE id = ?""",
                (episode.status, output, episode.custom, now, instance.id),
            )
            if episode.again is not None:
                write.continue_as_new(db, instance, episode.again, now)
            elif episode.over:
                db.execute("DELETE FROM messages WHERE instance = ?", (instance.id,))
                write.tell_parent(db, instance, episode, now)
        if not episode.over and episode.again is None:
            self._histories.keep(instance.id, claim.history + episode.events)
        return warnings

    def give_back(self, claim: Claim) -> None:
        """Leaves a claimed instance as it was, for whoever comes next."""
        with self._transaction() as db:
            db.execute(
                "UPDATE instances SET owner = NULL, leased_until = 0 WHERE id = ? AND owner = ?",
                (claim.instance.id, self.owner),
            )

    def _still_ours(self, db: sqlite3.Connection, instance_id: str) -> None:
        row = db.execute("SELECT owner FROM instances WHERE id = ?", (instance_id,)).fetchone()
        if row is None or row[0] != self.owner:
            raise LeaseLostError(instance_id)

    # -- activities

    def claim_work(self, limit: int, now: float) -> list[Work]:
        """Activities for this host alone until they are finished or the lease ends."""
        with self._transaction() as db:
            rows = db.execute(
                """UPDATE work SET owner = ?, leased_until = ? WHERE id IN
                (SELECT id FROM work WHERE leased_until < ? ORDER BY id LIMIT ?)
                RETURNING id, instance, execution, number, name, input""",
                (self.owner, now + LEASE_SECONDS, now, limit),
            ).fetchall()
        return [Work(*row) for row in sorted(rows)]

    def finish(self, results: Sequence[tuple[Work, Event]], now: float) -> list[Work]:
        """Records activities' results and lets their orchestrations know; gives those that another host has taken
        over, of which nothing was written."""
        lost = []
        with self._transaction() as db:
            for work, result in results:
                if db.execute("DELETE FROM work WHERE id = ? AND owner = ?", (work.id, self.owner)).rowcount:
                    write.post(db, work.instance, work.execution, now, result)
                else:
                    lost.append(work)
        return lost

    def renew_leases(self, now: float) -> None:
        """Keeps what this host holds its own; called well within a lease's time."""
        with self._transaction() as db:
            for table in ("instances", "work"):
                query = f"UPDATE {table} SET leased_until = ? WHERE owner = ?"  # noqa: S608
                db.execute(query, (now + LEASE_SECONDS, self.owner))

    def next_due(self, now: float) -> float | None:
        """When the next message becomes due."""
        rows = self._rows("SELECT min(due) FROM messages WHERE due > ?", now)
        return None if rows[0][0] is None else float(rows[0][0])

    # -- schedules and keys

    def schedule(self, function: str, expression: str, following: float) -> tuple[float | None, float]:
        """(last, next) run of a timer function; a new or changed schedule begins with `following`."""
        with self._transaction() as db:
            row = db.execute(
                "SELECT last, next FROM schedules WHERE function = ? AND expression = ?", (function, expression)
            ).fetchone()
            if row is None:
                db.execute(
                    "INSERT OR REPLACE INTO schedules (function, expression, next) VALUES (?, ?, ?)",
                    (function, expression, following),
                )
                row = (None, following)
            return row[0], row[1]

    def take_turn(self, function: str, due: float, now: float, following: float) -> bool:
        """Whether this host is the one that runs the timer function for `due`."""
        with self._transaction() as db:
            changed = db.execute(
                "UPDATE schedules SET last = ?, next = ? WHERE function = ? AND next = ?",
                (now, following, function, due),
            )
            return changed.rowcount == 1

    def key(self, name: str) -> str:
        """A key that was made once and stays."""
        with self._transaction() as db:
            db.execute("INSERT OR IGNORE INTO keys VALUES (?, ?)", (name, uuid.uuid4().hex))
            return str(db.execute("SELECT value FROM keys WHERE name = ?", (name,)).fetchone()[0])
