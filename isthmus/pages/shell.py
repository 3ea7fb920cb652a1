"""What stands around every page: head, landmarks, and the line that a screen reader hears."""

from __future__ import annotations

from isthmus.pages.marks import symbols
from isthmus.pages.markup import Markup, el, join
from isthmus.pages.style import SCRIPT, STYLE

SIGN = (
    '<path fill="#9cc3d8" d="M0 8a8 8 0 0 1 8-8h16a8 8 0 0 1 8 8v16a8 8 0 0 1-8 8H8a8 8 0 0 1-8-8z"/>'
    '<path fill="#17324a" d="M5 5h22v5c-6 1-9 2-9 6s3 5 9 6v5H5v-5c6-1 9-2 9-6s-3-5-9-6z"/>'
)
"""Two lands and the neck between them."""
ICON = "data:image/svg+xml," + (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">{SIGN}</svg>'.replace("#", "%23").replace('"', "'")
)
RELOAD = 20
"""Seconds between looks where there is no JavaScript."""


def shell(title: str, main: Markup, home: str, foot: Markup, *, again: int, say: str) -> str:
    """A whole page. `home`: address of the list; `again`: seconds until the next look, 0 for none."""
    reload_ = el("noscript", el("meta", http_equiv="refresh", content=RELOAD)) if again else None
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="robots", content="noindex"),
        el("meta", name="color-scheme", content="light dark"),
        el("title", f"{title} · Isthmus"),
        el("link", rel="icon", href=ICON),
        el("style", Markup(STYLE)),
        reload_,
    )
    logo = el("svg", Markup(SIGN), viewBox="0 0 32 32", width=24, height=24, aria_hidden="true")
    body = el(
        "body",
        el("a", "Skip to content", href="#main", class_="skip"),
        symbols(),
        el(
            "header",
            el("a", logo, "Isthmus", href=home, class_="home"),
            el("nav", el("a", "All environments", href=home), aria_label="Site"),
        ),
        el("main", main, id="main", tabindex=-1, data_again=again, data_say=say),
        el("p", id="said", role="status", class_="hidden"),
        el("footer", foot),
        el("script", Markup(SCRIPT)),
    )
    return join(Markup("<!doctype html>\n"), el("html", head, body, lang="en"))
