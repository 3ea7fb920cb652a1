"""What the command takes from its machine: screen, clock, input, browser, credentials. Tests bring their own."""

from __future__ import annotations

import contextlib
import io
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import typer
from rich.console import Console

from cli.errors import UnreachableError, UsageError


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return str(uuid.uuid4())


def _read() -> bytes:
    return sys.stdin.buffer.read()


def _browse(url: str) -> bool:
    """Whether there was a browser to open it."""
    return typer.launch(url) == 0


def entra_token(resource: str) -> str:
    """A token of whoever is signed in here. Raises UsageError, UnreachableError."""
    try:
        from azure.core.exceptions import ClientAuthenticationError
        from azure.identity import AzureCliCredential, ChainedTokenCredential, DefaultAzureCredential
    except ImportError:
        raise UsageError("--entra needs the package azure-identity", "pip install azure-identity") from None
    try:
        with ChainedTokenCredential(AzureCliCredential(), DefaultAzureCredential()) as credential:
            return str(credential.get_token(f"{resource.rstrip('/')}/.default").token)
    except ClientAuthenticationError:
        raise UnreachableError(f"no Entra token for {resource}", "Sign in first: az login") from None


@dataclass
class Terminal:
    """`out` has results, `err` everything else, so that a pipe gets the result alone."""

    out: Console = field(default_factory=lambda: Console(highlight=False))
    err: Console = field(default_factory=lambda: Console(stderr=True, highlight=False))
    now: Callable[[], datetime] = _now
    pause: Callable[[float], None] = time.sleep
    read: Callable[[], bytes] = _read
    browse: Callable[[str], bool] = _browse
    new_id: Callable[[], str] = _new_id
    token: Callable[[str], str] = entra_token


def this_machine() -> Terminal:
    """Whatever the screen can't show is shown as a question mark; it is no reason to break."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            with contextlib.suppress(ValueError):
                stream.reconfigure(errors="replace")
    return Terminal()
