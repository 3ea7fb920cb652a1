"""What network security rules let in: the judgement of preflight and of the proof."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

ANYTHING = frozenset({"*", "any", "0.0.0.0/0"})


def inbound(rules: Iterable[Mapping[str, Any]]) -> tuple[list[str], str | None]:
    """Names of the rules that let something in, and of the one that denies all the rest (None: none does).

    `rules`: a group's own and Azure's default ones, as ARM shows them. Those behind the one that denies
    everything have no effect, in the order of priority.
    """
    opened: list[str] = []
    ordered = [(rule["name"], rule["properties"]) for rule in rules if rule["properties"]["direction"] == "Inbound"]
    for name, rule in sorted(ordered, key=lambda pair: int(pair[1]["priority"])):
        if rule["access"] == "Allow":
            opened.append(str(name))
        elif _everything(rule):
            return opened, str(name)
    return opened, None


def _everything(rule: Mapping[str, Any]) -> bool:
    fields = ("protocol", "sourceAddressPrefix", "sourcePortRange", "destinationAddressPrefix", "destinationPortRange")
    return all(str(rule.get(field)).lower() in ANYTHING for field in fields)
