"""Faults on request: rules that make calls go wrong: at once, in the middle, or at the end of what they began."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from localcloud.azure.model import Answer, Json

Effect = Literal["answer", "operation", "late", "slow", "unseen", "dead", "refuse", "reset", "lost", "half", "hang"]
BREAKS = frozenset({"reset", "lost", "half", "hang"})


@dataclass
class Fault:
    """A rule.

    method, path: regular expressions, matched in any case against the method and "host/path"
    skip: so many matching calls pass first; count: so many are hit then (0: all)
    probability: of those, each is hit with this chance; seed: of that chance
    effect: what befalls the call:
        answer     it gets this answer, and nothing is done
        operation  it is taken, and its operation fails with code and message
        late       ... says that it failed, and after `seconds` more that it succeeded
        slow       ... takes `seconds` longer (a role assignment: until it lets anybody in)
        unseen     it is done, and the network (names, routes, filters) knows of it only `seconds` later
        dead       a VM is made and never boots
        refuse     no connection comes about: method CONNECT, and of the path only the host counts
        reset      the connection ends instead of an answer, and nothing is done
        lost       it is done, and the connection ends instead of the answer
        half       it is done, and the connection ends in the middle of the answer
        hang       nothing is done, and no answer ever comes
    status, code, message, inner, headers: the answer; `inner`: Key Vault's innererror code
    """

    method: str = ".*"
    path: str = ".*"
    skip: int = 0
    count: int = 1
    probability: float = 1.0
    seed: int = 0
    effect: Effect = "answer"
    seconds: float = 0.0
    status: int = 500
    code: str = "InternalServerError"
    message: str = "A fault that was asked for."
    inner: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    seen: int = 0
    hit: int = 0

    def __post_init__(self) -> None:
        if self.effect not in get_args(Effect):
            raise ValueError(f"a fault's effect is one of {', '.join(get_args(Effect))}, not {self.effect}")
        self._chance = random.Random(self.seed)  # noqa: S311 - which calls fail is no secret
        self._method = re.compile(self.method, re.IGNORECASE)
        self._path = re.compile(self.path, re.IGNORECASE)

    def hits(self, method: str, path: str) -> bool:
        """Counts the call; True if this rule befalls it."""
        if not self._method.fullmatch(method) or not self._path.search(path):
            return False
        self.seen += 1
        if self.seen <= self.skip or (self.count and self.hit >= self.count):
            return False
        if self.probability < 1.0 and self._chance.random() >= self.probability:
            return False
        self.hit += 1
        return True

    def answer(self) -> Answer:
        error: Json = {"code": self.code, "message": self.message}
        if self.inner:
            error["innererror"] = {"code": self.inner}
        return Answer(self.status, {"error": error}, dict(self.headers))


class BrokenError(Exception):
    """The connection ends before its answer has come whole. `answer`: what was done, where something was."""

    def __init__(self, effect: Effect, answer: Answer | None = None) -> None:
        super().__init__(effect)
        self.effect, self.answer = effect, answer


FIELDS = (
    "method", "path", "skip", "count", "probability", "seed", "effect", "seconds", "status", "code", "message",
    "inner", "headers",
)  # fmt: skip


def parse(rules: list[Json]) -> list[Fault]:
    """Rules from JSON; an unknown word in one is a ValueError that names it."""
    for rule in rules:
        unknown = set(rule) - set(FIELDS)
        if unknown:
            raise ValueError(f"a fault rule has no {', '.join(sorted(unknown))}; it has {', '.join(FIELDS)}")
    return [Fault(**rule) for rule in rules]


def shown(faults: list[Fault]) -> list[dict[str, Any]]:
    return [{name: getattr(fault, name) for name in (*FIELDS, "seen", "hit")} for fault in faults]
