"""Resource groups: one a corp. Deleting it ends everything in it."""

from __future__ import annotations

import re
from typing import Any

from azure.core.exceptions import AzureError

from activities.arm import Json, Resource, not_ours
from activities.cloud import listed
from activities.steps import Request
from isthmus import names
from isthmus.outcomes import Failed


def _whose(request: Request, have: Json) -> str | None:
    """Why the group must not be deleted; None when name, tags and record agree that it is ours."""
    group = request.names[0]
    if not names.GROUP_PATTERN.match(group):
        return f"{group} is not named as Isthmus names its groups."
    return not_ours(request, have)


LOCKS_VERSION = "2020-05-01"
LOCK = re.compile(r"/providers/microsoft\.authorization/locks/", re.IGNORECASE)
FEW = 5


def _blocker(request: Request, failure: Failed) -> str:
    """What stands against the group's deletion, as far as Azure's own message does not say: the locks by name; else,
    where it names no resource, what is still in the group."""
    try:
        if failure["code"] == "ScopeLocked":
            return "; ".join(_locks(request))
        if failure["code"] == "ResourceGroupDeletionBlocked" and "/providers/" not in failure["message"]:
            return _still_there(request)
    except AzureError:
        return ""  # it is Azure's message then, which is told anyway
    return ""


def _locks(request: Request) -> list[str]:
    path = f"{request.resource}/providers/Microsoft.Authorization/locks?api-version={LOCKS_VERSION}"
    answer = request.cloud.get_url(f"https://management.azure.com{path}")
    answer.raise_for_status()
    return [_lock(found) for found in answer.json()["value"]]


def _lock(found: dict[str, Any]) -> str:
    where = LOCK.split(str(found["id"]))[0].partition("/resourceGroups/")[2]
    notes = found["properties"].get("notes")
    return f"lock {found['name']} ({found['properties']['level']}) on {where}" + (f": {notes}" if notes else "")


def _still_there(request: Request) -> str:
    there = [
        item["id"].partition("/providers/")[2]
        for item in listed(request.cloud.resources.resources.list_by_resource_group(request.names[0]))
    ]
    more = f" and {len(there) - FEW} more" if len(there) > FEW else ""
    return f"still in {request.names[0]}: {', '.join(there[:FEW])}{more}" if there else ""


KINDS = {
    "resource_group": Resource(
        lambda cloud: cloud.resources.resource_groups,
        put="create_or_update",
        allowed=_whose,
        blocker=_blocker,
    ),
}
