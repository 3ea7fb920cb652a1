"""HTML and SVG as calls: whatever is not markup itself is escaped, always."""

from __future__ import annotations

from html import escape

EMPTY = frozenset({"meta", "rect", "line", "path", "br"})
"""Elements without content."""


class Markup(str):
    """Text that is markup already: made here only."""

    __slots__ = ()


Content = str | Markup | int | float | None


def tag(name: str, /, *content: Content, **attributes: str | int | float | None) -> Markup:
    """An element. Attributes: `class_` is class, an underscore elsewhere a hyphen, None leaves one out."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in EMPTY:
        return Markup(f"<{name}{given}>" if name in ("meta", "br") else f"<{name}{given}/>")
    return Markup(f"<{name}{given}>{joined(*content)}</{name}>")


def joined(*content: Content) -> Markup:
    """Content one after the other; None is nothing."""
    return Markup("".join(one if isinstance(one, Markup) else escape(str(one)) for one in content if one is not None))


def document(title: str, style: str, *body: Content, refresh: int | None = None) -> str:
    """A whole page. `style`: CSS of our own; `refresh`: seconds after which the browser looks again."""
    head = joined(
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width"),
        tag("meta", http_equiv="refresh", content=refresh) if refresh else None,
        tag("title", title),
        tag("style", Markup(style)),
    )
    return f"<!doctype html>{tag('html', tag('head', head), tag('body', *body), lang='en')}"
