"""HTML and SVG from values. What is not `Markup` is text, and text is always escaped."""

from __future__ import annotations

import html
from typing import TypeAlias

Child: TypeAlias = "str | int | float | None"
VOID = frozenset({"meta", "link", "input", "br", "hr"})
SHAPES = frozenset({"use", "rect", "circle", "path", "line"})
"""SVG elements that close themselves when nothing is in them."""


class Markup(str):
    """Text that is HTML already. Only this module's functions and literals of this package make it."""

    __slots__ = ()


def text(value: Child) -> Markup:
    """A value as HTML text, unless it is HTML already."""
    if isinstance(value, Markup):
        return value
    return Markup("" if value is None else html.escape(str(value)))


def join(*children: Child) -> Markup:
    return Markup("".join(text(child) for child in children))


def el(name: str, /, *children: Child, **attributes: str | int | float | bool | None) -> Markup:
    """An element. Of an attribute's name, a last underscore goes (`class_`) and others become hyphens; None and
    False leave the attribute out, True gives it without a value."""
    opening = name + "".join(_attribute(key, value) for key, value in attributes.items())
    inner = join(*children)
    if name in VOID:
        return Markup(f"<{opening}>")
    return Markup(f"<{opening}/>" if name in SHAPES and not inner else f"<{opening}>{inner}</{name}>")


def _attribute(key: str, value: str | int | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    return f' {name}="{html.escape(number(value) if isinstance(value, float) else str(value))}"'


def number(value: float) -> str:
    """A coordinate: two decimals at most."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def link(href: str | None, *children: Child, **attributes: str | int | float | bool | None) -> Markup:
    """A link away from this app; anything but HTTPS is shown and not linked."""
    if not href or not href.startswith("https://"):
        return join(*children)
    return el("a", *children, href=href, rel="noopener noreferrer", **attributes)
