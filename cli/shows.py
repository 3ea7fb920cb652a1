"""Shows what a watch sees: a live picture in a terminal, a line for each change everywhere else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from cli.events import changes, width_of
from cli.picture import picture
from cli.terminal import Terminal
from cli.watching import Shows

Status = Mapping[str, Any]


class Lines:
    """For logs: what was written stands. Also told: that nobody answers, once for each time that begins."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last: Status | None = None
        self._troubled = False

    def see(self, status: Status, now: datetime) -> None:
        for event in changes(self._last, status):
            self._console.print(Text(event.line(width_of(status)), event.style), soft_wrap=True)
        self._last, self._troubled = status, False

    def tick(self, now: datetime) -> None:
        pass

    def trouble(self, what: str) -> None:
        if not self._troubled:
            self._console.print(f"{what}; trying again", style="yellow", markup=False, soft_wrap=True)
        self._troubled = True


class Picture:
    """For people: both corps, each step, the time left; redrawn as time goes by."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._status: Status | None = None
        self._trouble = ""

    def see(self, status: Status, now: datetime) -> None:
        self._status, self._trouble = status, ""
        self.tick(now)

    def tick(self, now: datetime) -> None:
        if self._status is None:
            return
        console = self._live.console
        drawn = picture(self._status, now, console.width, console.height - bool(self._trouble))
        self._live.update(Group(drawn, Text(self._trouble, "yellow")) if self._trouble else drawn, refresh=True)

    def trouble(self, what: str) -> None:
        self._trouble = f"{what}; trying again"


@contextmanager
def shows(terminal: Terminal, as_json: bool, lines: bool = False) -> Iterator[Shows]:
    """With --json the lines go where people look and the pipe does not; `lines`: no picture, even in a terminal."""
    if as_json:
        yield Lines(terminal.err)
    elif terminal.out.is_terminal and not lines:
        with Live(console=terminal.out, auto_refresh=False) as live:
            yield Picture(live)
    else:
        yield Lines(terminal.out)
