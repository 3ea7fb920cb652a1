"""What is in the line that `ockam project ticket` prints: where to enrol, whom to trust there, and a code."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class BadTicket(ValueError):
    """The text is no ticket of this stand-in."""


@dataclass(frozen=True)
class Ticket:
    """`authority`: the project's certificate (PEM). `code`: the secret that is spent."""

    project: str
    host: str
    port: int
    authority: str
    code: str

    def to_hex(self) -> str:
        return json.dumps(asdict(self)).encode().hex()

    @classmethod
    def from_hex(cls, text: str) -> Ticket:
        """Raises BadTicket, whose message doesn't repeat the text."""
        try:
            return cls(**json.loads(bytes.fromhex(text.strip())))
        except (ValueError, TypeError) as error:
            raise BadTicket("the enrolment ticket is not one of this stand-in's") from error


def seconds(duration: str) -> int:
    """Of "90s", "60m", "1h", "2d" or plain seconds. Raises ValueError."""
    found = re.fullmatch(r"(\d+)\s*([smhd]?)", duration.strip())
    if not found:
        raise ValueError(f"{duration!r} is no duration: write 90s, 60m, 1h or 2d")
    return int(found[1]) * UNITS[found[2] or "s"]


def attributes(pairs: list[str]) -> dict[str, str]:
    """Of ["key=value", "key"]; a bare key has the value "true"."""
    split = (pair.partition("=") for pair in pairs)
    return {key: value if equals else "true" for key, equals, value in split}
