"""What ARM does to tags: how many a resource bears, which names are refused, and which a service silently drops."""

from __future__ import annotations

import re

from localcloud.azure.errors import Refusal
from localcloud.azure.model import Json, Kind

MOST, MOST_OF_DNS = 50, 15
_FORBIDDEN = re.compile(r"[<>%&\\?/]")
_RESERVED = re.compile(r"azure|microsoft|windows", re.IGNORECASE)
_DROPPED_BY_DNS = re.compile(r"[: ]")


def settle(row: Kind, body: Json) -> None:
    """Checks the tags of a body, and takes out what the service would not keep. Raises Refusal 400."""
    tags: dict[str, str] = body.get("tags") or {}
    dns = row.type.startswith("Microsoft.Network/privateDnsZones")
    if len(tags) > (MOST_OF_DNS if dns else MOST):
        raise Refusal(400, "InvalidTags", f"{len(tags)} tags are too many for a resource of type '{row.type}'.")
    for name, value in tags.items():
        if _FORBIDDEN.search(name) or _RESERVED.match(name):
            raise Refusal(400, "InvalidTagNameCharacters", f"The tag name '{name}' is invalid.")
        if len(name) > 512 or len(value) > 256:
            raise Refusal(400, "InvalidTags", f"The tag '{name[:20]}' is too long.")
    if dns:
        body["tags"] = {name: value for name, value in tags.items() if not _DROPPED_BY_DNS.search(name)}
