"""A host that is killed at its n-th transaction: `dying.py WHEN N APP --port 0 --db FILE`; WHEN: before or after the
commit. A kill is SIGKILL of itself, which nothing in the process can see coming.

Counted are the transactions that change something; how often it looks for work in vain is up to the clock. One that
ends by itself tells their number in the last line of its log.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from localcloud.host import __main__ as command
from localcloud.host.store import Store

when, turn = sys.argv[1], int(sys.argv[2])
del sys.argv[1:3]
transaction, seen = Store._transaction, 0


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
            os.kill(os.getpid(), signal.SIGKILL)
    if mine:
        os.kill(os.getpid(), signal.SIGKILL)


Store._transaction = mortal  # type: ignore[method-assign, assignment]
command.main()
print(seen, file=sys.stderr)  # noqa: T201
