"""Every step in words, with its bar against the critical path: the timeline and the picture's alternative in one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from isthmus.existing import NOTHING, in_words
from isthmus.names import portal
from isthmus.pages.marks import look, tag, told
from isthmus.pages.markup import Markup, el, join, link
from isthmus.pages.picture import state_of, tally
from isthmus.pages.timing import Axis, Step, all_steps, axis, in_order, is_taken_down, planned
from isthmus.pages.words import duration

ALL_OPEN = 3
"""With more corps than this, only those that are in trouble and the provider are unfolded."""
STRIP = 4
"""Height of a bar in a corp's strip; bars that overlap lie below each other."""
MOST_STRIPS = 5
CRITICAL = el(
    "span", el("span", ", on the critical path", class_="hidden"), class_="chip", title="on the critical path"
)


def timeline(document: Mapping[str, Any], now: datetime) -> Markup:
    """The section: the critical path, then each corp's steps."""
    corps = document.get("corps") or []
    if not corps:
        return Markup("")
    steps = all_steps(document)
    scale = axis(document, now)
    plan = {} if is_taken_down(steps) else planned(document, scale.pace)
    parts = [_grid(scale)]
    if plan:
        parts.append(_critical(document, scale, plan, now))
    many = len(corps) > ALL_OPEN
    parts += [_corp(corp, scale, plan, now, unfolded=not many or _wanted(corp)) for corp in corps]
    return el("section", el("h2", "Steps", id="steps"), *parts, aria_labelledby="steps", class_="timeline")


def _wanted(corp: Mapping[str, Any]) -> bool:
    return corp["role"] == "provider" or state_of(corp) == "failed"


def _grid(scale: Axis) -> Markup:
    """The axis' lines, drawn once and used in every row."""
    lines = [el("line", x1=at(scale, tick), x2=at(scale, tick), y1=0, y2="100%") for tick in scale.ticks]
    if scale.now is not None:
        lines.append(el("line", class_="now", x1=at(scale, scale.now), x2=at(scale, scale.now), y1=0, y2="100%"))
    return el(
        "svg",
        el("symbol", el("g", *lines, class_="grid"), id="grid"),
        class_="defs",
        width=0,
        height=0,
        aria_hidden="true",
    )


def at(scale: Axis, seconds: float) -> str:
    return f"{scale.percent(seconds):.2f}%"


def _bars(height: int, *inner: Markup) -> Markup:
    grid = el("use", href="#grid", width="100%", height="100%")
    return el("svg", grid, *inner, class_="bars", width="100%", height=height, aria_hidden="true")


def _bar(scale: Axis, begin: float, end: float, y: float, height: float, tone: str, title: str = "") -> Markup:
    width = max(scale.percent(end) - scale.percent(begin), 0.35)
    inner = el("title", title) if title else Markup("")
    return el("rect", inner, class_=f"bar {tone}", x=at(scale, begin), width=f"{width:.2f}%", y=y, height=height, rx=2)


def _critical(
    document: Mapping[str, Any], scale: Axis, plan: Mapping[str, tuple[float, float]], now: datetime
) -> Markup:
    """The plan's longest chain above, what became of it below."""
    steps = {step["id"]: step for step in all_steps(document)}
    ghosts, bars, reached = [], [], 0.0
    for step_id, (begin, end) in plan.items():
        title = f"{steps[step_id]['title']}, {steps[step_id]['corp']}"
        ghosts.append(_bar(scale, begin, end, 4, 12, "ghost", f"{title}: planned {duration(end - begin)}"))
        if span := scale.span(steps[step_id], now):
            took = duration(span[1] - span[0])
            bars.append(_bar(scale, *span, 24, 12, look(steps[step_id]["state"]).tone, f"{title}: {took}"))
            reached = max(reached, span[1])
    total = max((end for _, end in plan.values()), default=0.0)
    words = f"Planned {duration(total)}"
    if reached:
        words += _came_of(document["phase"], duration(reached))
    note = None
    if scale.pace != 1.0:
        note = el(
            "p", f"Planned times are scaled by {scale.pace:.2g}, the pace at which things go here.", class_="note"
        )
    return join(
        el(
            "div",
            el("div", el("h3", "Critical path"), el("p", words, class_="note planned"), note, class_="what"),
            el("div", _ruler(scale), _bars(40, *ghosts, *bars), class_="chart"),
            class_="critical cells",
        ),
    )


def _came_of(phase: str, time: str) -> str:
    if phase == "ready":
        return f", took {time}"
    return f", stopped after {time}" if phase in ("failed", "deleting", "gone") else f", {time} so far"


def _ruler(scale: Axis) -> Markup:
    """The axis' words."""
    words = [
        el("text", _offset(tick), x=at(scale, tick), y=11, text_anchor="end" if scale.percent(tick) > 93 else "middle")
        for tick in scale.ticks
    ]
    return el("svg", *words, class_="ruler", width="100%", height=14, aria_hidden="true")


def _offset(seconds: float) -> str:
    """Seconds from the beginning as m:ss or h:mm:ss."""
    whole = int(seconds)
    if seconds != whole:
        return f"{seconds:.1f} s"
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def _corp(
    corp: Mapping[str, Any], scale: Axis, plan: Mapping[str, tuple[float, float]], now: datetime, *, unfolded: bool
) -> Markup:
    state = state_of(corp)
    summary = el(
        "summary",
        el("span", tag(state, join(corp["name"], told(state))), class_="what"),
        el("span", tally(corp), class_="quiet"),
        el("span", _strip(corp, scale, now), class_="chart"),
        class_="cells",
    )
    heads = [("Step", "step"), ("State", "state"), ("Timeline", "chart"), ("Began", "time"), ("Took", "time")]
    table = el(
        "table",
        el("caption", f"Steps of {corp['name']}", class_="hidden"),
        el("thead", el("tr", *[el("th", head, scope="col", class_=name) for head, name in heads])),
        el("tbody", *[_row(step, scale, plan, now) for step in in_order(corp["steps"])]),
    )
    return el("details", summary, _where(corp), table, class_="corp", id=f"corp-{corp['name']}", open=unfolded)


def _where(corp: Mapping[str, Any]) -> Markup | None:
    """Its group, and what it stands in that was there before it."""
    group = corp.get("resource_group")
    if not group:
        return None
    existing = in_words(corp.get("existing") or NOTHING)
    words = [join(" · ", link(portal(resource) if resource else None, said)) for said, resource in existing]
    kept = " (of the landing zone: neither changed nor removed)" if existing else ""
    return el("p", "Resource group ", el("code", group), *words, kept, class_="note")


def _strip(corp: Mapping[str, Any], scale: Axis, now: datetime) -> Markup:
    """All bars of a corp at a glance: each in the first line where there is room."""
    spans = [(span, str(step["state"])) for step in corp["steps"] if (span := scale.span(step, now))]
    ends: list[float] = []
    bars = []
    for (begin, end), state in sorted(spans):
        line = next((number for number, free in enumerate(ends) if free <= begin), len(ends))
        line = min(line, MOST_STRIPS - 1)
        if line == len(ends):
            ends.append(end)
        ends[line] = max(end, ends[line])
        bars.append(_bar(scale, begin, end, 1 + line * (STRIP + 1), STRIP, look(state).tone))
    return _bars(1 + max(len(ends), 1) * (STRIP + 1), *bars)


def _row(step: Step, scale: Axis, plan: Mapping[str, tuple[float, float]], now: datetime) -> Markup:
    critical = step["id"] in plan
    span = scale.span(step, now)
    bars = [_bar(scale, *plan[step["id"]], 2.5, 13, "ghost")] if critical else []
    if span:
        bars.append(_bar(scale, *span, 5, 8, look(step["state"]).tone))
    title = link(step.get("portal"), step["title"])
    name = join(title, CRITICAL if critical else None, _waits(step))
    tries = step.get("attempts") or 0
    cells = el(
        "tr",
        el("th", name, scope="row", class_="step"),
        el("td", tag(step["state"]), class_="state"),
        el("td", _bars(18, *bars), class_="chart"),
        el("td", f"+{_offset(int(span[0]))}" if span else "", class_="time began"),
        el("td", _took(step, span), class_="time", title=f"looked at {tries} times" if tries > 1 else None),
    )
    return join(cells, _failure(step))


def _took(step: Step, span: tuple[float, float] | None) -> str:
    if span is None:
        return ""
    took = step.get("took")
    return duration(float(took) if took is not None else span[1] - span[0]) + ("" if step.get("ended") else " so far")


def _waits(step: Step) -> Markup | None:
    stays = f"recoverable in Key Vault until {step['stays_until'][:10]}" if step.get("stays_until") else None
    said = step.get("waits_for") or stays
    return el("span", said, class_="says") if said else None


def _failure(step: Step) -> Markup | None:
    """Why it failed, in a row of its own: Azure's messages are long."""
    error = step.get("error")
    if not error:
        return None
    said = [el("code", error.get("code")), " ", error.get("message"), " ", error.get("hint")]
    return el("tr", el("td", *said, colspan=5, class_="says bad"), class_="said")
