"""ARM ids: taking them apart, and the one way in which they are compared (lower case)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from localcloud.azure.errors import Refusal

_ID = re.compile(
    r"^/subscriptions/(?P<subscription>[^/]+)(?:/resourcegroups(?:/(?P<group>[^/]+))?)?"
    r"(?:/providers/(?P<namespace>[^/]+)/(?P<rest>.+))?$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class ResourceId:
    """An id as somebody wrote it. `types`, `names`: alternate below the provider's namespace."""

    subscription: str
    group: str | None
    namespace: str | None
    types: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def type(self) -> str:
        return "/".join((self.namespace or "", *self.types))

    @property
    def name(self) -> str:
        return self.names[-1]

    @property
    def is_collection(self) -> bool:
        """The path ends with a type: a list of resources, or an action on one."""
        return len(self.types) > len(self.names)


def parse(path: str) -> ResourceId:
    """Takes an id (or a collection's path) apart. Raises Refusal 404 for what is no id."""
    match = _ID.match(path.rstrip("/"))
    if not match:
        raise Refusal(404, "InvalidResourceId", f"The path '{path}' is no resource id.")
    rest = (match["rest"] or "").split("/") if match["rest"] else []
    return ResourceId(match["subscription"], match["group"], match["namespace"], tuple(rest[0::2]), tuple(rest[1::2]))


def key(identifier: str) -> str:
    """Two ids name the same resource when their keys are equal."""
    return identifier.rstrip("/").lower()


def parent(identifier: str) -> str:
    """The id without its last type and name."""
    return identifier.rsplit("/", 2)[0]


def within(identifier: str, scope: str) -> bool:
    """The id is the scope or lies below it."""
    inner, outer = key(identifier), key(scope)
    return inner == outer or inner.startswith(outer + "/") or outer == ""


def find(body: Any, path: str) -> Iterator[Any]:
    """Every value at a dotted path; `[]` after a name goes through a list: "properties.subnets[].properties"."""
    name, _, rest = path.partition(".")
    listed = name.endswith("[]")
    value = body.get(name.removesuffix("[]")) if isinstance(body, dict) else None
    for item in value or [] if listed else [value]:
        if item is None:
            continue
        if rest:
            yield from find(item, rest)
        else:
            yield item
