"""Times, durations and counts in words. Moments are aware datetimes, durations seconds."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(text: str | None) -> datetime | None:
    """ISO 8601 -> an aware moment; None where there is none."""
    if not text:
        return None
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def clock(when: datetime, now: datetime, *, seconds: bool = True) -> str:
    """UTC, to the second if it is today; with the date where it is not."""
    when, now = when.astimezone(UTC), now.astimezone(UTC)
    today = "%H:%M:%S UTC" if seconds else "%H:%M UTC"
    return when.strftime(today if when.date() == now.date() else "%Y-%m-%d %H:%M UTC")


def duration(seconds: float) -> str:
    """The two largest units that matter: 4.2 s, 3 min 20 s, 7 h 5 min, 2 d 3 h."""
    if seconds < 9.95:
        return f"{max(seconds, 0.0):.1f} s"
    whole = round(seconds)
    for large, small, names in ((86400, 3600, ("d", "h")), (3600, 60, ("h", "min")), (60, 1, ("min", "s"))):
        if whole >= large:
            rest = whole % large // small
            return f"{whole // large} {names[0]}" + (f" {rest} {names[1]}" if rest else "")
    return f"{whole} s"


def count(number: int, one: str, many: str | None = None) -> str:
    """1 step, 2 steps."""
    return f"{number} {one if number == 1 else many or one + 's'}"
