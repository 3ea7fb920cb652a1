"""A spec from YAML or JSON, with the line of everything in it, so that a finding can say where to look.

YAML here is what JSON can say, written in YAML: no dates, no yes-and-no, no tags, no merge keys. A document's text
is never repeated in an error, since it may hold tickets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cli.errors import RefusedError, UsageError
from cli.terminal import Terminal
from isthmus.problems import Finding
from isthmus.spec import MAX_BODY, check

STDIN = "-"
MOST_NODES = 50_000
"""Aliases can blow a small file up; a hundred corps with tickets are under a thousand nodes."""
QUOTED = re.compile(r"'[^']{4,}'|\"[^\"]{4,}\"")
CORE = "tag:yaml.org,2002:"


class _Loader(yaml.SafeLoader):
    """Numbers and words are JSON's, not YAML 1.1's: `2024-07-18`, `0613`, `on` and `no` are text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (as in the base)


for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^-?(?:0|[1-9][0-9]*)$", "-0123456789"),
    ("float", r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$", "-0123456789"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
):
    _Loader.add_implicit_resolver(CORE + _tag, re.compile(_pattern), list(_first))

SCALARS: dict[str, Callable[[str], Any]] = {
    CORE + "str": str,
    CORE + "int": int,
    CORE + "float": float,
    CORE + "bool": lambda text: text.lower() == "true",
    CORE + "null": lambda _: None,
}


@dataclass(frozen=True)
class Document:
    """What a file says. `places`: JSON pointer -> line and column, both from 1."""

    name: str
    value: Any
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def where(self, pointer: str) -> str:
        """`file:line:column` of what a pointer names, or of the nearest thing around it that is there."""
        while pointer and pointer not in self.places:
            pointer = pointer.rpartition("/")[0]
        line, column = self.places.get(pointer, (1, 1))
        return f"{self.name}:{line}:{column}"


def load(path: str, terminal: Terminal) -> Document:
    """Reads a file, or standard input for `-`. Raises UsageError, RefusedError."""
    name = "<stdin>" if path == STDIN else path
    try:
        data = terminal.read() if path == STDIN else Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror or 'cannot be read'}") from None
    if len(data) > MAX_BODY:
        raise RefusedError(f"{name} has {len(data):,} bytes; at most {MAX_BODY:,} are taken")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RefusedError(f"{name} is not UTF-8 text", f"Byte {error.start + 1} is the first that is not.") from None
    return parse(text, name)


def parse(text: str, name: str) -> Document:
    """Raises RefusedError with line and column."""
    plain = _json(text)
    try:
        node = yaml.compose(text, _Loader)
    except yaml.YAMLError as error:
        if plain is not None:  # JSON that YAML does not take, such as one indented with tabs
            return Document(name, plain)
        raise RefusedError(_syntax(name, error)) from None
    if node is None:
        raise RefusedError(f"{name} is empty", 'The least that a spec says is a name: {"name": "demo"}')
    reader = _Reader(name)
    value = reader.value(node, "")
    if reader.wrong:
        raise RefusedError(f"{name} can't be read as a spec", "\n".join(reader.wrong))
    return Document(name, value, reader.places)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _syntax(name: str, error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    said = getattr(error, "problem", None) or getattr(error, "reason", None) or "it can't be read"
    place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
    return f"{name}{place}: this is neither YAML nor JSON: {QUOTED.sub('...', said)}"


class _Reader:
    """Nodes -> plain values; notes where each is, and everything that JSON has no word for."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.places: dict[str, tuple[int, int]] = {}
        self.wrong: list[str] = []
        self._nodes = 0

    def value(self, node: yaml.Node, pointer: str, around: tuple[yaml.Node, ...] = ()) -> Any:
        self._nodes += 1
        self.places.setdefault(pointer, _place(node))
        if node in around or self._nodes > MOST_NODES:
            raise RefusedError(f"{self.name} says too much: its aliases repeat themselves over and over")
        inside = (*around, node)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, pointer, inside)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, f"{pointer}/{index}", inside) for index, item in enumerate(node.value)]
        read = SCALARS.get(node.tag)
        if read is None:
            return self._not(node, "A tag has no meaning here; write plain text, numbers, lists and mappings.")
        try:
            return read(node.value)
        except ValueError:
            return self._not(node, "This is not a number.")

    def _mapping(self, node: yaml.MappingNode, pointer: str, inside: tuple[yaml.Node, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._not(key, "A field's name is plain text.")
                continue
            if key.value in found:
                self._not(key, "This field is there twice.")
            below = f"{pointer}/{key.value.replace('~', '~0').replace('/', '~1')}"
            self.places.setdefault(below, _place(key))
            found[key.value] = self.value(value, below, inside)
        return found

    def _not(self, node: yaml.Node, why: str) -> None:
        line, column = _place(node)
        self.wrong.append(f"{self.name}:{line}:{column}: {why}")


def _place(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def checked(document: Document) -> None:
    """The app's own check, made before anything is sent. Raises RefusedError with every finding and its line."""
    spec, findings = check(document.value)
    if spec is None:
        raise refusal(document, findings)


def refusal(document: Document, findings: list[Finding]) -> RefusedError:
    """A refusal whose findings say their lines in the file."""
    count = f"{len(findings)} finding{'s' if len(findings) != 1 else ''}"
    return RefusedError(
        f"{document.name}: {count}; nothing was sent", located(document, findings), findings, {"file": document.name}
    )


def located(document: Document, findings: list[Finding]) -> str:
    """One line for each finding: where, what, how to mend it."""
    return "\n".join(
        f"{document.where(one.pointer)}: {one.pointer or 'the spec'}: {one.detail} {one.mend}".rstrip()
        for one in findings
    )
