"""A request from files: the spec, a name in place of its own, the tickets that it does not hold; checked, then sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cli.errors import RefusedError, UsageError
from cli.specfile import STDIN, Document, checked, load, located
from cli.terminal import Terminal

Sent = Callable[[Any], dict[str, Any]]


def ask(
    terminal: Terminal, file: str, name: str | None, tickets: str | None, send: Sent, *, check: bool
) -> dict[str, Any]:
    """The app's answer to a spec; what is wrong with the spec is told with its line. Raises CommandError."""
    if file == STDIN == tickets:
        raise UsageError("the spec and the tickets can't both come from standard input")
    document = _with(load(file, terminal), name, tickets_from(tickets, terminal))
    if check:
        checked(document)
    try:
        return send(document.value)
    except RefusedError as refused:
        if refused.findings:
            refused.detail = located(document, list(refused.findings))
        raise


def _with(document: Document, name: str | None, tickets: dict[str, Any] | None) -> Document:
    value = document.value
    if isinstance(value, dict):
        value = value | ({"name": name} if name else {}) | ({"tickets": tickets} if tickets else {})
    return Document(document.name, value, document.places)


def tickets_from(file: str | None, terminal: Terminal) -> dict[str, Any] | None:
    """Corp name -> ticket, as the app wants them. Raises UsageError; no ticket is ever repeated."""
    if file is None:
        return None
    document = load(file, terminal)
    values = document.value
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise UsageError(f"{document.name} holds no tickets", "Write one line for each corp: its name and its ticket.")
    return {"source": "request", "values": values}
