"""ARM's way of refusing: status, code, message, details; and the refusals that several services share.

Refusal
├── NotFound              404
├── Forbidden             403
├── Unauthenticated       401
└── ...                   everything else is a Refusal with its status and code
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class Refusal(Exception):
    """An answer that is an error. `status`: HTTP; `code`: the service's own word; `inner`: Key Vault's innererror
    code; `headers`: more headers of the answer."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: Sequence[tuple[str, str]] = (),
        inner: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message
        self.details, self.inner, self.headers = details, inner, dict(headers or {})

    def error(self) -> dict[str, Any]:
        """The error object that stands under "error", in answers and at operation URLs."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.details:
            error["details"] = [{"code": code, "message": message} for code, message in self.details]
        if self.inner:
            error["innererror"] = {"code": self.inner}
        return error


class NotFound(Refusal):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(404, code, message)


def resource_not_found(resource_type: str, names: str, group: str | None) -> NotFound:
    return NotFound(
        "ResourceNotFound",
        f"The Resource '{resource_type}/{names}' under resource group '{group}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    )


def group_not_found(group: str) -> NotFound:
    return NotFound("ResourceGroupNotFound", f"Resource group '{group}' could not be found.")


def invalid_content(problem: str) -> Refusal:
    return Refusal(
        400, "InvalidRequestContent", f"The request content was invalid and could not be deserialized: '{problem}'"
    )


def not_ready(referrer: str, reference: str) -> Refusal:
    """A dependency that is still being made: ARM asks to try again."""
    return Refusal(
        429,
        "RetryableError",
        "A retryable error occurred.",
        details=[
            (
                "ReferencedResourceNotProvisioned",
                f"Cannot proceed with operation because resource {reference} used by resource {referrer} is not in "
                "Succeeded state. Resource is in Updating state and the last operation that updated/is updating the "
                "resource is PutOperation.",
            )
        ],
    )


def precondition_failed(identifier: str) -> Refusal:
    return Refusal(
        412, "PreconditionFailed", f"Precondition failed: the ETag given does not match that of {identifier}."
    )
