"""What each error means for a step, in one table; and the tree of our own exceptions.

    IsthmusError
    ├── ConfigurationError      the app's settings are incomplete or wrong
    ├── RecordConflictError     somebody else changed a record at the same time
    └── TransitionError         a phase was asked for that may not follow the present one

What Azure answers is data, not an exception: `classify` turns status and code into an outcome. The table itself,
AZURE and OWN, stands in `isthmus/codes.py`; `docs/errors.md` is made from it.
"""

from __future__ import annotations

import re

from isthmus.codes import AZURE, OWN, UNKNOWN, UNKNOWN_TRANSIENT, Rule
from isthmus.outcomes import Failed, Pending, failed, pending


class IsthmusError(Exception):
    """Base of all exceptions that this project raises on purpose."""


class ConfigurationError(IsthmusError):
    """The app's settings are incomplete or wrong; the message names each."""


class RecordConflictError(IsthmusError):
    """Somebody else changed the record at the same time; read it again."""


class TransitionError(IsthmusError):
    """A phase was asked for that may not follow the present one."""


TRANSIENT_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
LONGEST_DETAIL, LONGEST_MESSAGE = 500, 1000
"""Letters. ARM's ids are long, and what blocks a deletion is named by its id at the end of a message."""
RULES: dict[str, Rule] = {rule.code.lower(): rule for rule in AZURE}
USED_UP = re.compile(r"quota|approved \w+ cores", re.IGNORECASE)


def rule_of(status: int, code: str, message: str = "") -> Rule:
    """The row of an error. `status`: HTTP, or 0 where no answer came."""
    known = RULES.get(code.lower())
    if known is not None and code.lower() == "operationnotallowed" and USED_UP.search(message):
        # Azure says so of what has to settle first, and also of a quota that is used up.
        return RULES["quotaexceeded"]
    return known or (UNKNOWN_TRANSIENT if status in TRANSIENT_STATUS or status == 0 else UNKNOWN)


def classify(
    status: int,
    code: str,
    message: str,
    *,
    retry_after: float | None = None,
    request_id: str | None = None,
    wrote: bool = False,
) -> Pending | Failed:
    """The outcome of an error answer. `status`: HTTP, or 0 where none came back; `retry_after`: seconds."""
    rule = rule_of(status, code, message)
    waits = rule.does != "fail"
    name = code or f"Http{status}"
    error = failed(
        name, _short(message, LONGEST_MESSAGE), hint=rule.mend, retryable=waits, request_id=request_id, wrote=wrote
    )
    if not waits:
        return error
    pause = rule.pause if retry_after is None else retry_after
    return pending(
        _short(f"{name}: {message}", LONGEST_DETAIL), pause, wrote=wrote, trouble=error, patience=rule.patience
    )


def own_failure(code: str, message: str = "", *, retryable: bool = False) -> Failed:
    """A failure that Isthmus gives itself, with what its table says of it."""
    row = next(row for row in OWN if row.code == code)
    return failed(code, message or row.meaning, hint=row.mend, retryable=retryable)


def _short(text: str, longest: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 3] + "..."
