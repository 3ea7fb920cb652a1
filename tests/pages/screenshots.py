"""`make screenshots`: one PNG of each state, from the samples, into docs/screenshots."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from playwright.sync_api import Browser

from isthmus.pages import environment_page, overview_page
from isthmus.pages.words import moment as parsed
from tests.pages import samples
from tests.pages.browser import chromium

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
WIDTH = 1200
HEIGHT = 1350
"""Down to the end of the picture."""
DENSITY = 1.5


@dataclass(frozen=True)
class Shot:
    """`height`: of what is shown of the page from its top; None for all of it."""

    html: str
    width: int = WIDTH
    height: int | None = HEIGHT
    dark: bool = False


def page(document: samples.Document, after: float | None = None) -> str:
    now: datetime = samples.moment(after) if after is not None else parsed(document["updated_at"]) or samples.moment(0)
    return environment_page(document, now)


def shots() -> dict[str, Shot]:
    return {
        "building": Shot(page(samples.building())),
        "ready": Shot(page(samples.ready())),
        "whole-page": Shot(page(samples.ready()), height=None),
        "ready-dark": Shot(page(samples.ready()), dark=True),
        "incomplete": Shot(page(samples.ready(unchecked=("endpoint_unreachable", "no_inbound_rule")))),
        "failed": Shot(page(samples.failed(), 200), height=1600),
        "deleting": Shot(page(samples.deleting(), 905)),
        "gone": Shot(page(samples.gone(), 1100)),
        "twenty-consumers": Shot(page(samples.building(20, 133)), height=1530),
        "list": Shot(overview_page(samples.listed(), samples.moment(95)), height=520),
        "landing-zone": Shot(page(samples.landing_zone())),
        "phone": Shot(page(samples.building()), width=360, height=1600),
    }


def take(browser: Browser, shot: Shot, path: Path) -> None:
    """Without JavaScript, and with nothing that moves."""
    context = browser.new_context(
        viewport={"width": shot.width, "height": shot.height or HEIGHT},
        device_scale_factor=DENSITY,
        color_scheme="dark" if shot.dark else "light",
        reduced_motion="reduce",
        java_script_enabled=False,
    )
    try:
        tab = context.new_page()
        tab.set_content(shot.html)
        tab.screenshot(path=path, full_page=shot.height is None)
    finally:
        context.close()


def main(wanted: list[str]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for name, shot in shots().items():
            if not wanted or name in wanted:
                take(browser, shot, FOLDER / f"{name}.png")


if __name__ == "__main__":
    main(sys.argv[1:])
