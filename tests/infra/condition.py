"""Azure's language of role assignment conditions, as far as ours goes: does a request pass?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

WORD = re.compile(r"\s*(\(|\)|!|AND\b|OR\b|ActionMatches\{'[^']+'\}|@\w+\[[^\]]+\]|ForAnyOfAnyValues:\w+|\{[^}]*\})\s*")
OPERATORS = {
    "ForAnyOfAnyValues:GuidEquals": lambda value, allowed: value.lower() in {word.lower() for word in allowed},
    "ForAnyOfAnyValues:StringEqualsIgnoreCase": lambda value, allowed: value.lower() in {w.lower() for w in allowed},
}


@dataclass
class Condition:
    """text: the condition; action: what is asked for; attributes: `@Request[...]` and `@Resource[...]` by name."""

    text: str
    action: str
    attributes: Mapping[str, str]

    def passes(self) -> bool:
        self.words = self._words()
        found = self._or()
        assert not self.words, f"what is {self.words}?"
        return found

    def _words(self) -> list[str]:
        found, at = [], 0
        while at < len(self.text):
            match = WORD.match(self.text, at)
            assert match, f"no word of the language: {self.text[at : at + 40]}"
            found.append(match[1])
            at = match.end()
        return found

    def _or(self) -> bool:
        found = self._and()
        while self.words[:1] == ["OR"]:
            self.words.pop(0)
            found = self._and() or found
        return found

    def _and(self) -> bool:
        found = self._one()
        while self.words[:1] == ["AND"]:
            self.words.pop(0)
            found = self._one() and found
        return found

    def _one(self) -> bool:
        word = self.words.pop(0)
        if word == "!":
            return not self._one()
        if word == "(":
            found = self._or()
            assert self.words.pop(0) == ")"
            return found
        if word.startswith("ActionMatches"):
            return self.action.lower() == word.split("'")[1].lower()
        compare: Any = OPERATORS[self.words.pop(0)]
        values = [value.strip().strip("'") for value in self.words.pop(0).strip("{}").split(",")]
        # An attribute that the request has not makes the comparison false.
        return word in self.attributes and bool(compare(self.attributes[word], values))
