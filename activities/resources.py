"""Resource groups: one a corp. Deleting it ends everything in it."""

from __future__ import annotations

from activities.arm import Json, Resource
from activities.steps import Request
from isthmus import names


def _whose(request: Request, have: Json) -> str | None:
    """Why the group must not be deleted; None when name, tags and record agree that it is ours."""
    tags = have.get("tags") or {}
    group = request.names[0]
    if not names.GROUP_PATTERN.match(group):
        return f"{group} is not named as Isthmus names its groups."
    ours = {names.TAG_ENVIRONMENT: request.environment, names.TAG_GENERATION: request.generation}
    wrong = [f"{tag} is {tags.get(tag)!r}" for tag, value in ours.items() if tags.get(tag) != value]
    if wrong:
        return f"The tags of {group} say that it is somebody else's: {', '.join(wrong)}."
    if names.TAG_KEEP in tags:
        return f"{group} bears the tag {names.TAG_KEEP}."
    return None


KINDS = {
    "resource_group": Resource(
        lambda cloud: cloud.resources.resource_groups,
        put="create_or_update",
        allowed=_whose,
    ),
}
