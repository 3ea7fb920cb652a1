"""The server, a terminal with a clock of its own, and the command in it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from cli.main import app
from cli.terminal import Terminal
from tests.cli.server import Server
from tests.unit import samples


@dataclass
class Clock:
    """Time goes by only where somebody pauses. `pauses`: seconds, one for each; `then`: what happens at a pause."""

    moment: datetime = samples.REQUESTED
    pauses: list[float] = field(default_factory=list)
    then: Callable[[], None] = lambda: None

    def now(self) -> datetime:
        return self.moment

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.moment += timedelta(seconds=seconds)
        self.then()


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


class Command:
    """The command as it is installed, against the test's server, on a screen that is a string."""

    def __init__(self, server: Server) -> None:
        self.server, self.clock = server, Clock()
        self.environment: dict[str, str | None] = {"ISTHMUS_URL": server.url, "ISTHMUS_KEY": None}
        self.browsed: list[str] = []
        self.tokens: list[str] = []
        self.input = b""
        self.screen: tuple[int, int] | None = None

    def __call__(self, *words: str) -> Ran:
        out, err = io.StringIO(), io.StringIO()
        if self.screen:
            width, height = self.screen
            console = Console(file=out, width=width, height=height, force_terminal=True, color_system=None)
        else:
            console = Console(file=out, width=200, highlight=False)
        terminal = Terminal(
            out=console,
            err=Console(file=err, width=200, highlight=False),
            now=self.clock.now,
            pause=self.clock.pause,
            read=lambda: self.input,
            browse=self._browse,
            new_id=lambda: "key-of-this-run",
            token=self._token,
        )
        ran = CliRunner().invoke(app, words, obj=terminal, env=self.environment)
        if ran.exception and not isinstance(ran.exception, SystemExit):
            raise ran.exception
        return Ran(ran.exit_code, out.getvalue() + ran.stdout, err.getvalue() + ran.stderr)

    def _browse(self, url: str) -> bool:
        self.browsed.append(url)
        return True

    def _token(self, resource: str) -> str:
        self.tokens.append(resource)
        return "token-of-the-test"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def isthmus(server: Server) -> Command:
    return Command(server)


@pytest.fixture
def spec(tmp_path: Path) -> str:
    """A file with a good spec."""
    path = tmp_path / "demo.yaml"
    path.write_text("name: demo\n")
    return str(path)
