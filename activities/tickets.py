"""Ockam enrolment tickets: issued as late as possible, kept in Key Vault; members removed at the end.

The app is an enrolled administrator of an Ockam project (ockam.py). A ticket goes from the command's output to the
vault; what goes on is the secret's name. Tickets that came with a request are in the vault already.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.core.exceptions import AzureError

from activities import keyvault
from activities.cloud import outcome_of
from activities.ockam import OckamError, administrator
from activities.steps import Request
from isthmus.errors import own_failure
from isthmus.outcomes import Failed, Outcome, pending, ready, stopped
from isthmus.secretref import Secret

TICKET_LIFE = timedelta(minutes=60)


def ensure_ticket(request: Request) -> Outcome:
    """One unspent ticket stands in the vault."""
    wanted = request.wanted()
    try:
        place = keyvault.latest(request.cloud, wanted["secret"])
        if place is None:
            return keyvault.not_reserved(wanted["secret"])
        if keyvault.is_value(place, "ticket"):
            return ready({"secret": wanted["secret"]})
        if wanted["source"] == "request":
            return own_failure(
                "TicketMissing",
                f"The vault has no ticket in {wanted['secret']}, and tickets brought by a request can't be reissued.",
            )
        if request.stopping():
            return stopped()
        expires = datetime.now(UTC) + TICKET_LIFE
        ticket = _issue(wanted["attribute"], wanted["relay"])
        keyvault.put(request.cloud, wanted["secret"], ticket, "ticket", wanted["tags"], expires)
        return ready({"secret": wanted["secret"]}, wrote=True)
    except OckamError as error:
        return _refused(error)
    except AzureError as error:
        return outcome_of(error)


def remove_ticket(request: Request) -> Outcome:
    """Whoever enrolled with this ticket is a member no longer. (The secret goes with its reserved place.)"""
    wanted = request.step["wanted"]
    if wanted["source"] == "request":
        return ready({"members": "not ours to remove: the tickets came with the request"})
    try:
        found = members(wanted["attribute"])
        for identifier in found:
            _revoke(identifier, wanted["attribute"])
        return pending("members removed", 0.0, wrote=True) if found else ready()
    except OckamError as error:
        return _refused(error)
    except AzureError as error:
        return outcome_of(error)


def _revoke(identifier: str, attribute: str) -> None:
    """A member less. Somebody else may have been quicker: then the command refuses, and nothing is wrong."""
    try:
        administrator().run("project-member", "delete", identifier)
    except OckamError:
        if identifier in members(attribute):
            raise


def members(attribute: str) -> list[str]:
    """Identifiers of the project's members that have the attribute. Raises OckamError."""
    return [str(member["identifier"]) for member in _listed() if _has(member, attribute)]


def every_member() -> list[tuple[str, str]]:
    """Identifier and attributes, as text, of each of the project's members. Raises OckamError."""
    return [(str(member["identifier"]), str(member.get("attributes") or "")) for member in _listed()]


def _listed() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(administrator().run("project-member", "list", "--output", "json") or "[]")
    return found


def _has(member: dict[str, Any], attribute: str) -> bool:
    attributes = member.get("attributes") or {}
    return attribute in attributes if isinstance(attributes, dict) else attribute in str(attributes)


def _issue(attribute: str, relay: str | None) -> Secret:
    words = ["project", "ticket", "--usage-count", "1", "--expires-in", f"{TICKET_LIFE.seconds // 60}m"]
    words += ["--attribute", attribute]
    if relay:
        words += ["--relay", relay]
    lines = administrator().run(*words).split()
    if not lines:
        raise OckamError("`ockam project ticket` printed no ticket")
    return Secret(lines[-1])


def _refused(error: OckamError) -> Failed:
    return own_failure(
        "OckamFailed",
        str(error),
        retryable=True,
    )
