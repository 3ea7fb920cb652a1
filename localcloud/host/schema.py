"""The task hub's SQLite file itself: its tables, whose it is, and who has it open."""

from __future__ import annotations

import fcntl
import sqlite3
from pathlib import Path

from localcloud.host.app import AppError

APPLICATION = 0x49534854
"""SQLite's application_id of our files."""
SCHEMA = """
CREATE TABLE instances (
    id TEXT PRIMARY KEY, execution TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL, status TEXT NOT NULL,
    input TEXT NOT NULL, output TEXT, custom TEXT, parent TEXT, created REAL NOT NULL, updated REAL NOT NULL,
    owner TEXT, leased_until REAL NOT NULL DEFAULT 0) STRICT;
CREATE INDEX instances_created ON instances (created, id);
CREATE TABLE history (instance TEXT NOT NULL, place INTEGER NOT NULL, event TEXT NOT NULL,
    PRIMARY KEY (instance, place)) STRICT, WITHOUT ROWID;
CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, instance TEXT NOT NULL, execution TEXT,
    due REAL NOT NULL, control INTEGER NOT NULL, event TEXT NOT NULL) STRICT;
CREATE INDEX messages_due ON messages (due);
CREATE INDEX messages_instance ON messages (instance, due);
CREATE TABLE work (id INTEGER PRIMARY KEY AUTOINCREMENT, instance TEXT NOT NULL, execution TEXT NOT NULL,
    number INTEGER NOT NULL, name TEXT NOT NULL, input TEXT NOT NULL, owner TEXT,
    leased_until REAL NOT NULL DEFAULT 0) STRICT;
CREATE TABLE schedules (function TEXT PRIMARY KEY, expression TEXT NOT NULL, last REAL, next REAL NOT NULL) STRICT;
CREATE TABLE keys (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""
"""As version 1 had it; never changed, so that there is one way to every later version."""
MIGRATIONS = ("CREATE INDEX work_instance ON work (instance)",)
"""From version 1 to 2, from 2 to 3, and so on."""
VERSION = 1 + len(MIGRATIONS)


class Presence:
    """Tells by file locks, which the kernel drops with their process, whether other hosts have the file open."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.at_start = True
        except BlockingIOError:
            self.at_start = False
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def leave(self) -> None:
        self._file.close()


def opened(path: Path) -> sqlite3.Connection:
    """The file, made if it is not there. Raises AppError for one that is damaged or not ours."""
    db = None
    try:
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        db.execute("PRAGMA busy_timeout = 30000")
        _prepare(db, path)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
    except (sqlite3.DatabaseError, AppError) as error:
        if db is not None:
            db.close()
        if isinstance(error, AppError):
            raise
        raise AppError(f"{path}: it can't be used as the task hub: {error}. It was left as it is.") from error
    return db


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    """Makes the tables, or brings those of an older version up to date. Raises AppError, sqlite3.DatabaseError."""
    db.execute("BEGIN IMMEDIATE")
    application, version, tables = (
        db.execute(query).fetchone()[0]
        for query in ("PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_master")
    )
    if tables and application != APPLICATION:
        raise AppError(f"{path}: it is a database of something else; name another file with --db.")
    if version > VERSION:
        raise AppError(f"{path}: it was written by a newer version (schema {version}, this one knows {VERSION}).")
    if not tables:
        for statement in SCHEMA.split(";"):
            db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION}")
    for statement in MIGRATIONS[version - 1 if tables else 0 :]:
        db.execute(statement)
    db.execute(f"PRAGMA user_version = {VERSION}")
    db.execute("COMMIT")
