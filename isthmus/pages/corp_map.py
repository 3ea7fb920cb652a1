"""One corp's steps as marks on tracks, with their names or, small, without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from isthmus.pages.layout import Layout, arrange
from isthmus.pages.marks import look, use
from isthmus.pages.markup import Markup, el, join

MACHINE = "virtual_machine"
LINE = 12.5
"""Height of a line of a step's name."""
LONGEST = 18
"""Characters in a line of a step's name."""


@dataclass(frozen=True)
class Scale:
    """Distances of columns and of lanes, and the size of a mark.

    named: names stand beside the marks; told: a pointer that rests on a mark is told the name
    """

    pitch: float
    lane: float
    mark: float
    named: bool = False
    told: bool = False


def corp_layout(corp: Mapping[str, Any]) -> Layout:
    own = {step["id"] for step in corp["steps"]}
    return arrange(
        tuple((step["id"], tuple(need for need in step.get("needs", ()) if need in own)) for step in corp["steps"])
    )


def corp_map(corp: Mapping[str, Any], scale: Scale, *, turned: bool) -> tuple[Markup, float, int | None]:
    """Markup from the first column's middle at x=0; its height; the machine's column. `turned`: the main line is
    at the bottom (the provider's, whose portal leaves downwards), names above the marks."""
    layout = corp_layout(corp)
    head = scale.mark / 2 + (4 + 2 * LINE if scale.named and turned else 2)
    tail = scale.mark / 2 + (4 + 2 * LINE if scale.named and not turned else 2)
    height = head + (layout.height - 1) * scale.lane + tail

    def at(step: str) -> tuple[float, float]:
        lane = layout.height - 1 - layout.lanes[step] if turned else layout.lanes[step]
        return layout.columns[step] * scale.pitch, head + lane * scale.lane

    done = {step["id"] for step in corp["steps"] if step["state"] == "ready"}
    lines = [
        el("path", class_=name, d="".join(_line(at(a), at(b), scale) for a, b in layout.edges if (a in done) == met))
        for met, name in ((False, None), (True, "done"))
    ]
    marks = [_step(step, *at(step["id"]), scale, turned=turned) for step in corp["steps"]]
    machine = next((layout.columns[step["id"]] for step in corp["steps"] if step["kind"] == MACHINE), None)
    return join(el("g", *lines, class_="lines"), *marks), height, machine


def _line(start: tuple[float, float], end: tuple[float, float], scale: Scale) -> str:
    """Along the needed step's track, and over to the needing one's just before it."""
    (x1, y1), (x2, y2) = start, end
    if y1 == y2:
        return f"M{x1:.1f} {y1:.1f}H{x2:.1f}"
    leaves, arrives = x2 - 0.64 * scale.pitch, x2 - 0.2 * scale.pitch
    middle = (leaves + arrives) / 2
    curve = f"C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f} {arrives:.1f} {y2:.1f}"
    return f"M{x1:.1f} {y1:.1f}H{leaves:.1f}{curve}H{x2:.1f}"


def _step(step: Mapping[str, Any], x: float, y: float, scale: Scale, *, turned: bool) -> Markup:
    state = str(step["state"])
    words = f"{step['title']}: {look(state).word}"
    parts = [el("title", words) if scale.told else None]
    if scale.named:
        parts.append(el("circle", class_="ground", cx=x, cy=y, r=scale.mark / 2 + 2))
        parts.append(_name(step["title"], x, y, scale, turned=turned))
    parts.append(use(state, x, y, scale.mark))
    going = " busy-now" if state in ("pending", "removing") else ""
    return el("g", *parts, class_=f"step {look(state).tone}{going}")


def _name(title: str, x: float, y: float, scale: Scale, *, turned: bool) -> Markup:
    lines = in_lines(title)
    first = y - scale.mark / 2 - 6 - (len(lines) - 1) * LINE if turned else y + scale.mark / 2 + LINE
    rows = [el("tspan", line, x=x, y=first + number * LINE) for number, line in enumerate(lines)]
    return el("text", *rows, class_="name", text_anchor="middle")


def in_lines(title: str) -> list[str]:
    """A step's name in two lines at most, about equally long."""
    words = title.split()
    if len(title) <= LONGEST or len(words) == 1:
        return [title]
    cut = min(range(1, len(words)), key=lambda n: abs(len(" ".join(words[:n])) - len(" ".join(words[n:]))))
    return [" ".join(words[:cut]), " ".join(words[cut:])]
