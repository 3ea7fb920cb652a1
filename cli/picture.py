"""A status document -> the live picture: every corp with its steps where they fit, else one line for each corp.

What says more than colour: each state has a mark of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.words import clock, rough
from isthmus.existing import NOTHING, in_words
from isthmus.timeleft import since, time_left

Status = Mapping[str, Any]
Step = Mapping[str, Any]
MARKS = {
    "waiting": ("·", "dim"),
    "pending": ("▸", "yellow"),
    "ready": ("✔", "green"),
    "failed": ("✘", "red bold"),
    "skipped": ("-", "dim"),
    "removing": ("▸", "yellow"),
    "removed": ("∅", "dim"),
}
RANK = ("failed", "pending", "removing", "waiting", "skipped", "ready", "removed")
"""Of which corps are shown where there is not room for all: the ones that somebody must look at come first."""
NARROWEST, WIDEST = 38, 52
"""Columns of the screen for a corp with its steps."""
AROUND = 2
"""Lines beside the corps: the head, and the one that the cursor stands in."""


def picture(status: Status, now: datetime, width: int, height: int | None = None) -> RenderableType:
    """`height`: lines of the screen, for a picture that must fit; None for all of it."""
    corps = status.get("corps", ())
    parts: list[RenderableType] = [head(status, now)]
    room = None if height is None else max(height - AROUND, 1)
    longest = max((len(corp["steps"]) + bool(_existing(corp)) for corp in corps), default=0)
    if corps and len(corps) * NARROWEST <= width and (room is None or longest + 1 <= room):
        parts.append(_columns(corps, now, width))
    elif corps:
        parts.append(_lines(corps, now, width, room))
    return Group(*parts)


def head(status: Status, now: datetime) -> Text:
    """`pr-17  building  34 of 303 steps  2:03 so far, about 4 min left`"""
    done, count = status.get("progress") or {}, Text(no_wrap=True, overflow="ellipsis")
    word, number = ("removed", done.get("removed", 0)) if _leaving(status) else ("steps", done.get("ready", 0))
    count.append(status["name"], "bold").append("  ").append(status["phase"], "bold cyan")
    if done.get("steps"):
        count.append(f"  {number} of {done['steps']} {word}")
    left = time_left(status, now)
    if left is not None:
        count.append(f"  {clock(since(status['requested_at'], now))} so far, {rough(left)} left")
    return count


def _leaving(status: Status) -> bool:
    return status["phase"] in ("deleting", "gone")


def _columns(corps: Sequence[Mapping[str, Any]], now: datetime, width: int) -> Table:
    """Corps side by side, each with its steps."""
    table = Table.grid(padding=(0, 2, 0, 0))
    each = min(width // len(corps), WIDEST) - 2
    for _ in corps:
        table.add_column(width=each)
    table.add_row(*(_column(corp, now) for corp in corps))
    return table


def _column(corp: Mapping[str, Any], now: datetime) -> Group:
    steps = Table.grid(padding=(0, 1, 0, 0), expand=True)
    steps.add_column(width=1)
    steps.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    steps.add_column(justify="right", no_wrap=True)
    for step in corp["steps"]:
        mark, style = MARKS[step["state"]]
        steps.add_row(Text(mark, style), Text(step["title"], style), Text(_time(step, now), "dim"))
    name = Text.assemble((corp["name"], "bold blue"), (f" ({corp['role']})", "blue"), overflow="ellipsis", no_wrap=True)
    there = Text(_existing(corp), "dim", overflow="ellipsis", no_wrap=True)
    return Group(name, *([there] if there else []), steps)


def _existing(corp: Mapping[str, Any]) -> str:
    """What it stands in that was there before it."""
    return ", ".join(said for said, _ in in_words(corp.get("existing") or NOTHING))


def _time(step: Step, now: datetime) -> str:
    if step.get("took") is not None:
        return clock(step["took"])
    return clock(since(step["started"], now)) if step["state"] in ("pending", "removing") and step["started"] else ""


def _lines(corps: Sequence[Mapping[str, Any]], now: datetime, width: int, room: int | None) -> Table:
    """Name, a mark for each step, and what is going on. Where there is not room for all, the last line counts."""
    shown, hidden = _fitting(corps, room)
    names, marks = (max(len(corp["name"]) for corp in corps), max(len(corp["steps"]) for corp in corps))
    names = min(names, 24 if width >= 100 else 18)
    table = Table.grid(padding=(0, 2, 0, 0))
    for columns in (names, marks, width - names - marks - 6):
        table.add_column(width=columns, no_wrap=True, overflow="ellipsis")
    for corp in shown:
        table.add_row(Text(corp["name"]), _marks(corp), _going_on(corp, now))
    if hidden:
        counts = Counter(_state(corp) for corp in hidden)
        more = ", ".join(f"{counts[state]} {state}" for state in RANK if counts[state])
        table.add_row(Text(f"{len(hidden)} more", "dim"), Text(), Text(more, "dim"))
    return table


def _fitting(
    corps: Sequence[Mapping[str, Any]], room: int | None
) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """What is shown, in the environment's own order, and what is only counted."""
    if room is None or len(corps) <= room:
        return list(corps), []
    ranked = sorted(range(len(corps)), key=lambda index: (RANK.index(_state(corps[index])), index))
    chosen = set(ranked[: room - 1])
    return [corp for i, corp in enumerate(corps) if i in chosen], [c for i, c in enumerate(corps) if i not in chosen]


def _state(corp: Mapping[str, Any]) -> str:
    """A corp's own: the first of its steps' states that somebody would want to know."""
    states = {step["state"] for step in corp["steps"]}
    return next((state for state in RANK if state in states), "waiting")


def _marks(corp: Mapping[str, Any]) -> Text:
    return Text.assemble(*(MARKS[step["state"]] for step in corp["steps"]))


def _going_on(corp: Mapping[str, Any], now: datetime) -> Text:
    by_state: dict[str, list[Step]] = {}
    for step in corp["steps"]:
        by_state.setdefault(step["state"], []).append(step)
    wrong = by_state.get("failed")
    if wrong:
        error = wrong[0].get("error") or {"code": "failed"}
        return Text(f"{wrong[0]['title']}: {error['code']}", "red")
    busy = by_state.get("pending") or by_state.get("removing")
    if busy:
        first = max(busy, key=lambda step: since(step["started"], now) if step.get("started") else 0.0)
        more = f" +{len(busy) - 1}" if len(busy) > 1 else ""
        waits = f": {first['waits_for']}" if first.get("waits_for") else ""
        return Text(f"{first['title']} {_time(first, now)}{more}{waits}", "yellow")
    return Text(_state(corp), MARKS[_state(corp)][1])
