"""Times and durations in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from isthmus.pages.words import clock, count, duration, moment

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "0.0 s"),
        (4.25, "4.2 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (3600, "1 h"),
        (7 * 3600 + 5 * 60 + 59, "7 h 5 min"),
        (2 * 86400 + 3 * 3600, "2 d 3 h"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_clock_of_today_has_seconds_and_of_another_day_its_date() -> None:
    assert clock(NOON, NOON) == "12:00:00 UTC"
    assert clock(NOON + timedelta(days=1), NOON) == "2026-05-05 12:00 UTC"


@pytest.mark.parametrize("text", ["2026-05-04T12:00:00Z", "2026-05-04T12:00:00.000+00:00", "2026-05-04T14:00:00+02:00"])
def test_a_moment_is_aware(text: str) -> None:
    assert moment(text) == NOON
    assert moment("2026-05-04T12:00:00") == NOON


def test_no_moment_is_none() -> None:
    assert moment(None) is None


def test_counts() -> None:
    assert [count(1, "step"), count(2, "step"), count(0, "body", "bodies")] == ["1 step", "2 steps", "0 bodies"]
