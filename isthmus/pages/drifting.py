"""The part of an environment's page about drift: what no longer is as planned, and what came of putting it right."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from isthmus.drift import repaired
from isthmus.pages.marks import mark
from isthmus.pages.markup import Markup, el
from isthmus.pages.words import clock, count, moment


def drift(document: Mapping[str, Any], now: datetime) -> Markup | None:
    """None where nothing was found."""
    found = document.get("drift") or {}
    if not found.get("findings") or document["phase"] != "ready":
        return None
    items = [el("li", f"{one['corp']}: {one['title']}: {one['detail']}{_then(one)}") for one in found["findings"]]
    looked = moment(found["looked_at"])
    when = f" at {clock(looked, now)}" if looked else ""
    return el(
        "section",
        el("h2", mark("not_checked"), " Not as planned", id="drift"),
        el("p", f"{count(len(items), 'thing')} differed{when}. {repaired(found)}"),
        el("ul", *items),
        class_="trouble",
        aria_labelledby="drift",
    )


def _then(finding: Mapping[str, Any]) -> str:
    return "" if finding["repairable"] else " (for a person to decide: it is not put right by itself)"
