"""Schedules of six fields."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.host.ncrontab import ScheduleError, parse

NEXT = [
    ("0 */5 * * * *", "2026-01-01 00:02:30", "2026-01-01 00:05:00"),
    ("0 */5 * * * *", "2026-01-01 00:05:00", "2026-01-01 00:10:00"),
    ("*/5 * * * *", "2026-01-01 00:02:30", "2026-01-01 00:05:00"),
    ("30 59 23 31 12 *", "2026-01-01 00:00:00", "2026-12-31 23:59:30"),
    ("0 0 9 * * MON-FRI", "2026-01-02 10:00:00", "2026-01-05 09:00:00"),
    ("0 0 0 * * Sun", "2026-01-01 00:00:00", "2026-01-04 00:00:00"),
    ("0 0 0 29 2 *", "2026-01-01 00:00:00", "2028-02-29 00:00:00"),
    ("0 0 0 1,15 * *", "2026-01-02 00:00:00", "2026-01-15 00:00:00"),
    ("0 0 0 13 * FRI", "2026-01-03 00:00:00", "2026-01-09 00:00:00"),
    ("0 10-20/5 * * JAN *", "2026-01-01 00:16:00", "2026-01-01 00:20:00"),
    ("* * * * * *", "2026-12-31 23:59:59", "2027-01-01 00:00:00"),
]


@pytest.mark.parametrize(("text", "now", "following"), NEXT)
def test_the_next_time(text: str, now: str, following: str) -> None:
    assert parse(text).after(datetime.fromisoformat(now)) == datetime.fromisoformat(following)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("* * *", "has 3 fields"),
        ("60 * * * * *", "second"),
        ("0 0 24 * * *", "hour"),
        ("0 0 0 0 * *", "day"),
        ("0 0 0 * XYZ *", "month"),
        ("0 0 0 * * 8", "weekday"),
        ("0 */0 * * * *", "minute"),
        ("0 20-10 * * * *", "goes backwards"),
        ("", "has 0 fields"),
    ],
)
def test_what_is_no_schedule_is_refused_by_field(text: str, word: str) -> None:
    with pytest.raises(ScheduleError, match=word):
        parse(text)


def test_a_time_that_never_comes_is_refused() -> None:
    with pytest.raises(ScheduleError, match="never comes"):
        parse("0 0 0 31 2 *").after(datetime(2026, 1, 1))


@given(
    moment=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),
    second=st.integers(0, 59),
    minute=st.integers(0, 59),
    hour=st.integers(0, 23),
)
def test_it_is_later_matches_and_nothing_comes_between(moment: datetime, second: int, minute: int, hour: int) -> None:
    found = parse(f"{second} {minute} {hour} * * *").after(moment)
    assert (found.second, found.minute, found.hour) == (second, minute, hour)
    assert 0 < (found - moment.replace(microsecond=0)).total_seconds() <= 86400
