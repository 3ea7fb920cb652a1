"""Problem details (RFC 9457): one answer that names everything that is wrong with a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

CONTENT_TYPE = "application/problem+json"
BASE = "urn:isthmus:problem:"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: where (JSON pointer), what, and how to mend it."""

    pointer: str
    detail: str
    mend: str = ""

    def as_json(self) -> dict[str, str]:
        found = {"pointer": self.pointer, "detail": self.detail}
        return found | {"mend": self.mend} if self.mend else found


@dataclass(frozen=True)
class Problem:
    """`kind`: the last part of the problem's type URN."""

    status: int
    kind: str
    title: str
    detail: str
    findings: tuple[Finding, ...] = ()

    def as_json(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "type": BASE + self.kind,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.findings:
            body["errors"] = [finding.as_json() for finding in self.findings]
        return body
