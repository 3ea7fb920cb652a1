"""The portal's node, run by systemd: enrols once with the ticket in Key Vault, and restores on every later start.

The ticket goes to the node by a file in memory, never by a command line, and is forgotten once it is spent.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from vm import NotYetError, configuration, node_state, patiently, secret

STATE = Path("/var/lib/isthmus")
ENROLLED = STATE / "enrolled"
NODE = STATE / "portal.json"
IN_MEMORY = Path("/dev/shm")
TICKET_SECONDS = 1800
UP_SECONDS = 300


def main() -> None:
    given = configuration()
    NODE.write_text(json.dumps(given["node"]))
    words = ["ockam", "node", "create", str(NODE), "--foreground"]
    if ENROLLED.exists():
        # A node of an earlier start is in the way of a new one; its identity stays.
        subprocess.run(["ockam", "node", "delete", "--all", "--yes"], capture_output=True)
        sys.exit(keep(subprocess.Popen(words)))
    ticket = ticket_file(given)
    try:
        node = subprocess.Popen([*words, "--enrollment-ticket", str(ticket)])
        threading.Thread(target=note_enrolment, args=(node, ticket), daemon=True).start()
        sys.exit(keep(node))
    finally:
        ticket.unlink(missing_ok=True)


def ticket_file(given: dict[str, Any]) -> Path:
    """The ticket in a file that only root may read, in memory where there is such a place."""

    def fetch() -> str:
        return secret(given["vault_url"], given["ticket_secret"], given["identity_client_id"], "ticket")

    try:
        value = patiently(fetch, time.monotonic() + TICKET_SECONDS, say)
    except NotYetError as error:
        say(f"no ticket: {error}")
        sys.exit(1)
    folder = IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else STATE
    handle, name = tempfile.mkstemp(prefix="isthmus-", dir=folder)
    with os.fdopen(handle, "w") as file:
        file.write(value)
    return Path(name)


def note_enrolment(node: subprocess.Popen[bytes], ticket: Path) -> None:
    """Once the node is up its ticket is spent: no later start may need one."""

    def look() -> None:
        if node.poll() is None:
            node_state()

    try:
        patiently(look, time.monotonic() + UP_SECONDS, say)
    except NotYetError as error:
        say(f"the node is not up: {error}")
        return
    if node.poll() is None:
        ENROLLED.touch(mode=0o600)
        ticket.unlink(missing_ok=True)


def say(word: str) -> None:
    """For the journal; no ticket is ever in it."""
    print(f"isthmus: {word}", file=sys.stderr, flush=True)


def keep(node: subprocess.Popen[bytes]) -> int:
    """Waits for the node and passes on what asks this program to end."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: node.terminate())
    return node.wait()


if __name__ == "__main__":
    main()
