"""Decoded histories of the instances that are under way, kept between their episodes.

What this host wrote itself is known here. Once another process has written to the file, nothing of it is certain any
more, and all is read again.
"""

from __future__ import annotations

import json
import sqlite3
from collections import OrderedDict

from localcloud.host.events import Event

EVENTS_KEPT = 100_000
"""Of all instances together; some hundred bytes each."""


class Histories:
    """Called within transactions only, so that nobody writes between a look at the file and its use."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, list[Event]] = OrderedDict()
        self._size = 0
        self._version: int | None = None

    def of(self, db: sqlite3.Connection, instance_id: str) -> list[Event]:
        """The instance's history, in its order; not to be changed."""
        (version,) = db.execute("PRAGMA data_version").fetchone()
        if version != self._version:
            self._kept.clear()
            self._size, self._version = 0, version
        known = self._kept.get(instance_id)
        return read(db, instance_id) if known is None else known

    def keep(self, instance_id: str, history: list[Event]) -> None:
        """`history`: as it stands in the file once the transaction is committed."""
        self.forget(instance_id)
        self._kept[instance_id] = history
        self._size += len(history)
        while self._size > EVENTS_KEPT:
            _, dropped = self._kept.popitem(last=False)
            self._size -= len(dropped)

    def forget(self, instance_id: str) -> None:
        self._size -= len(self._kept.pop(instance_id, ()))


def read(db: sqlite3.Connection, instance_id: str) -> list[Event]:
    """An instance's history from the file."""
    rows = db.execute("SELECT event FROM history WHERE instance = ? ORDER BY place", (instance_id,)).fetchall()
    return [json.loads(text) for (text,) in rows]
