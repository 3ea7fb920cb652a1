"""The host's pages for a browser, read-only: `/` lists instances, `/instances/ID` shows one as a timeline."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from urllib.parse import quote, unquote

from aiohttp import web

from localcloud.host.events import Event, Type, short_stamp
from localcloud.host.markup import Content, Markup, document, tag
from localcloud.host.store import Status, Store
from localcloud.host.timeline import ROWS_SHOWN, Bar, bars, duration, picture

PAGE_ROWS = 100
LOOK_AGAIN = 3
"""Seconds, while something runs."""
SAFE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --soft: #6a737d; --edge: #d0d7de;
  --completed: #1a7f5a; --failed: #c0343c; --open: #b07a00; --timer: #8b949e; --event: #6e40c9; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #0f1419; --soft: #9198a1; --edge: #303841;
  --completed: #3fb68b; --failed: #f2757c; --open: #e3b341; --timer: #6e7681; --event: #b392f0; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem auto;
  max-width: 70rem; padding: 0 1rem; }
a { color: inherit; } h1 { font-size: 1.3rem; } small, .soft, th { color: var(--soft); font-weight: normal; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .25rem .6rem .25rem 0;
  border-bottom: 1px solid var(--edge); vertical-align: top; overflow-wrap: anywhere; }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 20rem; overflow: auto; }
svg { width: 100%; height: auto; } svg text { font-size: 12px; fill: var(--ink); } .tick { stroke: var(--edge); }
rect.completed { fill: var(--completed); } rect.failed { fill: var(--failed); } rect.open { fill: var(--open); }
rect.timer { fill: var(--timer); } rect.event { fill: var(--event); }
.Failed, .failed { color: var(--failed); } .Completed, .completed { color: var(--completed); }
.Running, .Pending, .open { color: var(--open); }
"""
STATUSES = ("Running", "Pending", "Suspended", "Completed", "Failed", "Terminated")


class Pages:
    """`clock`: seconds since 1970."""

    def __init__(self, store: Store, hub: str, clock: Callable[[], float]) -> None:
        self._store, self._hub, self._clock = store, hub, clock

    def serves(self, request: web.Request) -> bool:
        """Whether the path is one of a page."""
        parts = request.rel_url.raw_path.strip("/").split("/")
        return request.method in ("GET", "HEAD") and (parts == [""] or (parts[0] == "instances" and len(parts) == 2))

    async def handle(self, request: web.Request) -> web.Response:
        parts = request.rel_url.raw_path.strip("/").split("/")
        # A key that came in the query goes on to the next page in the same way.
        key = f"code={quote(request.query['code'])}" if "code" in request.query else ""
        if parts == [""]:
            return _answer(self._list(request.query.get("status", ""), request.query.get("after", ""), key))
        found = self._store.find(unquote(parts[1]))
        if found is None:
            return _answer(document("No such instance", STYLE, tag("h1", "There is no such instance"), _home(key)), 404)
        return _answer(self._instance(found, key))

    def _list(self, status: str, after: str, key: str) -> str:
        created, _, last = after.partition(" ")
        try:
            seen = (float(created), last) if after else None
        except ValueError:
            seen = None
        statuses = [status] if status else []
        found = self._store.listed(statuses=statuses, after=seen, top=PAGE_ROWS + 1, newest_first=True)
        rows = [_list_row(one, key) for one in found[:PAGE_ROWS]]
        more = None
        if len(found) > PAGE_ROWS:
            end = found[PAGE_ROWS - 1]
            more = tag("p", tag("a", "more", href=_query(key, status=status, after=f"{end.created!r} {end.id}")))
        running = any(not one.over for one in found)
        return document(
            f"{self._hub}: instances",
            STYLE,
            tag("h1", f"Task hub {self._hub}"),
            tag("p", _filters(status, key)),
            _table(("instance", "orchestrator", "status", "started", "took", "custom status"), rows),
            more or (None if rows else tag("p", "No instances.", class_="soft")),
            refresh=LOOK_AGAIN if running else None,
        )

    def _instance(self, one: Status, key: str) -> str:
        history = self._store.history(one.id)
        tasks = bars(history)
        end = one.updated if one.over else self._clock()
        facts = (("input", one.input), ("output", one.output), ("custom status", one.custom))
        left_out = len(tasks) - ROWS_SHOWN
        return document(
            f"{one.name} {one.id}",
            STYLE,
            _home(key),
            tag("h1", f"{one.name} ", tag("small", one.id)),
            tag(
                "p", tag("span", one.status, class_=one.status), f", {duration(end - one.created)}, begun ", _time(one)
            ),
            picture(tasks, min([one.created, *(bar.begun for bar in tasks)]), end),
            tag("p", f"{left_out} tasks more are not shown.", class_="soft") if left_out > 0 else None,
            _table((), [tag("tr", tag("th", name), tag("td", _value(text))) for name, text in facts if text]),
            _table(
                ("task", "kind", "state", "took", "input", "result"),
                [_task_row(bar, key) for bar in tasks[:ROWS_SHOWN]],
            ),
            tag("p", f"{len(history)} events, {_episodes(history)} episodes", class_="soft"),
            refresh=None if one.over else LOOK_AGAIN,
        )


def _answer(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8", headers=SAFE)


def _query(key: str, **values: str) -> str:
    parts = [f"{name}={quote(value)}" for name, value in values.items() if value]
    return "/?" + "&".join([*parts, key] if key else parts)


def _home(key: str) -> Markup:
    return tag("p", tag("a", "all instances", href=_query(key)))


def _filters(chosen: str, key: str) -> Markup:
    links: list[Content] = []
    for name in ("", *STATUSES):
        shown = name or "all"
        links += [tag("b", shown) if name == chosen else tag("a", shown, href=_query(key, status=name)), " "]
    return tag("span", *links)


def _link(instance_id: str, key: str) -> Markup:
    return tag("a", instance_id, href=f"/instances/{quote(instance_id, safe='')}" + (f"?{key}" if key else ""))


def _list_row(one: Status, key: str) -> Markup:
    took = duration(one.updated - one.created) if one.over else None
    cells: tuple[Content, ...] = (
        _link(one.id, key),
        one.name,
        tag("span", one.status, class_=one.status),
        _time(one),
        took,
        _value(one.custom),
    )
    return tag("tr", *(tag("td", cell) for cell in cells))


def _task_row(bar: Bar, key: str) -> Markup:
    name = bar.name if bar.instance is None else tag("span", f"{bar.name} ", _link(bar.instance, key))
    took = None if bar.ended is None else duration(bar.ended - bar.begun)
    cells: tuple[Content, ...] = (
        name,
        bar.kind,
        tag("span", bar.state, class_=bar.state),
        took,
        _value(bar.given),
        _value(bar.result),
    )
    return tag("tr", *(tag("td", cell) for cell in cells))


def _table(heads: tuple[str, ...], rows: list[Markup]) -> Markup | None:
    if not rows:
        return None
    return tag("table", tag("tr", *(tag("th", head) for head in heads)) if heads else None, *rows)


def _time(one: Status) -> Markup:
    return tag("time", short_stamp(one.created))


def _value(text: str | None) -> Markup | None:
    """JSON text or plain text, laid out to be read."""
    if text is None:
        return None
    with contextlib.suppress(ValueError):
        text = json.dumps(json.loads(text), indent=1, ensure_ascii=False)
    return tag("pre", text)


def _episodes(history: list[Event]) -> int:
    return sum(one["EventType"] == Type.ORCHESTRATOR_STARTED for one in history)
