"""Faults on request: rules that make the n-th matching call fail, at once or at the end of its operation."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from localcloud.azure.model import Answer, Json


@dataclass
class Fault:
    """A rule.

    method, path: regular expressions, matched in any case against the method and "host/path"
    skip: so many matching calls pass first; count: so many fail then (0: all)
    status, code, message, headers: the answer. `operation`: the call is taken, and its operation fails with code
    and message.
    """

    method: str = ".*"
    path: str = ".*"
    skip: int = 0
    count: int = 1
    status: int = 500
    code: str = "InternalServerError"
    message: str = "A fault that was asked for."
    headers: dict[str, str] = field(default_factory=dict)
    operation: bool = False
    seen: int = 0

    def hits(self, method: str, path: str) -> bool:
        """Counts the call; True if this rule makes it fail."""
        if not re.fullmatch(self.method, method, re.IGNORECASE) or not re.search(self.path, path, re.IGNORECASE):
            return False
        self.seen += 1
        return self.seen > self.skip and (not self.count or self.seen <= self.skip + self.count)

    def answer(self) -> Answer:
        return Answer(self.status, {"error": {"code": self.code, "message": self.message}}, dict(self.headers))


FIELDS = ("method", "path", "skip", "count", "status", "code", "message", "headers", "operation")


def parse(rules: list[Json]) -> list[Fault]:
    """Rules from JSON; an unknown word in one is a ValueError that names it."""
    for rule in rules:
        unknown = set(rule) - set(FIELDS)
        if unknown:
            raise ValueError(f"a fault rule has no {', '.join(sorted(unknown))}; it has {', '.join(FIELDS)}")
    return [Fault(**rule) for rule in rules]


def shown(faults: list[Fault]) -> list[dict[str, Any]]:
    return [{name: getattr(fault, name) for name in (*FIELDS, "seen")} for fault in faults]
