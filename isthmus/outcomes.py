"""What an activity says of a step: ready, pending or failed. Plain JSON, since it goes into history."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class Ready(TypedDict):
    state: Literal["ready"]
    outputs: dict[str, Any]
    wrote: bool


class Failed(TypedDict):
    """`code`: Azure's own where there is one. `hint`: how to mend it. `request_id`: for Azure's support."""

    state: Literal["failed"]
    code: str
    message: str
    retryable: bool
    hint: str
    request_id: str | None
    wrote: bool
    evidence: NotRequired[dict[str, Any]]


class Pending(TypedDict):
    """`retry_after`: seconds that the service asked for, or None where it said nothing. `trouble`: the failure that
    it is if it does not pass within `patience` seconds (None: until the step's deadline)."""

    state: Literal["pending"]
    retry_after: float | None
    detail: str
    wrote: bool
    trouble: NotRequired[Failed]
    patience: NotRequired[float | None]


Outcome = Ready | Pending | Failed

STOPPED = "Stopped"
"""The code of a step that did nothing because its environment is being stopped."""


def ready(outputs: dict[str, Any] | None = None, *, wrote: bool = False) -> Ready:
    return {"state": "ready", "outputs": outputs or {}, "wrote": wrote}


def pending(
    detail: str,
    retry_after: float | None = None,
    *,
    wrote: bool = False,
    trouble: Failed | None = None,
    patience: float | None = None,
) -> Pending:
    made: Pending = {"state": "pending", "retry_after": retry_after, "detail": detail, "wrote": wrote}
    return made if trouble is None else made | {"trouble": trouble, "patience": patience}


def failed(
    code: str,
    message: str,
    *,
    hint: str = "",
    retryable: bool = False,
    request_id: str | None = None,
    wrote: bool = False,
) -> Failed:
    return {
        "state": "failed",
        "code": code,
        "message": message,
        "retryable": retryable,
        "hint": hint,
        "request_id": request_id,
        "wrote": wrote,
    }


def failure_in(outcome: Outcome) -> Failed | None:
    """The failure that an outcome is, or will be if it does not pass."""
    if outcome["state"] == "failed":
        return outcome
    return outcome.get("trouble") if outcome["state"] == "pending" else None


def told(outcome: Pending | Failed) -> str:
    """In words, why it is not ready."""
    return outcome["detail"] if outcome["state"] == "pending" else f"{outcome['code']}: {outcome['message']}"


def stopped() -> Failed:
    return failed(STOPPED, "The environment is being stopped; this step was not begun.")
