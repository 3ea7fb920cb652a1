"""The page of all environments, from a page of the list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from isthmus.pages.environment import AT_WORK, LOOK_AGAIN
from isthmus.pages.marks import PHASES, tag
from isthmus.pages.markup import Markup, el, join
from isthmus.pages.parts import lease
from isthmus.pages.shell import shell
from isthmus.pages.words import clock, count, moment


def overview_page(listed: Mapping[str, Any], now: datetime, query: str = "", further: str | None = None) -> str:
    """HTML. `listed`: as GET /api/environments answers; `query`: as for an environment's page; `further`: the
    address of the next page of the list. The page's own address is `.../environments/page`."""
    rows = listed["environments"]
    heads = ("Name", "Phase", "Steps", "Outcome", "Lease", "Last change")
    table = el(
        "table",
        el("caption", "Environments, the newest first", class_="hidden"),
        el("thead", el("tr", *[el("th", head, scope="col") for head in heads])),
        el("tbody", *[_row(row, now, query) for row in rows]),
        class_="list",
    )
    empty = el("p", "None yet. POST a specification to ", el("code", "/api/environments"), " to have one built.")
    main = el(
        "section",
        el("h1", "Environments"),
        el("p", f"{count(len(rows), 'environment')} shown.", class_="lead"),
        table if rows else empty,
        el("p", el("a", "Further environments", href=further)) if further else None,
    )
    live = any(row["phase"] in AT_WORK for row in rows)
    working = sum(row["phase"] in AT_WORK for row in rows)
    say = f"{count(working, 'environment')} at work"
    foot = el("p", f"As of {clock(now, now)} · ", el("a", "list as JSON", href=f"../environments{query}"))
    return shell("Environments", join(main), f"page{query}", foot, again=2 * LOOK_AGAIN if live else 0, say=say)


def _row(row: Mapping[str, Any], now: datetime, query: str) -> Markup:
    done = row.get("progress") or {}
    proof, code = row.get("proof"), row.get("error_code")
    result = proof.get("result") if isinstance(proof, Mapping) else proof
    changed = moment(row.get("updated_at"))
    return el(
        "tr",
        el("th", el("a", row["name"], href=f"{row['name']}/page{query}"), scope="row"),
        el("td", tag(PHASES.get(row["phase"], "waiting"), row["phase"])),
        el("td", _far(row["phase"], done)),
        el("td", tag(result) if result else el("code", code) if code else None),
        el("td", lease(row, now)),
        el("td", clock(changed, now) if changed else None, class_="quiet"),
    )


def _far(phase: str, done: Mapping[str, int]) -> str:
    what = "removed" if phase in ("deleting", "gone") else "ready"
    return f"{done.get(what, 0)} of {done.get('steps', 0)} {what}" if done.get("steps") else ""
