"""What each Azure error means for a step, in one table; and the tree of our own exceptions.

    IsthmusError
    ├── ConfigurationError      the app's settings are incomplete or wrong
    ├── RecordConflictError        somebody else changed a record at the same time
    └── TransitionError         a phase was asked for that may not follow the present one

What Azure answers is data, not an exception: `classify` turns status and code into an outcome.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from isthmus.outcomes import Failed, Pending, failed, pending


class IsthmusError(Exception):
    """Base of all exceptions that this project raises on purpose."""


class ConfigurationError(IsthmusError):
    """The app's settings are incomplete or wrong; the message names each."""


class RecordConflictError(IsthmusError):
    """Somebody else changed the record at the same time; read it again."""


class TransitionError(IsthmusError):
    """A phase was asked for that may not follow the present one."""


@dataclass(frozen=True)
class Rule:
    """`wait`: seconds until the next look, or None where waiting can't help. `hint`: how to mend it."""

    wait: float | None
    hint: str = ""


WAIT = Rule(10)
SETTLING = Rule(15)

RULES: dict[str, Rule] = {
    # What settles by itself.
    "retryableerror": WAIT,
    "referencedresourcenotprovisioned": WAIT,
    "anotheroperationinprogress": WAIT,
    "requestconflict": SETTLING,
    "conflict": SETTLING,
    "accountprovisioningstateinvalid": WAIT,
    "principalnotfound": WAIT,
    "resourcegroupnotfound": Rule(5),
    "resourcegroupbeingdeleted": SETTLING,
    "inusesubnetcannotbedeleted": SETTLING,
    "nicinuse": WAIT,
    "nicreservedforanothervm": Rule(60),
    "cannotdeleteresource": SETTLING,
    "operationnotallowed": SETTLING,
    "forbiddenbyrbac": WAIT,
    "objectisbeingdeleted": WAIT,
    "objectisbeingrecovered": WAIT,
    "toomanyrequests": Rule(20),
    "subscriptionrequeststhrottled": Rule(30),
    # What no waiting mends.
    "authorizationfailed": Rule(
        None, "Give the app's identity the permission that the message names; infra/ has the role definition."
    ),
    "linkedauthorizationfailed": Rule(
        None, "Give the app's identity the permission on the linked resource that the message names."
    ),
    "requestdisallowedbypolicy": Rule(
        None,
        "A policy of the landing zone forbids it: ask for an exemption, or bring your own network parts.",
    ),
    "insufficientquota": Rule(
        None, "Ask for more quota in this region, free some, or choose another region, SKU or capacity."
    ),
    "quotaexceeded": Rule(None, "Ask for more quota in this region, free some, or choose another region."),
    "publicipcountlimitreached": Rule(None, "Ask for more public IP addresses in this region."),
    "skunotavailable": Rule(None, "Choose another vm_size or region."),
    "servicemodeldeprecated": Rule(None, "Choose a model that is still offered: leave `model` out to have one chosen."),
    "servicemodeldeprecating": Rule(
        None, "Choose a model that is still offered: leave `model` out to have one chosen."
    ),
    "deploymentmodelnotsupported": Rule(None, "Choose a model, version and SKU that this region offers."),
    "customdomaininuse": Rule(None, "The subdomain belongs to somebody else: choose another environment name."),
    "propertychangenotallowed": Rule(
        None,
        "It exists with another value that can't be changed in place: delete the environment and ask again.",
    ),
    "platformimagenotfound": Rule(None, "Choose another image."),
    "vmmarketplaceinvalidinput": Rule(None, "Choose an image that needs no marketplace plan."),
    "resourcepurchasevalidationfailed": Rule(None, "Choose an image that needs no marketplace plan."),
    "missingsubscriptionregistration": Rule(
        None, "Register the resource provider that the message names in this subscription."
    ),
    "resourcegroupdeletionblocked": SETTLING,
    "scopelocked": Rule(None, "Remove the lock that the message names, then ask again."),
    "invalidrequestcontent": Rule(None, "This is a fault of Isthmus: please report it with the request id."),
}

TRANSIENT_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})


def classify(
    status: int,
    code: str,
    message: str,
    *,
    retry_after: float | None = None,
    request_id: str | None = None,
    wrote: bool = False,
) -> Pending | Failed:
    """The outcome of an error answer. `status`: HTTP, or 0 where none came back; `retry_after`: seconds."""
    rule = RULES.get(_told_apart(code.lower(), message))
    if rule is None:
        rule = WAIT if status in TRANSIENT_STATUS or status == 0 else Rule(None)
    if rule.wait is not None:
        detail = f"{code}: {message}" if code else message
        return pending(_short(detail), rule.wait if retry_after is None else retry_after, wrote=wrote)
    return failed(code or f"Http{status}", _short(message), hint=rule.hint, request_id=request_id, wrote=wrote)


def _told_apart(code: str, message: str) -> str:
    """Azure says OperationNotAllowed of what has to settle first, and also of a quota that is used up."""
    used_up = code == "operationnotallowed" and re.search(r"quota|approved \w+ cores", message, re.IGNORECASE)
    return "quotaexceeded" if used_up else code


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 500 else line[:497] + "..."
