"""The few `$filter` conditions that ARM's lists understand: tagName, tagValue, resourceType, resourceGroup, name,
location."""

from __future__ import annotations

import re

from localcloud.azure.errors import Refusal
from localcloud.azure.model import Json

_TERM = re.compile(r"^\s*(\w+)\s+eq\s+'((?:[^']|'')*)'\s*$", re.IGNORECASE)
FIELDS = {"resourcetype": "type", "name": "name", "location": "location"}


def matches(condition: str, shown: Json) -> bool:
    """Whether a resource, as shown, fulfils "a eq 'x' and b eq 'y'". Raises Refusal 400 for anything else."""
    terms = _terms(condition) if condition else {}
    tags = {name.lower(): value for name, value in (shown.get("tags") or {}).items()}
    name = terms.pop("tagname", None)
    value = terms.pop("tagvalue", None)
    if name is not None and (name.lower() not in tags or value not in (None, tags[name.lower()])):
        return False
    known = {field: str(shown.get(FIELDS[field], "")) for field in FIELDS} | {"resourcegroup": _group(shown)}
    return all(known[field].lower() == text.lower() for field, text in terms.items())


def _group(shown: Json) -> str:
    parts = str(shown.get("id", "")).split("/")
    return parts[4] if len(parts) > 4 else ""


def _terms(condition: str) -> dict[str, str]:
    terms = {}
    for part in re.split(r"\s+and\s+", condition, flags=re.IGNORECASE):
        match = _TERM.match(part)
        if not match or match[1].lower() not in {"tagname", "tagvalue", "resourcegroup", *FIELDS}:
            raise Refusal(
                400, "InvalidFilterInQueryString", f"Invalid $filter '{condition}' specified in the query string."
            )
        terms[match[1].lower()] = match[2].replace("''", "'")
    return terms
