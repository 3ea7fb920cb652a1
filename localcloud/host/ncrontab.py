"""NCRONTAB: schedules of six fields (second minute hour day month weekday); five, without seconds, are allowed too.

Days follow cron's rule: where day and weekday are both restricted, either one is enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

MONTHS = {
    **{"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6},
    **{"jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12},
}
WEEKDAYS = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}
FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("second", 0, 59, {}),
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day", 1, 31, {}),
    ("month", 1, 12, MONTHS),
    ("weekday", 0, 6, WEEKDAYS),
)
FURTHEST_DAYS = 366 * 8
"""29 February comes again within eight years; what doesn't come by then never will."""


class ScheduleError(ValueError):
    """The expression is no schedule; the message says which field is wrong."""


@dataclass(frozen=True)
class Schedule:
    """Allowed values of each field. `any_day`, `any_weekday`: that field was "*"."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool

    def after(self, moment: datetime) -> datetime:
        """The first time of the schedule strictly after `moment`. Raises ScheduleError if there is none."""
        start = moment.replace(microsecond=0) + timedelta(seconds=1)
        day = start.replace(hour=0, minute=0, second=0)
        for _ in range(FURTHEST_DAYS):
            if self._on(day):
                found = self._in_day(day, start)
                if found is not None:
                    return found
            day += timedelta(days=1)
        raise ScheduleError("the schedule never comes")

    def _on(self, day: datetime) -> bool:
        if day.month not in self.months:
            return False
        by_day, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        if not self.any_day and not self.any_weekday:
            return by_day or by_weekday
        return by_day and by_weekday

    def _in_day(self, day: datetime, start: datetime) -> datetime | None:
        for hour in self.hours:
            if day.replace(hour=hour, minute=59, second=59) < start:
                continue
            for minute in self.minutes:
                if day.replace(hour=hour, minute=minute, second=59) < start:
                    continue
                for second in self.seconds:
                    moment = day.replace(hour=hour, minute=minute, second=second)
                    if moment >= start:
                        return moment
        return None


def parse(text: str) -> Schedule:
    """Raises ScheduleError, which names the field."""
    parts = text.split()
    if len(parts) == 5:
        parts.insert(0, "0")
    if len(parts) != 6:
        raise ScheduleError(
            f"{text!r} has {len(parts)} fields; a schedule has six: second minute hour day month weekday"
        )
    values = [_values(part, *field) for part, field in zip(parts, FIELDS, strict=True)]
    seconds, minutes, hours, days, months, weekdays = values
    return Schedule(
        tuple(sorted(seconds)),
        tuple(sorted(minutes)),
        tuple(sorted(hours)),
        days,
        months,
        weekdays,
        parts[3] in ("*", "?"),
        parts[5] in ("*", "?"),
    )


def _values(part: str, name: str, low: int, high: int, words: dict[str, int]) -> frozenset[int]:
    found: set[int] = set()
    for piece in part.split(","):
        span, _, step = piece.partition("/")
        if step and (not step.isdigit() or int(step) == 0):
            raise ScheduleError(f"{name}: {piece!r} has no good step")
        first, last = _span(span, name, low, high, words, open_end=bool(step))
        found.update(range(first, last + 1, int(step or 1)))
    return frozenset(found)


def _span(span: str, name: str, low: int, high: int, words: dict[str, int], *, open_end: bool) -> tuple[int, int]:
    if span in ("*", "?"):
        return low, high
    first, dash, last = span.partition("-")
    begin = _number(first, name, low, high, words)
    if not dash:
        return begin, high if open_end else begin
    end = _number(last, name, low, high, words)
    if end < begin:
        raise ScheduleError(f"{name}: {span!r} goes backwards")
    return begin, end


def _number(text: str, name: str, low: int, high: int, words: dict[str, int]) -> int:
    value = words.get(text.lower()[:3]) if text[:1].isalpha() else int(text) if text.isdigit() else None
    if value is None or not low <= value <= high:
        raise ScheduleError(f"{name}: {text!r} is not from {low} to {high}")
    return value
