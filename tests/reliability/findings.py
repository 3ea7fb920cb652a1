"""What the app is known to do wrong, found by these runs, with a proposed mend.

Strict: a run that shows a finding is counted apart, and a finding that no run of a whole grid shows any more is to be
taken out of here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.reliability.life import Judgement


@dataclass(frozen=True)
class Finding:
    """runs, symptom: regular expressions for a run's name and for all that is wrong with it."""

    name: str
    runs: str
    symptom: str
    mend: str

    def shown_by(self, judgement: Judgement) -> bool:
        named = re.search(self.runs, judgement.what) is not None
        return named and all(re.search(self.symptom, line) for line in judgement.wrong)


SECRETS = "a secret's delete is counted by writes"
FINDINGS: tuple[Finding, ...] = (
    Finding(
        SECRETS,
        r"secrets/|^death|^every activity|^chaos",
        r"^left over: \{'deleted secrets': \d\}$|DeadlineExceeded, left are [a-z/, -]*reserved_(ticket|key)",
        "activities/keyvault.py, remove_reserved: between delete and purge, and after the purge, the vault answers 404 "
        "alike, and `request.writes == 1` does not tell them apart once a write was lost, done twice or done by an "
        "earlier teardown. Mark the time of the delete in the records (keep_operation before it is sent) and be ready "
        "when both places are empty and the mark is a minute old.",
    ),
    Finding(
        "an operation that failed by Azure's own fault is not tried again",
        r": operation fails once$",
        r"InternalServerError|ended failed|left over",
        "activities/arm.py, _under_way: where a failed operation's code is one of the transient ones "
        "(InternalServerError, RetryableError, ...), forget it and be pending, so that the look that follows writes "
        "once more (MOST_WRITES bounds it); of a DELETE always, until the step's deadline.",
    ),
    Finding(
        "a code that the table does not know comes without a hint",
        r": operation fails always$",
        r"comes without a hint",
        "isthmus/errors.py, classify: a default hint for unknown codes (where to look it up, and the request id), and "
        "rows for AllocationFailed, ZonalAllocationFailed, InternalServerError.",
    ),
    Finding(
        "the VMs' programs ask some doors only once",
        r"GET openai/models: ",
        r"private_answer",
        "infra/vm/probe.py private_answer, client.py certificate and public_refused: `patiently`, as for the others: "
        "one lost packet or one 503 takes a whole environment down.",
    ),
    Finding(
        "why a purge fails is not told",
        r"deletedAccounts: operation fails always$",
        r"not with AllocationFailed",
        "activities/cognitiveservices.py, _purge: keep the operation's URL as arm._remember does.",
    ),
)


def finding_of(judgement: Judgement) -> Finding | None:
    """The finding that explains all that is wrong with a run."""
    if judgement.fine:
        return None
    return next((finding for finding in FINDINGS if finding.shown_by(judgement)), None)
