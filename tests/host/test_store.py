"""The task hub's file: its versions, its leases, and long histories."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from localcloud.host import schema
from localcloud.host.app import AppError
from localcloud.host.episode import Episode
from localcloud.host.events import Type, event
from localcloud.host.store import LEASE_SECONDS, LeaseLostError, Store

NOW = 1_000_000.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "hub.db"


def version_1(path: Path) -> None:
    """A file as the first version wrote it, with an instance that waits."""
    db = sqlite3.connect(path)
    db.executescript(schema.SCHEMA)
    db.execute(f"PRAGMA application_id = {schema.APPLICATION}")
    db.execute("PRAGMA user_version = 1")
    db.execute(
        """INSERT INTO instances (id, execution, name, version, status, input, created, updated)
        VALUES ('old', 'e', 'waits', '', 'Running', 'null', 1, 1)"""
    )
    db.commit()
    db.close()


def user_version(path: Path) -> int:
    db = sqlite3.connect(path)
    try:
        return int(db.execute("PRAGMA user_version").fetchone()[0])
    finally:
        db.close()


def layout(path: Path) -> set[tuple[str, str]]:
    db = sqlite3.connect(path)
    try:
        return set(db.execute("SELECT name, sql FROM sqlite_master"))
    finally:
        db.close()


def test_a_file_of_version_1_is_brought_up_to_date_and_keeps_what_it_has(file: Path, tmp_path: Path) -> None:
    version_1(file)
    assert user_version(file) < schema.VERSION
    store = Store(file)
    assert store.find("old") is not None
    store.close()
    new = tmp_path / "new.db"
    Store(new).close()
    assert user_version(file) == user_version(new) == schema.VERSION
    assert layout(file) == layout(new)


def test_a_file_of_a_newer_version_is_refused_and_left_alone(file: Path) -> None:
    Store(file).close()
    db = sqlite3.connect(file)
    db.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    db.close()
    before = file.read_bytes()
    with pytest.raises(AppError, match="written by a newer version"):
        Store(file)
    assert file.read_bytes() == before


def test_what_one_host_has_claimed_another_does_not_get_until_the_lease_ends(file: Path) -> None:
    first, second = Store(file), Store(file)
    first.start("waits", "null", NOW, "one")
    (claim,) = first.claim_instances(10, NOW)
    assert second.claim_instances(10, NOW + LEASE_SECONDS / 2) == []
    (taken,) = second.claim_instances(10, NOW + LEASE_SECONDS + 1)
    assert taken == claim
    with pytest.raises(LeaseLostError):
        first.commit(claim, Episode("Running"), NOW)
    first.close()
    second.close()


def test_a_result_that_comes_after_the_lease_was_lost_is_not_recorded(file: Path) -> None:
    first, second = Store(file), Store(file)
    first.start("waits", "null", NOW, "one")
    db = sqlite3.connect(file)
    db.execute("INSERT INTO work (instance, execution, number, name, input) VALUES ('one', 'e', 0, 'echo', '1')")
    db.commit()
    db.close()
    (work,) = first.claim_work(10, NOW)
    (again,) = second.claim_work(10, NOW + LEASE_SECONDS + 1)
    result = event(Type.TASK_COMPLETED, NOW, TaskScheduledId=0, Result="1")
    assert first.finish([(work, result)], NOW) == [work]
    assert second.finish([(again, result)], NOW) == []
    first.close()
    second.close()


def test_a_history_in_memory_is_not_trusted_once_another_host_has_written(file: Path) -> None:
    first, second = Store(file), Store(file)
    first.start("waits", "null", NOW, "one")
    for turn, host in enumerate((first, second, first)):
        (claim,) = host.claim_instances(1, NOW)
        assert [one["EventId"] for one in claim.history] == list(range(turn))
        host.commit(claim, Episode("Running", [event(Type.GENERIC, NOW, turn)]), NOW)
        host.post("one", event(Type.GENERIC, NOW), NOW)
    assert first.history("one") == second.history("one")
    first.close()
    second.close()
