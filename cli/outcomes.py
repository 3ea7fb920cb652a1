"""A status document -> how it ended, and the exit code. None while it has not.

With `on_failure: rollback` a failure is not the end: the phase is `failed` for a moment, and then it is taken down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cli.codes import Code

Status = Mapping[str, Any]
PROOFS = {"passed": Code.OK, "incomplete": Code.INCOMPLETE}


@dataclass(frozen=True)
class Outcome:
    code: Code
    sentence: str


Settled = Callable[[Status], Outcome | None]


def of_building(status: Status) -> Outcome | None:
    """How `up` and `retry` ended."""
    phase, name = status["phase"], status["name"]
    if phase == "ready":
        result = (status.get("proof") or {}).get("result", "missing")
        return Outcome(PROOFS.get(result, Code.FAILED), f"{name} is ready; proof: {result}")
    if phase == "failed":
        return _of_failure(status)
    if phase == "gone":
        return _of_end(status)
    return None


def of_removal(status: Status) -> Outcome | None:
    """How `down` and `cancel` ended."""
    if status["phase"] == "gone":
        return Outcome(Code.OK, f"{status['name']} is gone; {kept(status) or 'nothing is left'}")
    if status["phase"] == "failed" and status.get("teardown"):
        return _of_failure(status)
    return None


def kept(status: Status) -> str | None:
    """What a vault in which nobody may purge still has, and until when."""
    dates = [step["stays_until"] for corp in status["corps"] for step in corp["steps"] if step.get("stays_until")]
    if not dates:
        return None
    return f"{len(dates)} deleted secrets stay recoverable until {max(dates)}, since the vault has purge protection"


def _of_failure(status: Status) -> Outcome | None:
    teardown = status.get("teardown")
    if teardown:
        left, code = len(teardown.get("left") or ()), (teardown.get("error") or {}).get("code")
        why = f" ({code})" if code else ""
        return Outcome(Code.FAILED, f"{status['name']} could not be taken down{why}: {left} steps are left")
    if (status.get("actions") or {}).get("retry"):
        return Outcome(Code.FAILED, f"{status['name']} failed and is kept as it is")
    return None


def _of_end(status: Status) -> Outcome:
    stop = status.get("stop") or {"why": "failure" if status.get("error") else "delete"}
    if stop["why"] == "failure":
        return Outcome(Code.CLEANED_UP, f"{status['name']} failed; everything that was built has been removed")
    why = {"lease": "its lease ended", "cancel": "it was cancelled", "delete": "it was deleted"}
    return Outcome(Code.CANCELLED, f"{status['name']} is gone: {why.get(stop['why'], stop['why'])}")
