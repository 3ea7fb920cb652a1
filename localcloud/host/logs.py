"""Log lines: coloured where a person looks, JSON where a program does."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

COLOURS = {"DEBUG": "2", "INFO": "36", "WARNING": "33", "ERROR": "31", "CRITICAL": "1;31"}
QUIET = ("azure", "urllib3", "aiohttp.access", "asyncio", "msal")
"""Libraries that tell too much at INFO: request lines with their headers."""

OWN = frozenset((*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"))
"""Attributes of a record that are not the app's fields."""


class JsonLines(logging.Formatter):
    """One object a line; what the app added to it as fields of its own, as Application Insights shows it."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in OWN}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class Coloured(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        colour = COLOURS.get(record.levelname, "0")
        line = f"\x1b[2m{time}\x1b[0m \x1b[{colour}m{record.name}\x1b[0m {record.getMessage()}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def set_up(stream: TextIO = sys.stderr) -> None:
    """Sends every log line of this process to `stream`."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Coloured() if stream.isatty() else JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
