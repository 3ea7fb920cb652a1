"""The command line: every command and its options."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli import options as o
from cli.codes import Code, table
from cli.errors import RefusedError
from cli.events import changes, width_of
from cli.outcomes import of_building, of_removal
from cli.report import report
from cli.request import ask, tickets_from
from cli.session import Session, connected, give
from cli.tables import show_findings, show_list, show_plan
from cli.terminal import Terminal, this_machine
from isthmus.spec import Spec

app = typer.Typer(
    name="isthmus",
    help="Environments that let one company's private Azure OpenAI model be used from another's private network.",
    epilog=table(),
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a traceback's locals may hold a key or a ticket
)
SCHEMA = "https://json-schema.org/draft/2020-12/schema"
HOUR = 60.0


@app.command()
@connected
def plan(
    session: Session,
    file: o.Spec,
    name: o.SpecName = None,
    tickets: o.Tickets = None,
    no_check: o.NoCheck = False,
    steps: Annotated[bool, typer.Option("--steps", help="Every step in order, with its resource id.")] = False,
) -> Code:
    """Shows what would be built, how long it takes, and everything in the way. Writes nothing."""
    document = ask(session.terminal, file, name, tickets, session.app.plan, check=not no_check)
    if session.as_json:
        session.give(document)
        show_findings(document, session.terminal.err)
    else:
        show_plan(document, session.terminal.out, every_step=steps)
    return Code.OK if document["ok"] else Code.REFUSED


@app.command()
@connected
def up(
    session: Session,
    file: o.Spec,
    name: o.SpecName = None,
    tickets: o.Tickets = None,
    no_check: o.NoCheck = False,
    wait: o.Wait = False,
    timeout: o.Timeout = HOUR,
) -> Code:
    """Brings an environment up. The same spec again is the same environment."""
    key = session.terminal.new_id()
    accepted = ask(
        session.terminal, file, name, tickets, lambda spec: session.app.create(spec, key), check=not no_check
    )
    session.say(f"{accepted['name']} is accepted, generation {accepted['generation']}")
    session.say(f"page: {session.app.page(accepted['name'])}", "dim")
    if wait:
        return session.follow((accepted["name"], accepted["generation"]), of_building, timeout)
    if session.as_json:
        session.give(accepted)
    else:
        session.say(f"look: isthmus status {accepted['name']} --wait", "dim")
    return Code.OK


@app.command()
@connected
def status(
    session: Session, name: o.Name, generation: o.Generation = None, wait: o.Wait = False, timeout: o.Timeout = HOUR
) -> Code:
    """Shows how an environment stands; with --wait, how it goes on, and the exit code is that of `up --wait`."""
    if wait:
        life = (name, generation or session.app.status(name).body["generation"])
        return session.follow(life, of_building, timeout)
    document = session.app.status(name, generation).body
    if session.as_json:
        session.give(document)
    else:
        report(document, session.terminal.now(), session.terminal.out)
    return Code.OK


@app.command(name="list")
@connected
def list_(
    session: Session,
    phase: Annotated[str | None, typer.Option("--phase", help="Only those in this phase.")] = None,
    prefix: Annotated[str | None, typer.Option("--prefix", help="Only names that begin so.")] = None,
    top: Annotated[int, typer.Option("--top", min=1, help="No more than so many.")] = 1000,
) -> Code:
    """Lists environments."""
    found = session.app.environments(phase, prefix, top)
    if session.as_json:
        session.give({"environments": found})
    else:
        show_list(found, session.terminal.now(), session.terminal.out)
    return Code.OK


@app.command()
@connected
def logs(
    session: Session,
    name: o.Name,
    generation: o.Generation = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until it has settled.")] = False,
    timeout: o.Timeout = HOUR,
) -> Code:
    """Tells what happened to an environment, a line for each change, in the order of its times."""
    document = session.app.status(name, generation).body
    if follow:
        return session.follow((name, document["generation"]), of_building, timeout, lines=True)
    events = changes(None, document)
    if session.as_json:
        session.give({"events": [{"at": one.at, "who": one.who, "what": one.what} for one in events]})
    else:
        for one in events:
            session.say(one.line(width_of(document)), one.style)
    return Code.OK


@app.command()
@connected
def cancel(session: Session, name: o.Name, wait: o.Wait = False, timeout: o.Timeout = HOUR) -> Code:
    """Stops what is being built and takes it down."""
    return _remove(session, name, session.app.cancel, "is cancelled; what was built is removed", wait, timeout)


@app.command()
@connected
def down(
    session: Session,
    name: o.Name,
    wait: o.Wait = False,
    timeout: o.Timeout = HOUR,
    if_exists: Annotated[bool, typer.Option("--if-exists", help="That there is none is no error.")] = False,
) -> Code:
    """Takes an environment down to nothing."""
    try:
        return _remove(session, name, session.app.delete, "is being taken down", wait, timeout)
    except RefusedError as refused:
        if not if_exists or refused.status != 404:
            raise
    session.say(f"there is no environment named {name}")
    if session.as_json:
        session.give({"name": name, "phase": "gone"})
    return Code.OK


def _remove(session: Session, name: str, asked: Any, sentence: str, wait: bool, timeout: float) -> Code:
    before = session.app.status(name).body if wait else None
    answer = asked(name)
    session.say(f"{name} {sentence}")
    if before:
        return session.follow((name, before["generation"]), of_removal, timeout, before)
    if session.as_json:
        session.give(answer)
    return Code.OK


@app.command()
@connected
def retry(
    session: Session, name: o.Name, tickets: o.Tickets = None, wait: o.Wait = False, timeout: o.Timeout = HOUR
) -> Code:
    """Goes on where an environment failed that was kept (on_failure: keep)."""
    brought = tickets_from(tickets, session.terminal)
    before = session.app.status(name).body if wait else None
    answer = session.app.retry(name, brought)
    session.say(f"{name} is tried again")
    if before:
        return session.follow((name, before["generation"]), of_building, timeout, before)
    if session.as_json:
        session.give(answer)
    return Code.OK


@app.command()
@connected
def renew(
    session: Session,
    name: o.Name,
    minutes: Annotated[
        int | None, typer.Option("--minutes", min=5, help="From now on. Default: what its spec says.")
    ] = None,
) -> Code:
    """Lets an environment live longer."""
    answer = session.app.renew(name, minutes)
    session.say(f"{name} may live until {answer['expires_at']}")
    if session.as_json:
        session.give(answer)
    return Code.OK


@app.command(name="open")
@connected
def open_(
    session: Session,
    name: Annotated[str | None, typer.Argument(help="Name of the environment; without it, the list of all.")] = None,
    with_key: Annotated[
        bool,
        typer.Option(
            "--with-key", help="Put the key into the link that the browser gets; it will stand in its history."
        ),
    ] = False,
) -> Code:
    """Opens the status page in a browser. What is printed never has the key."""
    url = session.app.page(name)
    if session.as_json:
        session.give({"page_url": url})
        return Code.OK
    session.say(url)
    session.terminal.browse(session.app.page(name, with_key=True) if with_key else url)
    return Code.OK


@app.command()
def schema(ctx: typer.Context) -> None:
    """Prints the JSON Schema of the spec, for editors: # yaml-language-server: $schema=FILE"""
    terminal = ctx.obj if isinstance(ctx.obj, Terminal) else this_machine()
    give(terminal, {"$schema": SCHEMA} | Spec.model_json_schema() | {"title": "Isthmus environment"})
