"""The tags that a request gives to everything that is built: Azure's limits, and what can bear how many.

Sources of the limits: Azure's page on tags (50 tags, names up to 512 and values up to 256 characters, forbidden
characters and prefixes) and Key Vault's on secrets (15 tags). Private DNS takes 15 and silently drops a tag whose
name has a colon or a space (terraform-provider-azurerm #6129).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic.config import JsonDict

from isthmus import names
from isthmus.problems import Finding

LONGEST_NAME, LONGEST_VALUE = 512, 256
FORBIDDEN = "<>%&\\?/"
RESERVED = (f"{names.PREFIX}-", "azure", "microsoft", "windows")


@dataclass(frozen=True)
class Bearer:
    """What a kind of thing takes: so many tags, ours among them, with names of that pattern."""

    most: int
    name: re.Pattern[str]

    @property
    def most_given(self) -> int:
        """How many of a request's tags there is room for beside our own."""
        return self.most - len(names.TAGS)

    def bears(self, given: Mapping[str, str]) -> dict[str, str]:
        """Those of a request's tags that it can bear: the first that fit, in the request's order."""
        fitting = [name for name in given if self.name.fullmatch(name)]
        return {name: given[name] for name in fitting[: self.most_given]}


ANY = Bearer(50, re.compile(rf".{{1,{LONGEST_NAME}}}", re.DOTALL))
DNS = Bearer(15, re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*"))
SECRET = Bearer(15, re.compile(r".{1,256}", re.DOTALL))
FORM: JsonDict = {
    "maxProperties": ANY.most_given,
    "propertyNames": {"pattern": r"^[^\s<>%&\\?/][^<>%&\\?/]*$", "maxLength": LONGEST_NAME},
    "additionalProperties": {"type": "string", "maxLength": LONGEST_VALUE},
}
"""For editors and other callers; we ourselves say more exactly what is wrong."""
NARROW = {"private DNS zones and their links": DNS, "secrets in Key Vault": SECRET}
"""What can bear fewer than the rest."""


def check(given: Any) -> Iterator[Finding]:
    """What is wrong with a request's tags; of what is no text, nothing is said here."""
    if not isinstance(given, dict):
        return
    if len(given) > ANY.most_given:
        told = f"There are {len(given)} tags; Azure takes {ANY.most} on a resource, {len(names.TAGS)} of them ours."
        yield Finding("/tags", told, f"Give at most {ANY.most_given}.")
    seen: dict[str, str] = {}
    for name, value in given.items():
        pointer = "/tags/" + name.replace("~", "~0").replace("/", "~1")
        yield from _name(pointer, name)
        if name.lower() in seen:
            told = f"{name} and {seen[name.lower()]} are one tag to Azure, which ignores case in names."
            yield Finding(pointer, told, "Keep one of them.")
        seen.setdefault(name.lower(), name)
        if isinstance(value, str) and len(value) > LONGEST_VALUE:
            yield Finding(pointer, f"The value has {len(value)} characters.", f"Azure takes {LONGEST_VALUE}.")


def _name(pointer: str, name: str) -> Iterator[Finding]:
    if not name.strip():
        yield Finding(pointer, "A tag has no name.", "Name it, or remove it.")
    if len(name) > LONGEST_NAME:
        yield Finding(pointer, f"The name has {len(name)} characters.", f"Azure takes {LONGEST_NAME}.")
    wrong = [letter for letter in FORBIDDEN if letter in name]
    if wrong:
        yield Finding(pointer, f"{' '.join(wrong)} can't stand in the name of a tag.", "Choose another name.")
    prefix = next((prefix for prefix in RESERVED if name.lower().startswith(prefix)), None)
    if prefix:
        whose = "Isthmus's own" if prefix == RESERVED[0] else "reserved by Azure"
        yield Finding(pointer, f"Names that begin with {prefix} are {whose}.", "Choose another name.")
