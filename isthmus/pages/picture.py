"""The environment as a picture: companies as land, and between them the one way across.

Two drawings of the same thing: a wide one, in which the provider's steps (and a single consumer's) have their
names, and a narrow one for phones, in which marks alone stand for the steps. Their words are in the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from isthmus.existing import NOTHING, in_words
from isthmus.pages.corp_map import Scale, corp_layout, corp_map
from isthmus.pages.marks import look, use
from isthmus.pages.markup import Markup, el, join
from isthmus.pages.words import count

Corp = Mapping[str, Any]
MACHINE = "virtual_machine"
WATER = 78
HEAD = 46
FOOT = 14
ROOMY = 180
"""From this width on, a small corp shows its count beside its name."""
MOST_WORDS = 100
"""Letters beside a corp's name on a wide picture."""
LETTER = 7.6
"""Width of a letter of a small corp's name, generously."""
NAMED = Scale(pitch=122, lane=51, mark=20, named=True, told=True)


@dataclass(frozen=True)
class Portal:
    """`state`: a state of a step, for the mark; `open`: how many consumers' ways across are open."""

    state: str
    words: str


@dataclass(frozen=True)
class Format:
    """Measures of a drawing: its width, and how many small corps stand beside each other (by their number)."""

    name: str
    width: int
    margin: int
    most_columns: int
    named: bool


WIDE = Format("wide", 1160, 24, 5, named=True)
NARROW = Format("narrow", 360, 14, 2, named=False)


def picture(document: Mapping[str, Any]) -> Markup:
    """The figure, both drawings in it."""
    corps = document.get("corps") or []
    if not corps:
        return Markup("")
    drawings = [drawing(document, form) for form in (WIDE, NARROW)]
    key = [el("li", use_in_text(state), " ", look(state).word) for state in _states_in(corps)]
    return el(
        "figure",
        *drawings,
        el("figcaption", el("ul", *key, class_="key", aria_label="Marks in the picture")),
        class_="map",
    )


def use_in_text(state: str) -> Markup:
    return el("svg", use(state, 7.0, 7.0, 14.0), class_="mark", viewBox="0 0 14 14", aria_hidden="true")


def _states_in(corps: Sequence[Corp]) -> list[str]:
    order = ("ready", "pending", "waiting", "failed", "skipped", "removing", "removed")
    seen = {step["state"] for corp in corps for step in corp["steps"]}
    return [state for state in order if state in seen]


def drawing(document: Mapping[str, Any], form: Format) -> Markup:
    """One SVG: the provider's land above, the consumers' below, the neck between where the machines are."""
    corps = document["corps"]
    provider = next((corp for corp in corps if corp["role"] == "provider"), corps[0])
    consumers = [corp for corp in corps if corp is not provider]
    columns = max(corp_layout(corp).width for corp in corps)
    upper, upper_height, outlet = _land(provider, form, columns, turned=True)
    lower, lower_height, inlet = _consumers(consumers, form, columns)
    shore = form.margin + upper_height
    below = shore + WATER
    height = below + lower_height + form.margin
    portal = portal_of(document)
    parts = [
        el("rect", class_="water", width=form.width, height=height, rx=18),
        _neck(form, outlet, shore, portal),
        _shift(upper, form.margin, form.margin),
        _shift(lower, form.margin, below),
        _way(form, outlet, inlet, shore, portal),
    ]
    title = f"{provider['name']} and {count(len(consumers), 'consumer')}: {portal.words}"
    return el(
        "svg",
        el("title", title),
        *parts,
        class_=form.name,
        viewBox=f"0 0 {form.width} {height}",
        role="img",
        aria_label=f"{title}. The table of steps below says the same in words.",
    )


def portal_of(document: Mapping[str, Any]) -> Portal:
    """What can be said of the way across, from the machines at its ends and the proof."""
    consumers = [corp for corp in document["corps"] if corp["role"] != "provider"]
    ends = [corp for corp in document["corps"] if corp["role"] == "provider"]
    proof = document.get("proof") or {}
    outlet = _machine(ends[0]) if ends else "waiting"
    inlets = [_machine(corp) for corp in consumers]
    if outlet in ("removing", "removed") or (inlets and all(state in ("removing", "removed") for state in inlets)):
        return Portal("removed", "portal closed")
    if "failed" in (outlet, *inlets) or proof.get("result") == "failed":
        return Portal("failed", "portal failed")
    if proof.get("result") in ("passed", "incomplete"):
        return Portal("ready", "portal proved" if proof["result"] == "passed" else "portal open")
    up = sum(state == "ready" for state in inlets) if outlet == "ready" else 0
    if up and up == len(inlets):
        return Portal("pending", "nodes started")
    if up:
        return Portal("pending", f"{up} of {len(inlets)} nodes started")
    return Portal("waiting", "portal not open yet")


def _machine(corp: Corp) -> str:
    return next((str(step["state"]) for step in corp["steps"] if step["kind"] == MACHINE), "waiting")


def _land(corp: Corp, form: Format, columns: int, *, turned: bool) -> tuple[Markup, float, float]:
    """A corp that fills the width: markup, height, and the x of its machine from the drawing's left. `columns`: of
    the widest corp, so that all begin at the same place."""
    width = form.width - 2 * form.margin
    scale = NAMED if form.named else Scale((width - 40) / max(columns - 1, 1), 24, 16)
    drawn, map_height, machine = corp_map(corp, scale, turned=turned)
    left = (width - (columns - 1) * scale.pitch) / 2
    height = HEAD + map_height + FOOT
    land = join(
        el("rect", class_="land", width=width, height=height, rx=14),
        _heading(corp, width, height, form, turned=turned),
        _shift(drawn, left, HEAD),
    )
    return land, height, form.margin + left + (machine or 0) * scale.pitch


def _heading(corp: Corp, width: float, height: float, form: Format, *, turned: bool) -> Markup:
    """Name and role; how far it is, out of the portal's way."""
    role = "has the model" if corp["role"] == "provider" else "asks it"
    if form.named:
        role = _short(" · ".join((role, *(said for said, _ in in_words(corp.get("existing") or NOTHING)))))
    x = 18 if form.named else 12
    return join(
        el("text", corp["name"], el("tspan", f"  {role}", class_="quiet"), class_="corp", x=x, y=29),
        el(
            "text",
            tally(corp),
            class_="tally",
            x=width - x,
            y=29 if form.named or turned else height - 14,
            text_anchor="end",
        ),
    )


def _short(words: str) -> str:
    return words if len(words) <= MOST_WORDS else words[: MOST_WORDS - 1] + "…"


def tally(corp: Corp) -> str:
    """How far a corp is: `9 of 13 ready`, or what is left of it."""
    states = [step["state"] for step in corp["steps"]]
    if any(state in ("removing", "removed") for state in states):
        return f"{states.count('removed')} of {len(states)} removed"
    return f"{states.count('ready')} of {len(states)} ready"


def _consumers(consumers: Sequence[Corp], form: Format, columns: int) -> tuple[Markup, float, float | None]:
    """The lower land: one consumer with its names, or a field of small ones."""
    if len(consumers) == 1:
        return _land(consumers[0], form, columns, turned=False)
    width, gap = form.width - 2 * form.margin, 10
    abreast = max(1, min(len(consumers), form.most_columns))
    cell = (width - 2 * gap - (abreast - 1) * gap) / abreast
    cards, y = [], float(HEAD)
    for start in range(0, len(consumers), abreast):
        row = [_card(corp, cell, form) for corp in consumers[start : start + abreast]]
        tallest = max(height for _, height in row)
        for number, (card, _) in enumerate(row):
            ground = el("rect", class_="field", width=cell, height=tallest, rx=9)
            cards.append(_shift(join(ground, card), gap + number * (cell + gap), y))
        y += tallest + gap
    ready = sum(all(step["state"] == "ready" for step in corp["steps"]) for corp in consumers)
    x = 18 if form.named else 12
    land = join(
        el("rect", class_="land", width=width, height=y, rx=14),
        el("text", count(len(consumers), "consumer"), class_="corp", x=x, y=29),
        el("text", f"{ready} of {len(consumers)} done", class_="tally", x=width - x, y=29, text_anchor="end"),
        *cards,
    )
    return land, y, None


def _card(corp: Corp, width: float, form: Format) -> tuple[Markup, float]:
    layout = corp_layout(corp)
    pitch = min((width - 32) / max(layout.width - 1, 1), 40)
    drawn, height, _ = corp_map(corp, Scale(pitch, 15, 11, told=form.named), turned=False)
    state = state_of(corp)
    left = (width - (layout.width - 1) * pitch) / 2
    done = f"{sum(step['state'] == 'ready' for step in corp['steps'])}/{len(corp['steps'])}"
    roomy = width > ROOMY
    room = int((width - (76 if roomy else 40)) / LETTER)
    name = corp["name"] if len(corp["name"]) <= room else corp["name"][: room - 1] + "…"
    return join(
        use(state, 17, 18, 13),
        el("text", name, class_="small corp", x=29, y=22.5),
        el("text", done, class_="tally", x=width - 10, y=22.5, text_anchor="end") if roomy else None,
        _shift(drawn, left, 34),
    ), 34 + height + 4


def state_of(corp: Corp) -> str:
    """A corp's state in one word: the most urgent of its steps."""
    states = {step["state"] for step in corp["steps"]}
    if len(states) == 1:
        return str(next(iter(states)))
    return next((state for state in ("failed", "removing", "pending", "skipped") if state in states), _between(states))


def _between(states: set[str]) -> str:
    return "pending" if "ready" in states else "waiting"


def _neck(form: Format, x: float, shore: float, portal: Portal) -> Markup:
    """The land bridge: wide at both shores, narrow in the middle."""
    wide, thin = (64, 15) if form.named else (44, 13)
    top, middle, bottom = shore - 1, shore + WATER / 2, shore + WATER + 1
    west, east, turn = x - thin, x + thin, 18
    path = (
        f"M{x - wide:.1f} {top}C{west:.1f} {top} {west:.1f} {top + turn} {west:.1f} {middle}"
        f"S{west:.1f} {bottom} {x - wide:.1f} {bottom}H{x + wide:.1f}"
        f"C{east:.1f} {bottom} {east:.1f} {bottom - turn} {east:.1f} {middle}S{east:.1f} {top} {x + wide:.1f} {top}z"
    )
    return el("path", class_=f"neck {portal.state}", d=path)


def _way(form: Format, outlet: float, inlet: float | None, shore: float, portal: Portal) -> Markup:
    """The portal's line from machine to machine, with what stands at its two ends and in the middle."""
    top, middle, bottom = shore - FOOT + 1, shore + WATER / 2, shore + WATER
    end = bottom + HEAD + 1 if inlet is not None else bottom + 8
    tone = look(portal.state).tone
    side = -26 if form.named else -22
    words = [
        el("text", portal.words, class_=f"portal {tone}", x=outlet + side, y=middle + 4, text_anchor="end"),
    ]
    if form.named:
        words.append(el("text", "relay: carries ciphertext only", class_="aside", x=outlet + 26, y=middle + 4))
    return join(
        el("path", class_=f"way {tone} {portal.state}", d=f"M{outlet:.1f} {top}V{end}"),
        use(portal.state, outlet, middle, 20),
        *words,
    )


def _shift(inner: Markup, x: float, y: float) -> Markup:
    return el("g", inner, transform=f"translate({x:.1f} {y:.1f})")
