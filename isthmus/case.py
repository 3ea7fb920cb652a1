"""The case that preflight judges, and the findings that it comes to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from isthmus import names
from isthmus.documents import ChosenModel, PlanFinding
from isthmus.graph import BY_NAME
from isthmus.spec import Corp, Spec

Findings = Iterator[PlanFinding]
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Case:
    """What is asked for. `made`: ids of the steps that are there already; `model`: as chosen, None if none is."""

    spec: Spec
    generation: str
    subscription: str
    now: datetime
    model: ChosenModel | None = None
    made: frozenset[str] = frozenset()

    def missing(self, kind: str, corp: Corp | None = None) -> int:
        """How many of a kind of step are still to be made, in that corp or in all."""
        corps = self.spec.corps if corp is None else [corp]
        wanted = [each.name for each in corps if BY_NAME[kind].built(each.role, each.existing)]
        return sum(1 for name in wanted if f"{name}/{kind}" not in self.made)

    @property
    def account(self) -> str:
        return names.account(self.subscription, self.spec.name, self.generation)


def error(check: str, detail: str, mend: str) -> PlanFinding:
    return {"severity": "error", "check": check, "detail": detail, "mend": mend}


def warning(check: str, detail: str, mend: str) -> PlanFinding:
    return {"severity": "warning", "check": check, "detail": detail, "mend": mend}
