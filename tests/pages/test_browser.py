"""The page in a real browser: every state, keyboard, contrast, dark, small, alone with its host, without JavaScript."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.pages import samples
from tests.pages.checks import COLLISIONS, CONTRAST, NAMED, SCROLLS
from tests.pages.site import Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

STATES: dict[str, Callable[[], samples.Document]] = {
    "requested": samples.requested,
    "building": samples.building,
    "ready": samples.ready,
    "incomplete": lambda: samples.ready(unchecked=("endpoint_unreachable",)),
    "failed": samples.failed,
    "deleting": samples.deleting,
    "blocked": samples.blocked,
    "gone": samples.gone,
    "twenty": lambda: samples.building(20, 150),
}


@contextmanager
def looking(browser: Browser, url: str, *, width: int = 1200, clock: bool = False, **more: Any) -> Iterator[Page]:
    """A tab at that address; fails if the page asks another host, breaks its policy or throws."""
    context = browser.new_context(viewport={"width": width, "height": 900}, **more)
    try:
        page = context.new_page()
        wrong: list[str] = []
        here = url.split("/api/")[0]
        page.on("request", lambda one: None if one.url.startswith((here, "data:")) else wrong.append(one.url))
        page.on("console", lambda one: wrong.append(one.text) if one.type in ("error", "warning") else None)
        page.on("pageerror", lambda one: wrong.append(str(one)))
        page.on("dialog", lambda one: wrong.append(one.message))
        if clock:
            page.clock.install()
        page.goto(url)
        yield page
        assert wrong == []
    finally:
        context.close()


def spread(page: Page) -> None:
    """All of the page in view, so that every point of it can be looked at."""
    height = int(page.evaluate("document.documentElement.scrollHeight"))
    page.set_viewport_size({"width": page.viewport_size["width"] if page.viewport_size else 1200, "height": height})


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_named_readable_and_nowhere_overlapping(browser: Browser, site: Site, state: str) -> None:
    site.document = STATES[state]()
    with looking(browser, site.url, reduced_motion="reduce") as page:
        spread(page)
        assert page.evaluate(NAMED) == []
        assert page.evaluate(CONTRAST) == []
        if site.document["corps"]:
            assert page.evaluate(COLLISIONS) == []
        page.emulate_media(color_scheme="dark")
        assert page.evaluate(CONTRAST) == []
        for width in (360, 800):
            page.set_viewport_size({"width": width, "height": 900})
            assert not page.evaluate(SCROLLS), f"scrolls sideways at {width}"
            if site.document["corps"]:
                assert page.evaluate(COLLISIONS) == [], width


def test_the_list_is_named_readable_and_fits(browser: Browser, site: Site) -> None:
    with looking(browser, site.list_url) as page:
        assert page.evaluate(NAMED) == []
        assert page.evaluate(CONTRAST) == []
        page.set_viewport_size({"width": 360, "height": 900})
        assert not page.evaluate(SCROLLS)
        page.get_by_role("link", name="demo").click()
        assert page.url == site.url


@pytest.mark.parametrize(("state", "words"), [("building", "building"), ("ready", "every other way in is shut")])
def test_what_is_said_first(browser: Browser, site: Site, state: str, words: str) -> None:
    site.document = STATES[state]()
    with looking(browser, site.url) as page:
        assert words in page.locator(".top").inner_text()


def test_the_page_follows_what_happens_and_then_rests(browser: Browser, site: Site) -> None:
    with looking(browser, site.url, clock=True) as page:
        page.locator("#do-renew").focus()
        page.locator("#corp-health-corp > summary").evaluate("one => one.click()")
        page.evaluate("document.body.dataset.same = 'yes'")
        site.document = samples.ready()
        page.clock.run_for(4500)
        page.locator(".phase.good").wait_for()
        assert "every other way in is shut" in page.locator(".lead").inner_text()
        assert page.locator("#said").text_content() == "demo: ready"
        assert page.evaluate("document.activeElement.id") == "do-renew"
        assert not page.locator("#corp-health-corp").evaluate("one => one.open")
        assert page.evaluate("document.body.dataset.same") == "yes", "the page was loaded anew"
        looks = len(site.asked)
        page.clock.run_for(60_000)
        assert len(site.asked) == looks


def test_a_deletion_can_be_asked_for_with_the_keyboard_alone(browser: Browser, site: Site) -> None:
    with looking(browser, site.url) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        seen: list[str] = []
        while "do-delete" not in seen and len(seen) < 10:
            page.keyboard.press("Tab")
            seen.append(str(page.evaluate("document.activeElement.id")))
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
        assert seen == ["do-renew", "do-cancel", "do-delete"]
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert site.posted == ["action=delete&confirm=yes"]
        assert page.url == site.url


def test_nothing_is_deleted_before_the_box_is_ticked(browser: Browser, site: Site) -> None:
    with looking(browser, site.url, java_script_enabled=False) as page:
        page.locator("#do-delete").click()
        page.locator("#delete").click()
        page.locator("#confirm").check()
        assert site.posted == []


def test_without_javascript_all_is_there_and_buttons_work(browser: Browser, site: Site) -> None:
    with looking(browser, site.url, java_script_enabled=False) as page:
        assert page.locator("h1").inner_text().startswith("demo")
        assert page.locator("tbody th").count() == site.document["progress"]["steps"]
        assert page.locator("noscript meta, head meta[http-equiv=refresh]").count() == 1
        with page.expect_navigation():
            page.get_by_role("button", name="Renew lease").click()
        assert site.posted == ["action=renew"]


def test_corps_unfold(browser: Browser, site: Site) -> None:
    site.document = samples.building(20, 150)
    with looking(browser, site.url) as page:
        rows = page.locator("#corp-river-water tbody tr")
        assert not rows.first.is_visible()
        page.locator("#corp-river-water > summary").click()
        assert rows.first.is_visible()


def test_dark_is_dark_and_stillness_is_still(browser: Browser, site: Site) -> None:
    with looking(browser, site.url, color_scheme="dark", reduced_motion="reduce") as page:
        red = page.evaluate("Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])")
        assert red < 40
        assert page.locator(".busy-now use").first.evaluate("one => getComputedStyle(one).animationName") == "none"
        page.emulate_media(reduced_motion="no-preference")
        assert page.locator(".busy-now use").first.evaluate("one => getComputedStyle(one).animationName") == "pulse"


def test_what_others_said_is_shown_and_never_run(browser: Browser, site: Site) -> None:
    site.document = samples.hostile()
    with looking(browser, site.url) as page:
        assert (
            page.evaluate("document.querySelectorAll('main script, main img, main [onload], main [onerror]').length")
            == 0
        )
        assert samples.HOSTILE in page.locator(".evidence").first.inner_text()
        assert page.evaluate("window.taken") is None
        page.set_viewport_size({"width": 360, "height": 900})
        assert not page.evaluate(SCROLLS)


def test_the_page_tells_colours_apart_by_shape_too(browser: Browser, site: Site) -> None:
    with looking(browser, site.url) as page:
        shapes = page.evaluate("[...document.querySelectorAll('.defs symbol[id^=m-]')].map(one => one.innerHTML)")
        steps = page.evaluate(
            "['waiting','pending','ready','failed','skipped','removing','removed']"
            ".map(s => document.getElementById('m-' + s).innerHTML)"
        )
        assert len(set(steps)) == 7
        assert len(shapes) >= 7
