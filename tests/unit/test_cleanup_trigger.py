"""The cleanup trigger removes finished history in windows, each once, and goes on where it had stopped."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from activities.records import Records
from isthmus.plan import utc
from tests.unit.fakes import Container
from triggers.cleanup import MOST_WINDOWS, OLDEST, OVER, SELDOM, purge_history

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
DAYS = 30
UNTIL = NOW - timedelta(days=DAYS)


class Client:
    """A Durable client whose hub dies after so many calls."""

    def __init__(self, calls: int = 1000) -> None:
        self.windows: list[tuple[datetime, datetime]] = []
        self.calls = calls

    async def purge_instance_history_by(self, begin: datetime, end: datetime, statuses: Any) -> Any:
        assert statuses == OVER
        if len(self.windows) == self.calls:
            raise ConnectionError("the hub is gone")
        self.windows.append((begin, end))
        return SimpleNamespace(instances_deleted=2)


def purge(client: Client, records: Records, now: datetime = NOW) -> Any:
    return asyncio.run(purge_history(client, records, now, DAYS))


def kept(until: datetime | None) -> Records:
    records = Records(Container())
    if until:
        records.keep_history_until(utc(until))
    return records


def test_the_first_time_it_begins_long_ago_and_goes_on_from_there_each_time() -> None:
    records, client = kept(None), Client()
    for turn in range(1, 20):
        told = purge(client, records)
        if told is None:
            break
        assert told["instances"] == 2 * min(MOST_WINDOWS, len(client.windows) - MOST_WINDOWS * (turn - 1))
    assert client.windows[0][0] == UNTIL - OLDEST
    assert client.windows[-1][1] == UNTIL
    assert [end for _, end in client.windows][:-1] == [begin for begin, _ in client.windows][1:], (
        "no gap, nothing twice"
    )
    assert max(end - begin for begin, end in client.windows) <= timedelta(days=1)


@pytest.mark.parametrize(("ago", "calls"), [(SELDOM / 2, 0), (SELDOM, 1), (timedelta(days=2), 2)])
def test_the_hub_is_not_asked_at_every_turn(ago: timedelta, calls: int) -> None:
    client = Client()
    purge(client, kept(UNTIL - ago))
    assert len(client.windows) == calls


def test_nothing_that_is_younger_than_its_retention_is_asked_for() -> None:
    client = Client()
    told = purge(client, kept(UNTIL - timedelta(days=3)))
    assert told == {"instances": 6, "until": utc(UNTIL)}
    assert max(end for _, end in client.windows) == UNTIL


def test_where_the_hub_failed_it_goes_on_next_time() -> None:
    records = kept(UNTIL - timedelta(days=4))
    with pytest.raises(ConnectionError):
        purge(Client(calls=2), records)
    client = Client()
    purge(client, records)
    assert client.windows[0][0] == UNTIL - timedelta(days=2)
