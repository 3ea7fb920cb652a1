"""One instance's history as a picture: a bar for each of its tasks, over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from localcloud.host.events import Event, Type, seconds_of
from localcloud.host.markup import Markup, joined, tag

ROWS_SHOWN = 400
WIDTH, LABEL, ROW, AXIS = 1000, 250, 20, 24
STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
DAY = 86400
BEGINS = {Type.TASK_SCHEDULED: "activity", Type.SUB_CREATED: "sub-orchestration", Type.TIMER_CREATED: "timer"}
ENDS = {
    Type.TASK_COMPLETED: "completed",
    Type.SUB_COMPLETED: "completed",
    Type.TIMER_FIRED: "completed",
    Type.TASK_FAILED: "failed",
    Type.SUB_FAILED: "failed",
}


@dataclass
class Bar:
    """One task. `begun`, `ended`: seconds since 1970, None while it is open; `state`: completed, failed, open or
    event; `given`, `result`: JSON text or plain text."""

    kind: str
    name: str
    begun: float
    ended: float | None = None
    state: str = "open"
    given: str | None = None
    result: str | None = None
    instance: str | None = None


def bars(history: Sequence[Event]) -> list[Bar]:
    """The tasks of a history, in the order in which they were asked for, and the events from outside."""
    found: list[Bar] = []
    by_number: dict[Any, Bar] = {}
    for one in history:
        kind, at = one["EventType"], seconds_of(one["Timestamp"])
        if kind in BEGINS:
            what, given = BEGINS[Type(kind)], one.get("Input") or one.get("FireAt")
            bar = Bar(what, one.get("Name") or what, at, given=given, instance=one.get("InstanceId"))
            by_number[one["EventId"]] = bar
            found.append(bar)
        elif kind in ENDS:
            begun = by_number.get(one.get("TaskScheduledId", one.get("TimerId")))
            if begun is not None:
                begun.ended, begun.state = at, ENDS[Type(kind)]
                begun.result = one.get("Result") or one.get("Reason")
        elif kind == Type.EVENT_RAISED:
            found.append(Bar("event", one["Name"], at, at, "event", result=one["Input"]))
    return found


def picture(rows: Sequence[Bar], begin: float, end: float) -> Markup:
    """An SVG of the first rows between two times (seconds since 1970); open bars go on to the end."""
    shown = rows[:ROWS_SHOWN]
    span = max(end - begin, 0.001)
    height = AXIS + ROW * len(shown) + 4

    def x(at: float) -> float:
        return round(LABEL + (WIDTH - LABEL - 10) * min(max((at - begin) / span, 0), 1), 2)

    axis = [
        joined(
            tag("line", x1=x(begin + at), x2=x(begin + at), y1=AXIS - 4, y2=height, class_="tick"),
            tag("text", duration(at), x=x(begin + at), y=AXIS - 10, text_anchor="middle"),
        )
        for at in _ticks(span)
    ]
    lines = [_row(bar, AXIS + ROW * place, x(bar.begun), x(bar.ended or end)) for place, bar in enumerate(shown)]
    return tag("svg", *axis, *lines, viewBox=f"0 0 {WIDTH} {height}", role="img", aria_label="tasks over time")


def _row(bar: Bar, y: float, left: float, right: float) -> Markup:
    took = "" if bar.ended is None else f", {duration(bar.ended - bar.begun)}"
    label = bar.name if len(bar.name) <= 34 else bar.name[:33] + "…"
    return tag(
        "g",
        tag("title", f"{bar.kind} {bar.name}: {bar.state}{took}"),
        tag("text", label, x=LABEL - 8, y=y + 14, text_anchor="end"),
        tag(
            "rect", x=left, y=y + 3, width=max(right - left, 2), height=ROW - 6, rx=2, class_=f"{bar.kind} {bar.state}"
        ),
    )


def _ticks(span: float) -> list[float]:
    step = next((one for one in STEPS if span / one <= 6), DAY * max(1, round(span / DAY / 5)))
    return [step * n for n in range(int(span / step) + 1)]


def duration(seconds: float) -> str:
    """As a person says it: 5 ms, 1.5 s, 3 min 20 s, 2 h 5 min."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s".replace(".0 ", " ")
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"
