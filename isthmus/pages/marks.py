"""How a state looks: a shape and a sign of its own beside its colour, so that no one needs to tell colours apart."""

from __future__ import annotations

from dataclasses import dataclass

from isthmus.pages.markup import Markup, el, join


@dataclass(frozen=True)
class Look:
    """`tone`: the CSS class of the colour. `shape`: SVG inside a box of 24 by 24."""

    word: str
    tone: str
    shape: str


_DISC = '<circle class="fill" cx="12" cy="12" r="10"/>'
_RING = '<circle class="ring" cx="12" cy="12" r="9"/>'
_TICK = '<path class="sign" d="M7.4 12.6l3.1 3.1 6.1-6.9"/>'
_BANG = '<path class="sign" d="M12 6.6v6.6M12 16.7v.3"/>'

LOOKS: dict[str, Look] = {
    "waiting": Look("waiting", "idle", '<circle class="ring" cx="12" cy="12" r="6"/>'),
    "pending": Look("under way", "busy", _RING + '<path class="fill" d="M12 6a6 6 0 0 1 0 12z"/>'),
    "ready": Look("ready", "good", _DISC + _TICK),
    "failed": Look("failed", "bad", '<path class="fill" d="M12 .8 23.2 12 12 23.2.8 12z"/>' + _BANG),
    "skipped": Look(
        "skipped",
        "idle",
        '<rect class="ring" x="4" y="4" width="16" height="16" rx="3"/><path class="line" d="M8 12h8"/>',
    ),
    "removing": Look(
        "being removed", "warn", '<path class="fill" d="M2 4.5h20L12 22z"/><path class="sign" d="M8.6 9h6.8"/>'
    ),
    "removed": Look(
        "removed",
        "idle",
        '<circle class="ring dashed" cx="12" cy="12" r="9"/><path class="line" d="M9 9l6 6M15 9l-6 6"/>',
    ),
    "passed": Look("passed", "good", _DISC + _TICK),
    "not_checked": Look(
        "not checked",
        "warn",
        '<rect class="fill" x="2.5" y="2.5" width="19" height="19" rx="4"/><path class="sign" d="M7.5 12h9"/>',
    ),
    "incomplete": Look(
        "incomplete",
        "warn",
        '<rect class="fill" x="2.5" y="2.5" width="19" height="19" rx="4"/><path class="sign" d="M7.5 12h9"/>',
    ),
}
UNKNOWN = LOOKS["waiting"]
STEP_STATES = ("waiting", "pending", "ready", "failed", "skipped", "removing", "removed")
PHASES: dict[str, str] = {
    "requested": "waiting",
    "planning": "pending",
    "building": "pending",
    "verifying": "pending",
    "ready": "ready",
    "failed": "failed",
    "deleting": "removing",
    "gone": "removed",
}
"""Phase -> the mark that it shares."""


def look(state: str) -> Look:
    return LOOKS.get(state, UNKNOWN)


def symbols() -> Markup:
    """The shapes, defined once for the whole page; `use` refers to them."""
    shapes = [el("symbol", Markup(one.shape), id=f"m-{state}", viewBox="0 0 24 24") for state, one in LOOKS.items()]
    return el("svg", *shapes, class_="defs", width=0, height=0, aria_hidden="true")


def use(state: str, x: float, y: float, size: float) -> Markup:
    """A mark inside a picture, its middle at x, y."""
    name = state if state in LOOKS else "waiting"
    half = size / 2
    return el("use", href=f"#m-{name}", x=x - half, y=y - half, width=size, height=size, class_=look(state).tone)


def mark(state: str) -> Markup:
    """A mark in a line of text; the word beside it says the same."""
    return el("svg", use(state, 8.0, 8.0, 16.0), class_="mark", viewBox="0 0 16 16", aria_hidden="true")


def told(state: str) -> Markup:
    """The word of a mark that stands beside other words, for those who don't see the mark."""
    return el("span", f": {look(state).word}", class_="hidden")


def tag(state: str, word: str | None = None) -> Markup:
    """Mark and word."""
    return el("span", join(mark(state), " ", word or look(state).word), class_=f"tag {look(state).tone}")
