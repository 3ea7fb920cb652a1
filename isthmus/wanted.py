"""What a step wants: references to other steps' outputs, the hash of it, and "is it as wanted?".

A wanted state is JSON in which `{"$output": ["STEP", "NAME"]}` stands for what another step will have found
out by then, such as the principal of an identity.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from isthmus import names

REFERENCE = "$output"
MOVING_TAGS = frozenset({names.TAG_EXPIRES_AT})
"""Tags that change in an environment's life without anything being different."""


def output(step: str, name: str) -> dict[str, list[str]]:
    """A reference to an output of another step."""
    return {REFERENCE: [step, name]}


def references(value: Any) -> Iterable[tuple[str, str]]:
    """Every (step, name) that the value refers to."""
    if isinstance(value, Mapping):
        if REFERENCE in value:
            step, name = value[REFERENCE]
            yield step, name
        else:
            for inner in value.values():
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def resolve(value: Any, outputs: Mapping[str, Mapping[str, Any]]) -> Any:
    """The value with every reference replaced. A missing output is a KeyError that names it."""
    if isinstance(value, Mapping):
        if REFERENCE in value:
            step, name = value[REFERENCE]
            return outputs[step][name]
        return {key: resolve(inner, outputs) for key, inner in value.items()}
    if isinstance(value, list):
        return [resolve(inner, outputs) for inner in value]
    return value


def digest(value: Any) -> str:
    """A short hash of a wanted state; without the tags that may move."""
    return hashlib.sha256(json.dumps(_still(value), sort_keys=True).encode()).hexdigest()[:16]


def _still(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _still(inner) for key, inner in value.items() if key not in MOVING_TAGS}
    if isinstance(value, list):
        return [_still(inner) for inner in value]
    return value


def differences(want: Any, have: Any, hidden: frozenset[str] = frozenset(), path: str = "") -> list[str]:
    """Paths at which `have` is not as wanted. Only what is declared is compared: ARM adds defaults, changes
    the case of ids and of names of places, and never returns what is in `hidden` (dotted paths)."""
    if path in hidden or want is None or path.rpartition(".")[2] in MOVING_TAGS:
        return []
    if isinstance(want, Mapping):
        if not isinstance(have, Mapping):
            return [path or "."]
        lowered = {str(key).lower(): inner for key, inner in have.items()}
        return [
            found
            for key, inner in want.items()
            for found in differences(inner, lowered.get(key.lower()), hidden, f"{path}.{key}".lstrip("."))
        ]
    if isinstance(want, list):
        return _list_differences(want, have, hidden, path)
    return [] if _same(want, have) else [path]


def _list_differences(want: list[Any], have: Any, hidden: frozenset[str], path: str) -> list[str]:
    if not isinstance(have, list):
        return [path]
    named = bool(want) and all(isinstance(item, Mapping) and "name" in item for item in want)
    if len(have) != len(want):
        return _too_many_or_few(want, have, path) if named else [path]
    if named:
        by_name = {str(item.get("name", "")).lower(): item for item in have if isinstance(item, Mapping)}
        pairs = [(item, by_name.get(item["name"].lower())) for item in want]
    else:
        pairs = list(zip(want, have, strict=True))
    return [found for item, other in pairs for found in differences(item, other, hidden, f"{path}[]")]


def _too_many_or_few(want: list[Any], have: list[Any], path: str) -> list[str]:
    """The names that only one of the two has."""
    wanted, there = (
        {str(item.get("name", "")).lower() for item in items if isinstance(item, Mapping)} for items in (want, have)
    )
    return [f"{path}[{name}]" for name in sorted(wanted ^ there)] or [path]


def _same(want: Any, have: Any) -> bool:
    if isinstance(want, str) and isinstance(have, str):
        return _plain(want) == _plain(have)
    return bool(want == have)


def _plain(text: str) -> str:
    lowered = text.lower()
    return lowered if lowered.startswith("/") else lowered.replace(" ", "")
