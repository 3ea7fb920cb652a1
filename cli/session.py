"""What every command has in common: where the app is, who calls, and how an end is told."""

from __future__ import annotations

import inspect
import json
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Concatenate, ParamSpec

import typer
from rich.text import Text

from cli.client import App
from cli.codes import Code
from cli.errors import CommandError
from cli.options import LOCAL, Entra, Json, Key, Url
from cli.outcomes import Settled
from cli.report import result
from cli.sending import Connection, Sender
from cli.shows import shows
from cli.terminal import Terminal, this_machine
from cli.watching import Watch

P = ParamSpec("P")


@dataclass
class Session:
    """One run of one command. `waiting`: the environment that goes on if the command is interrupted."""

    app: App
    terminal: Terminal
    as_json: bool
    waiting: str | None = None

    def say(self, text: str, style: str = "") -> None:
        """To people: on the screen, beside the JSON where there is any."""
        console = self.terminal.err if self.as_json else self.terminal.out
        console.print(Text(text, style), soft_wrap=True)

    def give(self, document: Mapping[str, Any]) -> None:
        """The result, for a pipe."""
        give(self.terminal, document)

    def follow(
        self,
        life: tuple[str, str | None],
        settled: Settled,
        minutes: float,
        before: Mapping[str, Any] | None = None,
        *,
        lines: bool = False,
    ) -> Code:
        """Waits until it has settled, shows it, and tells how it ended."""
        self.waiting = life[0]
        with shows(self.terminal, self.as_json, lines) as eyes:
            watch = Watch(self.app, self.terminal, life, eyes, timedelta(minutes=minutes), before)
            outcome = watch.until(settled)
        self.waiting = None
        if self.as_json:
            self.give(watch.status)
        elif watch.status["phase"] != "gone" or outcome.code is not Code.OK:
            result(watch.status, self.terminal.out)
        self.say(outcome.sentence, "bold green" if outcome.code is Code.OK else "bold yellow")
        return outcome.code


def give(terminal: Terminal, document: Mapping[str, Any]) -> None:
    terminal.out.file.write(json.dumps(document, indent=1) + "\n")


def connected(command: Callable[Concatenate[Session, P], Code]) -> Callable[..., None]:
    """A command of the app: gives it a session, adds --url, --key, --entra and --json, and ends with its code."""

    def run(ctx: typer.Context, *, url: str, key: str | None, entra: str | None, as_json: bool, **own: Any) -> None:
        terminal = ctx.obj if isinstance(ctx.obj, Terminal) else this_machine()
        raise typer.Exit(_run(terminal, Connection(url, key, entra), as_json, lambda session: command(session, **own)))  # type: ignore[call-arg]

    keyword = inspect.Parameter.KEYWORD_ONLY
    shared: list[tuple[str, Any, Any]] = [
        ("as_json", False, Json),
        ("url", LOCAL, Url),
        ("key", None, Key),
        ("entra", None, Entra),
    ]
    # Typer reads a command's options from its signature.
    own = [one.replace(kind=keyword) for one in inspect.signature(command, eval_str=True).parameters.values()]
    added = [inspect.Parameter(name, keyword, default=default, annotation=kind) for name, default, kind in shared]
    context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    run.__signature__ = inspect.Signature([context, *own[1:], *added])  # type: ignore[attr-defined]
    run.__annotations__, run.__name__, run.__doc__ = {}, command.__name__, command.__doc__
    return run


def _run(terminal: Terminal, connection: Connection, as_json: bool, work: Callable[[Session], Code]) -> int:
    session: Session | None = None
    try:
        with Sender(connection, terminal) as sender:
            session = Session(App(sender), terminal, as_json)
            return work(session)
    except CommandError as error:
        return _told(error, terminal, as_json)
    except KeyboardInterrupt:
        _interrupted(session, terminal)
        return Code.INTERRUPTED
    except BrokenPipeError:  # whoever reads has seen enough, as in `isthmus list | head`
        raise
    except Exception as bug:
        _broken(bug, terminal)
        return Code.BUG


def _told(error: CommandError, terminal: Terminal, as_json: bool) -> Code:
    if as_json:
        give(terminal, error.as_json())
    terminal.err.print(Text(error.title, "bold red"), soft_wrap=True)
    for line in error.lines():
        terminal.err.print(Text(line), soft_wrap=True)
    return error.code


def _interrupted(session: Session | None, terminal: Terminal) -> None:
    name = session.waiting if session else None
    words = f"; {name} goes on. Look: isthmus status {name} --wait; give it up: isthmus cancel {name}" if name else ""
    terminal.err.print(Text(f"\ninterrupted{words}", "yellow"), soft_wrap=True)


def _broken(bug: Exception, terminal: Terminal) -> None:
    """Where it broke, and never the words of the exception: they might repeat a key or a ticket."""
    place = traceback.extract_tb(bug.__traceback__)[-1]
    terminal.err.print(
        Text(f"a fault in the command itself: {type(bug).__name__} in {place.name}, line {place.lineno}")
    )
