"""Why a command could not do its work.

CommandError
├── UsageError        2  the command line or a file is wrong
├── RefusedError      3  the app, or the check before it is asked, says no
├── TimedOutError     6  not settled in time
└── UnreachableError  9  no app there, not let in, or no sensible answer
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cli.codes import Code
from isthmus.problems import Finding, Problem


class CommandError(Exception):
    """Told to people as text and with --json as a problem document. Holds no secret."""

    code = Code.BUG
    kind = "fault"
    status = 0

    def __init__(self, title: str, detail: str = "", findings: Sequence[Finding] = ()) -> None:
        super().__init__(title)
        self.title, self.detail, self.findings = title, detail, tuple(findings)
        self.correlation_id: str | None = None

    def as_json(self) -> dict[str, Any]:
        """A problem document; `status` is 0 where the app was not asked or did not answer."""
        body = Problem(self.status, self.kind, self.title, self.detail, self.findings).as_json()
        return body | {"exit_code": int(self.code)} | self._correlation()

    def lines(self) -> list[str]:
        """What is said below the title."""
        found = [line for line in self.detail.splitlines() if line]
        return [*found, f"correlation id {self.correlation_id}"] if self.correlation_id else found

    def _correlation(self) -> dict[str, str]:
        return {"correlation_id": self.correlation_id} if self.correlation_id else {}


class UsageError(CommandError):
    code, kind = Code.USAGE, "usage"


class RefusedError(CommandError):
    """`answer`: the app's own problem document, where it was the app that refused."""

    code, kind = Code.REFUSED, "bad-request"

    def __init__(
        self,
        title: str,
        detail: str = "",
        findings: Sequence[Finding] = (),
        answer: Mapping[str, Any] | None = None,
        status: int = 400,
    ) -> None:
        super().__init__(title, detail, findings)
        self.answer, self.status = dict(answer or {}), status

    def as_json(self) -> dict[str, Any]:
        return super().as_json() | self.answer


class TimedOutError(CommandError):
    """`document`: the last status that was seen."""

    code, kind = Code.TIMED_OUT, "timed-out"

    def __init__(self, title: str, detail: str, document: Mapping[str, Any]) -> None:
        super().__init__(title, detail)
        self.document = dict(document)

    def as_json(self) -> dict[str, Any]:
        return self.document or super().as_json()


class UnreachableError(CommandError):
    code, kind = Code.UNREACHABLE, "unreachable"
