"""The pages for a browser."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

from localcloud.host.events import Type, event
from localcloud.host.markup import joined, tag
from localcloud.host.timeline import bars, duration, picture
from tests.host.driver import Host, Running, fresh, until

NASTY = "<script>alert(1)</script>\"'&"


class Balanced(HTMLParser):
    """Fails on an element that is closed wrongly; collects the names and attributes of all."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()
        self.links: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_list_shows_the_newest_first_and_leads_to_each(host: Host) -> None:
    first, second = (host.start("hello", "razor") for _ in range(2))
    for instance in (first, second):
        host.settled(instance)
    page = host.call("GET", "/?status=Completed")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    links = [link for link in Balanced(page.text).links if first in link or second in link]
    assert links == [f"/instances/{second}", f"/instances/{first}"]
    assert "razor" in host.call("GET", links[0]).text


def test_a_page_of_the_list_has_an_end_and_leads_to_the_next(host: Host) -> None:
    family = fresh()
    ids = {host.start("nothing_to_wait_for", None, f"{family}-{n}") for n in range(120)}
    for instance in ids:
        host.settled(instance)
    seen: set[str] = set()
    path = "/"
    while path:
        page = host.call("GET", path).text
        found = set(re.findall(rf"{family}-\d+", page))
        assert not found & seen
        seen |= found
        path = next((link for link in Balanced(page).links if "after=" in link), "")
    assert seen == ids


def test_an_instance_is_shown_with_a_bar_for_each_task_and_what_went_in_and_out(host: Host) -> None:
    instance = host.start("fan_out", 3)
    host.settled(instance)
    page = host.call("GET", f"/instances/{instance}").text
    svg = re.search("<svg.*</svg>", page, re.DOTALL)
    assert svg is not None
    rects = [one.get("class") for one in ET.fromstring(svg[0]).iter("rect")]
    assert rects == ["activity completed"] * 3
    assert "<pre>6</pre>" in page
    assert 'http-equiv="refresh"' not in page


def test_a_page_of_what_runs_looks_again(host: Host) -> None:
    instance = host.start("waits")
    until(lambda: host.status(instance)["runtimeStatus"] == "Running")
    assert 'http-equiv="refresh"' in host.call("GET", f"/instances/{instance}").text


def test_whatever_an_app_says_is_escaped_and_nothing_is_fetched_from_elsewhere(host: Host) -> None:
    instance = host.start("hello", {NASTY: NASTY})
    host.settled(instance)
    for path in (f"/instances/{instance}", "/"):
        page = Balanced(host.call("GET", path).text)
        assert "script" not in page.names
        assert all(link.startswith("/") for link in page.links)


def test_an_instance_that_there_is_not_is_404(host: Host) -> None:
    assert host.call("GET", "/instances/nobody").status == 404


def test_where_keys_are_asked_for_the_pages_are_the_masters(
    running: Running, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Running(tmp_path_factory.mktemp("locked"), more=("--auth",)) as locked:
        assert locked.host.call("GET", "/").status == 401


def test_markup_escapes_what_is_not_markup() -> None:
    assert tag("p", NASTY, tag("b", 1), title=NASTY, class_="a").count("<") == 4
    assert joined("<", None, tag("br")) == "&lt;<br>"


def test_bars_tell_what_is_open_failed_or_came_from_outside() -> None:
    history = [
        event(Type.TASK_SCHEDULED, 10, 0, Name="a", Input="[1]"),
        event(Type.TASK_SCHEDULED, 10, 1, Name="b", Input="[2]"),
        event(Type.TIMER_CREATED, 10, 2, FireAt="2026-01-01T00:00:00Z"),
        event(Type.TASK_FAILED, 12, TaskScheduledId=1, Reason="broken"),
        event(Type.EVENT_RAISED, 13, Name="go", Input="1"),
    ]
    found = bars(history)
    assert [(one.name, one.state, one.ended) for one in found] == [
        ("a", "open", None),
        ("b", "failed", 12.0),
        ("timer", "open", None),
        ("go", "event", 13.0),
    ]
    rects = [one for one in ET.fromstring(picture(found, 10, 20)).iter("rect")]
    widths = [float(one.get("width", "")) for one in rects]
    assert widths[0] == widths[2] == pytest.approx(5 * widths[1])


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.0051, "5 ms"), (1.5, "1.5 s"), (5, "5 s"), (120, "2 min"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_durations_are_told_as_a_person_says_them(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown
