"""A small language for what a PUT body of a type may hold, and the check that also brings it into form.

Names and enums are matched as ARM does (enums in any case, null means absent); what a caller may send but ARM
ignores (`id`, `etag`, ...) is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localcloud.azure.errors import invalid_content

ALWAYS_IGNORED = frozenset({"id", "type", "etag", "systemData", "provisioningState", "resourceGuid"})


@dataclass(frozen=True)
class Text:
    pattern: str | None = None


@dataclass(frozen=True)
class Choice:
    values: tuple[str, ...]


@dataclass(frozen=True)
class Whole:
    """An integer between two bounds, both included."""

    least: int = 0
    most: int = 2**31 - 1


@dataclass(frozen=True)
class Flag:
    pass


@dataclass(frozen=True)
class Many:
    of: Node


@dataclass(frozen=True)
class Table:
    """Names of the caller's own choice, such as tags."""

    of: Node


@dataclass(frozen=True)
class Shape:
    fields: Mapping[str, Node]
    required: frozenset[str] = frozenset()
    ignored: frozenset[str] = field(default=frozenset())


Node = Text | Choice | Whole | Flag | Many | Table | Shape


def shape(fields: Mapping[str, Node], *, required: str = "", ignored: str = "") -> Shape:
    """`required`, `ignored`: names separated by spaces."""
    return Shape(fields, frozenset(required.split()), frozenset(ignored.split()) | ALWAYS_IGNORED - set(fields))


def choice(*values: str) -> Choice:
    return Choice(values)


def clean(node: Node, body: Any) -> dict[str, Any]:
    """The body in ARM's own form. Raises Refusal 400 InvalidRequestContent, naming the first thing wrong."""
    cleaned: dict[str, Any] = _clean(node, body, "")
    return cleaned


def _clean(node: Node, value: Any, path: str) -> Any:
    if isinstance(node, Shape):
        return _clean_shape(node, value, path)
    if isinstance(node, Many):
        _demand(isinstance(value, list), path, value, "a list")
        return [_clean(node.of, item, f"{path}[{index}]") for index, item in enumerate(value)]
    if isinstance(node, Table):
        _demand(isinstance(value, dict), path, value, "an object")
        return {name: _clean(node.of, item, f"{path}.{name}") for name, item in value.items()}
    return _clean_leaf(node, value, path)


def _clean_leaf(node: Text | Choice | Whole | Flag, value: Any, path: str) -> Any:
    if isinstance(node, Flag):
        _demand(isinstance(value, bool), path, value, "a boolean")
        return value
    if isinstance(node, Whole):
        _demand(isinstance(value, int) and not isinstance(value, bool), path, value, "an integer")
        _demand(node.least <= value <= node.most, path, value, f"between {node.least} and {node.most}")
        return value
    _demand(isinstance(value, str), path, value, "a string")
    if isinstance(node, Choice):
        known = {option.lower(): option for option in node.values}
        _demand(value.lower() in known, path, value, f"one of {', '.join(node.values)}")
        return known[value.lower()]
    _demand(node.pattern is None or re.fullmatch(node.pattern, value) is not None, path, value, f"like {node.pattern}")
    return value


def _clean_shape(node: Shape, value: Any, path: str) -> dict[str, Any]:
    _demand(isinstance(value, dict), path, value, "an object")
    known = {name.lower(): name for name in node.fields}
    ignored = {name.lower() for name in node.ignored}
    cleaned = {}
    for name, item in value.items():
        lowered = name.lower()
        if item is None or (lowered in ignored and lowered not in known):
            continue
        if lowered not in known:
            raise invalid_content(f"Could not find member '{name}' on object at '{path or 'the body'}'.")
        canonical = known[lowered]
        cleaned[canonical] = _clean(node.fields[canonical], item, f"{path}.{canonical}".lstrip("."))
    missing = sorted(node.required - cleaned.keys())
    if missing:
        raise invalid_content(f"Required property '{missing[0]}' not found in JSON. Path '{path}'.")
    return cleaned


def _demand(fine: bool, path: str, value: Any, wanted: str) -> None:
    if not fine:
        # The value itself is not shown: it may be a secret.
        raise invalid_content(f"Error converting value of type {type(value).__name__} at path '{path}': not {wanted}.")
