"""Bicep files read and evaluated: what Resource Manager would be sent, for given parameters.

Good for the language as infra/ uses it, and strict: an unknown function, a missing parameter, a symbol that nobody
declared, a value that only Azure knows and that `KNOWN_LATER` does not list: each is an EvaluationError.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

from tests.rules.source import ROOT

INFRA = ROOT / "infra"
FILES = sorted(INFRA.rglob("*.bicep"))
DECLARATIONS = {
    "parameter_declaration": "param",
    "variable_declaration": "var",
    "resource_declaration": "resource",
    "module_declaration": "module",
    "output_declaration": "output",
}
TYPES = {"string": str, "int": int, "bool": bool, "array": list, "object": dict}


class EvaluationError(Exception):
    """The file does not make sense: where, and what is wrong."""


@dataclass(frozen=True)
class Declaration:
    """One declaration. `kind`: param, var, resource, module or output; `value`: what stands after `=`, if anything."""

    file: Path
    kind: str
    name: str
    node: Node
    decorators: Mapping[str, Node | None]

    @property
    def value(self) -> Node | None:
        words = [child.type for child in self.node.children]
        return self.node.children[words.index("=") + 1] if "=" in words else None

    @property
    def type(self) -> str:
        return next(text(child) for child in self.node.named_children if child.type == "type")

    @property
    def reference(self) -> str:
        """Of a resource its type and version, of a module its path."""
        return text(self.node.named_children[1]).strip("'")

    @property
    def existing(self) -> bool:
        return any(child.type == "existing" for child in self.node.children)


@dataclass
class File:
    """A Bicep file with its declarations by name; outputs stand apart, since they may be called like a symbol."""

    path: Path
    tree: Node
    scope: str = "resourceGroup"
    symbols: dict[str, Declaration] = field(default_factory=dict)
    outputs: dict[str, Declaration] = field(default_factory=dict)

    def of(self, kind: str) -> list[Declaration]:
        return [found for found in self.symbols.values() if found.kind == kind]

    @cached_property
    def used(self) -> set[str]:
        """Every name that stands somewhere as a value."""
        return {text(node) for node in walk(self.tree) if node.type == "identifier" and not _names_something(node)}


def text(node: Node) -> str:
    return (node.text or b"").decode()


def walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from walk(child)


def _names_something(node: Node) -> bool:
    """It is the name of a declaration, of a property, of a decorator or of a loop's variable, not a use of one."""
    above = node.parent
    if above is None or (above.type in ("call_expression", "for_statement") and above.named_children[0] == node):
        return True
    return above.type in (*DECLARATIONS, "object_property") and above.named_children[0] == node


@cache
def read(path: Path) -> File:
    """Parses a file. Raises EvaluationError where it is no Bicep."""
    tree = Parser(Language(tree_sitter_bicep.language())).parse(path.read_bytes()).root_node
    wrong = next((node for node in walk(tree) if node.is_error or node.is_missing), None)
    if wrong is not None:
        raise EvaluationError(f"{path.name}:{wrong.start_point[0] + 1}: this is no Bicep: {text(wrong)[:40]}")
    file, decorators = File(path, tree), {}
    for node in tree.named_children:
        if node.type == "decorators":
            decorators = {text(call.named_children[0]): _argument(call) for call in _calls(node)}
        elif node.type == "target_scope_assignment":
            file.scope = text(node.named_children[0]).strip("'")
        elif kind := DECLARATIONS.get(node.type):
            made = Declaration(path, kind, text(node.named_children[0]), node, decorators)
            (file.outputs if kind == "output" else file.symbols)[made.name] = made
            decorators = {}
    return file


def _calls(decorators: Node) -> Iterator[Node]:
    return (decorator.named_children[0] for decorator in decorators.named_children)


def _argument(call: Node) -> Node | None:
    given = call.named_children[1].named_children
    return given[0] if given else None
