"""The page of one environment, from its status document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from isthmus.pages import parts
from isthmus.pages.drifting import drift
from isthmus.pages.markup import el, join
from isthmus.pages.picture import picture
from isthmus.pages.shell import shell
from isthmus.pages.steps import timeline
from isthmus.pages.words import clock

AT_WORK = frozenset({"requested", "planning", "building", "verifying", "deleting"})
LOOK_AGAIN = 4
"""Seconds between looks while something is under way."""


def environment_page(document: Mapping[str, Any], now: datetime, query: str = "", notice: str = "") -> str:
    """HTML. `document`: as isthmus/status.py gives it; `query`: what forms and links carry along, such as
    `?code=...`, quoted; `notice`: why what was asked for was not done. The page's own address is
    `.../NAME/page`: every other is relative to it."""
    address = f"page{query}"
    top = el(
        "div",
        el("div", parts.heading(document, now)),
        parts.actions(document, address),
        parts.facts(document, now),
        class_="top",
    )
    main = join(
        el("p", notice, class_="notice", role="alert") if notice else None,
        top,
        parts.leftovers(document),
        parts.trouble(document),
        drift(document, now),
        picture(document),
        parts.proof(document),
        timeline(document, now),
    )
    foot = el(
        "p",
        f"As of {clock(now, now)} · ",
        el("a", "status as JSON", href=f"../{document['name']}{query}"),
    )
    again = LOOK_AGAIN if document["phase"] in AT_WORK else 0
    home = f"../page{query}"
    return shell(document["name"], main, home, foot, again=again, say=parts.announcement(document))
