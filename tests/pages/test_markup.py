"""Text is escaped whatever it is; only this package's own markup is not."""

from __future__ import annotations

import pytest

from isthmus.pages.markup import Markup, el, join, link, number

NASTY = "<script>alert('x')</script> & \"quoted\""


def test_text_is_escaped_once() -> None:
    inner = el("b", NASTY)
    assert el("p", inner) == f"<p>{inner}</p>"
    assert "<script>" not in inner
    assert inner.count("&lt;script&gt;") == 1


def test_attributes_are_escaped_whatever_they_come_from() -> None:
    assert el("a", title=Markup('"><b>')) == '<a title="&quot;&gt;&lt;b&gt;"></a>'


def test_attributes_that_are_false_or_none_are_left_out_and_true_has_no_value() -> None:
    assert el("input", required=True, disabled=False, id=None, class_="c", aria_label="l") == (
        '<input required class="c" aria-label="l">'
    )


def test_markup_and_text_joined_stay_what_they_are() -> None:
    assert join(el("br"), "<", 3, None) == "<br>&lt;3"


@pytest.mark.parametrize("href", ["javascript:alert(1)", "http://plain.example", "//other.example", "", None])
def test_only_https_is_linked(href: str | None) -> None:
    assert link(href, "<x>") == "&lt;x&gt;"


def test_a_link_away_tells_nobody_where_it_stood() -> None:
    assert link("https://portal.azure.com/#x", "x") == (
        '<a href="https://portal.azure.com/#x" rel="noopener noreferrer">x</a>'
    )


@pytest.mark.parametrize(("value", "text"), [(1.0, "1"), (0.5, "0.5"), (2 / 3, "0.67"), (100.0, "100")])
def test_coordinates_are_short(value: float, text: str) -> None:
    assert number(value) == text
