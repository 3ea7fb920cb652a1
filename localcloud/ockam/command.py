"""The command line, as far as Isthmus uses it. Exit codes: 0 done; 1 it could not be done; 2 wrong usage."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from localcloud.ockam import background, configuration, enrolment, places, tickets, wire
from localcloud.ockam.configuration import BadConfiguration
from localcloud.ockam.home import Home, NotEnrolled
from localcloud.ockam.ledger import RELAY
from localcloud.ockam.places import NodeError, Place
from localcloud.ockam.tickets import BadTicket, Ticket

VERSION = "0.157.0"
"""Of the real command that this one stands in for."""
BANNER = "the stand-in of Isthmus's local cloud, not the Ockam command"
SHORTEST_TICKET = 64
"""Hexadecimal digits; anything shorter is the name of a file."""


class UsageError(Exception):
    """What was asked for makes no sense."""


def main(words: Sequence[str]) -> int:
    arguments = _parser().parse_args(words)
    try:
        arguments.run(Home.of(os.environ), arguments)
    except UsageError as error:
        return _fail(error, 2)
    except wire.LOST as error:
        return _fail(f"the project can't be reached: {str(error) or type(error).__name__}", 1)
    except (wire.Refusal, NodeError, BadConfiguration, BadTicket, NotEnrolled) as error:
        return _fail(error, 1)
    return 0


def _fail(why: object, code: int) -> int:
    sys.stderr.write(f"error: {why}\n")
    return code


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _show(found: Any) -> None:
    _say(json.dumps(found, indent=2))


def _ticket(home: Home, arguments: argparse.Namespace) -> None:
    if arguments.output != "plain":
        raise UsageError("`project ticket` has no --output json: it prints one line")
    attributes = tickets.attributes(arguments.attribute)
    if arguments.relay:
        attributes[RELAY] = arguments.relay
    made = asyncio.run(enrolment.new_ticket(home, attributes, arguments.expires_in, arguments.usage_count))
    _say(made.to_hex())


def _members(home: Home, arguments: argparse.Namespace) -> None:
    _show(asyncio.run(enrolment.administer(home, {"do": "members"}))["members"])


def _remove_member(home: Home, arguments: argparse.Namespace) -> None:
    asyncio.run(enrolment.administer(home, {"do": "remove", "identifier": arguments.identifier}))
    _say(f"{arguments.identifier} is a member no longer")


def _create(home: Home, arguments: argparse.Namespace) -> None:
    sys.stderr.write(f"ockam: {BANNER}\n")
    wanted = configuration.load(arguments.configuration)
    given = arguments.enrollment_ticket or os.environ.get("ENROLLMENT_TICKET")
    if given:
        asyncio.run(enrolment.enroll(home, _given_ticket(given)))
    home.membership()
    if arguments.foreground:
        background.foreground(home, wanted, background.write_line)
    else:
        background.background(home, wanted)
        _say(f"node {wanted.name} is up")


def _given_ticket(given: str) -> Ticket:
    """Of a file's path or the hexadecimal line itself."""
    text = given.strip()
    if len(text) >= SHORTEST_TICKET and not text.strip("0123456789abcdefABCDEF"):
        return Ticket.from_hex(text)
    try:
        return Ticket.from_hex(Path(given).read_text())
    except OSError as error:
        raise BadTicket(f"cannot read the enrolment ticket's file: {error.strerror}") from error


def _show_node(home: Home, arguments: argparse.Namespace) -> None:
    _show(_named(home, arguments.name).status())


def _relays(home: Home, arguments: argparse.Namespace) -> None:
    _show(_named(home, arguments.to).status()["relays"])


def _delete(home: Home, arguments: argparse.Namespace) -> None:
    if arguments.all and arguments.name:
        raise UsageError("give a node's name or --all")
    for place in places.places(home) if arguments.all else [_named(home, arguments.name)]:
        place.end()
        _say(f"node {place.name} is deleted")


def _named(home: Home, name: str | None) -> Place:
    """The node of that name; without a name the default one, or the only one. Raises NodeError."""
    found = {place.name: place for place in places.places(home)}
    if name is None:
        name = next(iter(found)) if len(found) == 1 else configuration.DEFAULT_NAME
    if name not in found:
        raise NodeError(f"there is no node named {name}")
    return found[name]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ockam",
        description=f"{BANNER[0].upper()}{BANNER[1:]}.",
        # Keeps --version on one line, for whoever parses it.
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"ockam {VERSION}-stand-in ({BANNER})")
    subjects = parser.add_subparsers(required=True, metavar="SUBJECT")
    _project_words(subjects)
    _node_words(subjects)
    return parser


Subjects = Any
"""argparse has no public name for what add_subparsers gives."""
Run = Callable[[Home, argparse.Namespace], None]


def _verbs(subjects: Subjects, name: str, text: str) -> Subjects:
    return subjects.add_parser(name, help=text, description=text).add_subparsers(required=True, metavar="VERB")


def _verb(verbs: Subjects, name: str, text: str, run: Run) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=f"{text} ({BANNER})")
    made.set_defaults(run=run)
    made.add_argument("--output", choices=("plain", "json"), default="plain", help="both are JSON where data is shown")
    return made


def _project_words(subjects: Subjects) -> None:
    project = _verbs(subjects, "project", "the project that this OCKAM_HOME is enrolled in")
    ticket = _verb(project, "ticket", "issues an enrolment ticket", _ticket)
    ticket.add_argument("--usage-count", type=int, default=1, metavar="N", help="how often it may be used (1)")
    ticket.add_argument("--expires-in", type=tickets.seconds, default=600, metavar="60m", help="its life (10m)")
    ticket.add_argument("--attribute", action="append", default=[], metavar="K[=V]", help="of whoever enrols with it")
    ticket.add_argument("--relay", metavar="NAME", help="the relay that its bearer may register")
    member = _verbs(subjects, "project-member", "the project's members")
    _verb(member, "list", "lists the members", _members)
    remove = _verb(member, "delete", "removes a member and cuts its connections", _remove_member)
    remove.add_argument("identifier")


def _node_words(subjects: Subjects) -> None:
    node = _verbs(subjects, "node", "nodes on this machine")
    create = _verb(node, "create", "enrols, if there is a ticket, and starts a node", _create)
    create.add_argument("configuration", help="a path, or inline YAML or JSON")
    create.add_argument("--enrollment-ticket", metavar="T", help="path or line; also in ENROLLMENT_TICKET")
    create.add_argument("--foreground", "-f", action="store_true", help="stay until SIGTERM")
    show = _verb(node, "show", "shows a node", _show_node)
    show.add_argument("name", nargs="?")
    delete = _verb(node, "delete", "ends a node and forgets it; the enrolment stays", _delete)
    delete.add_argument("name", nargs="?")
    delete.add_argument("--all", action="store_true")
    delete.add_argument("--yes", "-y", action="store_true", help="as the real command has it: nothing is asked here")
    relay = _verb(_verbs(subjects, "relay", "relays of a node"), "list", "lists them", _relays)
    relay.add_argument("--to", metavar="NODE")
