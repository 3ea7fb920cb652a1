"""The colours, light and dark: words, marks and lines stand out from every ground that they are on."""

from __future__ import annotations

import re

import pytest

from isthmus.pages.style import STYLE

WORDS = ("ink", "quiet", "link", "good", "bad", "busy", "warn")
LINES = ("edge", "idle")
GROUNDS = ("land", "field")


def palettes() -> dict[str, dict[str, str]]:
    found = [
        dict(re.findall(r"--([\w-]+):#([0-9a-f]{3,6})[;}]", block)) for block in re.findall(r":root{[^}]*}", STYLE)
    ]
    light, dark = ({name: value * (2 if len(value) == 3 else 1) for name, value in one.items()} for one in found)
    return {"light": light, "dark": light | dark}


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_are_readable_and_lines_are_seen(theme: str) -> None:
    palette = palettes()[theme]
    needed = dict.fromkeys(WORDS, 4.5) | dict.fromkeys(LINES, 3.0)
    poor = {
        (name, ground): round(contrast(palette[name], palette[ground]), 2)
        for name, least in needed.items()
        for ground in GROUNDS
        if contrast(palette[name], palette[ground]) < least
    }
    assert poor == {}


def test_the_measure_is_the_standards() -> None:
    assert contrast("ffffff", "000000") == pytest.approx(21)
    assert contrast("777777", "ffffff") == pytest.approx(4.48, abs=0.01)
