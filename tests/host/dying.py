"""A host that is killed at its n-th transaction, or at its app's n-th request to Azure: `dying.py WHEN N APP --port 0
--db FILE`. A kill is SIGKILL of itself, which nothing in the process can see coming.

WHEN: before or after the commit of a transaction; asked: before a request is sent; answered: when its answer is here
and nothing of it is recorded yet.

Counted are the transactions that change something; how often it looks for work in vain is up to the clock. One that
ends by itself tells their number in the last line of its log.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from localcloud.host import __main__ as command
from localcloud.host.store import Store

AZURE = ("management.azure.com", ".vault.azure.net")
when, turn = sys.argv[1], int(sys.argv[2])
del sys.argv[1:3]
transaction, send = Store._transaction, HTTPAdapter.send
seen = asked = 0
counting = threading.Lock()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def mortal(store: Store) -> Iterator[sqlite3.Connection]:
    global seen
    with transaction(store) as database:
        before = database.total_changes
        yield database
        changed = database.total_changes > before
        seen += changed
        mine = changed and seen == turn
        if mine and when == "before":
            die()
    if mine and when == "after":
        die()


def sent(adapter: HTTPAdapter, request: requests.PreparedRequest, *rest: Any, **more: Any) -> requests.Response:
    global asked
    azures = str(urlsplit(str(request.url)).hostname).endswith(AZURE)
    with counting:
        asked += azures
        mine = azures and asked == turn
    if mine and when == "asked":
        die()
    answer = send(adapter, request, *rest, **more)
    if mine and when == "answered":
        die()
    return answer


Store._transaction = mortal  # type: ignore[method-assign, assignment]
HTTPAdapter.send = sent  # type: ignore[method-assign, assignment]
command.main()
print(seen, file=sys.stderr)  # noqa: T201
