"""Evaluates Bicep files: every resource as it would be PUT, with its id, and what the outputs come to."""

from __future__ import annotations

import ipaddress
import json
import operator
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tree_sitter import Node

from tests.infra.bicep import TYPES, Declaration, EvaluationError, File, read, text

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
TENANT = "99999999-8888-7777-6666-555555555555"
KNOWN_LATER = {
    "properties.principalId": "aaaaaaaa-0000-0000-0000-000000000001",
    "properties.clientId": "aaaaaaaa-0000-0000-0000-000000000002",
    "properties.ConnectionString": "InstrumentationKey=k;IngestionEndpoint=https://i.example/",
    "properties.primaryEndpoints": {"blob": "https://account.blob.core.windows.net/"},
    "properties.defaultHostName": "app.azurewebsites.net",
    "properties.endpoint": "https://scheduler.durabletask.io",
}
"""What only Azure knows, once the thing exists: property -> a value of its form."""


@dataclass
class Resource:
    """body: what would be PUT, without name, scope and parent; deployed: neither existing nor left out"""

    type: str
    version: str
    id: str
    body: dict[str, Any]
    file: str
    symbol: str
    deployed: bool = True

    def get(self, name: str) -> Any:
        if name in ("id", "type"):
            return getattr(self, name)
        if name == "name":
            return self.id.rsplit("/", 1)[1]
        if name == "properties":
            return _Properties(self)
        return self.body[name]


@dataclass
class _Properties:
    """The properties that a resource was given, and those that Azure gives it."""

    resource: Resource

    def get(self, name: str) -> Any:
        given = self.resource.body.get("properties", {})
        return given[name] if name in given else KNOWN_LATER[f"properties.{name}"]


@dataclass
class Module:
    """outputs: of a module that is deployed; of another, asking for one is an error"""

    outputs: dict[str, Any] | None
    resources: list[Resource]

    def get(self, name: str) -> Any:
        if name != "outputs" or self.outputs is None:
            raise EvaluationError(f"a module that is not deployed was asked for {name}")
        return self.outputs


@dataclass
class Evaluation:
    """One file with the values of its parameters. `scope`: ARM id of subscription or group it is deployed to."""

    file: File
    given: Mapping[str, Any]
    scope: str
    values: dict[str, Any] = field(default_factory=dict)
    under_way: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        known = {declared.name for declared in self.file.of("param")}
        if unknown := set(self.given) - known:
            raise self.error(f"has no parameter {', '.join(sorted(unknown))}")

    def error(self, what: str) -> EvaluationError:
        return EvaluationError(f"{self.file.path.name}: {what}")

    def run(self) -> tuple[list[Resource], dict[str, Any]]:
        """All resources that would be deployed, those of modules included, and the outputs."""
        found: list[Resource] = []
        for declared in self.file.symbols.values():
            value = self.symbol(declared.name)
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, Module):
                    found += item.resources
                elif isinstance(item, Resource) and item.deployed:
                    found.append(item)
        return found, {name: self.value(declared.value) for name, declared in self.file.outputs.items()}

    def symbol(self, name: str) -> Any:
        """The value of what is declared under that name, whatever stands first in the file."""
        if name not in self.values:
            if name not in self.file.symbols:
                raise self.error(f"{name} is not declared")
            if name in self.under_way:
                raise self.error(f"{name} needs itself")
            self.under_way.add(name)
            declared = self.file.symbols[name]
            self.values[name] = getattr(self, f"_{declared.kind}")(declared)
        return self.values[name]

    def _param(self, declared: Declaration) -> Any:
        if declared.name not in self.given and declared.value is None:
            raise self.error(f"the parameter {declared.name} is missing")
        value = self.given[declared.name] if declared.name in self.given else self.value(declared.value)
        if not isinstance(value, TYPES[declared.type]):
            raise self.error(f"{declared.name} must be {declared.type}, and is {value!r}")
        limits = {name: self.value(node) for name, node in declared.decorators.items() if node is not None}
        if not all(check(value, limits[name]) for name, check in LIMITS.items() if name in limits):
            raise self.error(f"{declared.name} is {value!r}, which is not within {limits}")
        return value

    def _var(self, declared: Declaration) -> Any:
        return self.value(declared.value)

    def _resource(self, declared: Declaration) -> Any:
        return self._each(declared, self._one_resource)

    def _module(self, declared: Declaration) -> Any:
        return self._each(declared, self._one_module)

    def _each(self, declared: Declaration, make: Callable[[Declaration, Node, bool], Any]) -> Any:
        node = declared.value
        assert node is not None
        if node.type == "for_statement":
            return self._loop(node, lambda body: make(declared, body, True))
        if node.type == "if_statement":
            condition, body = node.named_children
            return make(declared, body, bool(self.value(condition)))
        return make(declared, node, True)

    def _one_resource(self, declared: Declaration, node: Node, deployed: bool) -> Resource:
        kind, version = declared.reference.split("@")
        body = self.value(node, leave={"dependsOn"})
        parent, scope, name = body.pop("parent", None), body.pop("scope", None), body.pop("name")
        if parent is not None:
            identifier = f"{parent.id}/{kind.rsplit('/', 1)[1]}/{name}"
        elif kind == "Microsoft.Resources/resourceGroups":
            identifier = f"{self.scope}/resourceGroups/{name}"
        else:
            identifier = f"{scope.id if scope else self.scope}/providers/{kind}/{name}"
        made = deployed and not declared.existing
        return Resource(kind, version, identifier, body, self.file.path.name, declared.name, made)

    def _one_module(self, declared: Declaration, node: Node, deployed: bool) -> Module:
        if not deployed:
            return Module(None, [])
        body = self.value(node, leave={"dependsOn"})
        inner = read(self.file.path.parent / declared.reference)
        resources, outputs = Evaluation(inner, body.get("params", {}), body["scope"].id).run()
        return Module(outputs, resources)

    def value(self, node: Node | None, leave: set[str] = frozenset()) -> Any:  # type: ignore[assignment]
        """What an expression comes to. `leave`: properties of an object that are of no interest."""
        assert node is not None
        if node.type == "object":
            pairs = [pair.named_children for pair in node.named_children if pair.type == "object_property"]
            return {key: self.value(value) for name, value in pairs if (key := self._key(name)) not in leave}
        try:
            return getattr(self, f"_{node.type}")(node)
        except (KeyError, AttributeError, IndexError) as error:
            where = f"line {node.start_point[0] + 1}: {text(node)[:60]}"
            raise self.error(f"{where}: {type(error).__name__} {error}") from error

    def _key(self, node: Node) -> str:
        return text(node) if node.type == "identifier" else str(self.value(node))

    def _identifier(self, node: Node) -> Any:
        return self.symbol(text(node))

    def _string(self, node: Node) -> str:
        """Cut at its interpolations, since the parser takes the space before one for a part of it."""
        begin, at, pieces = node.start_byte, 1, []
        for piece in (child for child in node.named_children if child.type == "interpolation"):
            value = self.value(piece.named_children[0])
            if not isinstance(value, str | int):
                raise self.error(f"{text(piece)} is no text")
            start = piece.end_byte - begin - len(text(piece).lstrip().encode())
            pieces += [self._plain(node, at, start), str(value)]
            at = piece.end_byte - begin
        return "".join([*pieces, self._plain(node, at, -1)])

    def _plain(self, node: Node, start: int, end: int) -> str:
        return ESCAPE.sub(lambda match: ESCAPES[match[0]], (node.text or b"")[start:end].decode())

    def _number(self, node: Node) -> int:
        return int(text(node))

    def _boolean(self, node: Node) -> bool:
        return text(node) == "true"

    def _null(self, node: Node) -> None:
        return None

    def _array(self, node: Node) -> list[Any]:
        return [self.value(item) for item in node.named_children if item.type != "comment"]

    def _parenthesized_expression(self, node: Node) -> Any:
        return self.value(node.named_children[0])

    def _ternary_expression(self, node: Node) -> Any:
        condition, yes, no = node.named_children
        return self.value(yes if self.value(condition) else no)

    def _unary_expression(self, node: Node) -> Any:
        assert text(node).startswith("!"), "only `!` is known"
        return not self.value(node.named_children[0])

    def _binary_expression(self, node: Node) -> Any:
        left, right = node.named_children
        return OPERATORS[text(node.children[1])](self.value(left), self.value(right))

    def _member_expression(self, node: Node) -> Any:
        whole, name = node.named_children
        found = self.value(whole)
        return found[text(name)] if isinstance(found, dict) else found.get(text(name))

    def _subscript_expression(self, node: Node) -> Any:
        whole, index = node.named_children
        return self.value(whole)[self.value(index)]

    def _for_statement(self, node: Node) -> list[Any]:
        return self._loop(node, self.value)

    def _loop(self, node: Node, make: Callable[[Node], Any]) -> list[Any]:
        variables, items, body = node.named_children
        names = [text(child) for child in variables.named_children] or [text(variables)]
        made, outer = [], {name: self.values.get(name) for name in names}
        for index, item in enumerate(self.value(items)):
            self.values.update(zip(names, (item, index), strict=False))
            made.append(make(body))
        self.values = {name: value for name, value in (self.values | outer).items() if value is not None}
        return made

    def _call_expression(self, node: Node) -> Any:
        name, arguments = node.named_children
        given = [self.value(argument) for argument in arguments.named_children]
        if text(name) in ("loadJsonContent", "loadTextContent"):
            content = (self.file.path.parent / given[0]).read_text()
            return json.loads(content) if text(name) == "loadJsonContent" else content
        if text(name) == "resourceGroup":
            return {"id": self.scope, "name": self.scope.rsplit("/", 1)[1]}
        return FUNCTIONS[text(name)](*given)


def _guid(*parts: Any) -> str:
    if not all(isinstance(part, str) for part in parts):
        raise EvaluationError(f"guid takes texts, and was given {parts}")
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "|".join(parts)))


def _resource_id(*words: str) -> str:
    """As Azure does: [subscription,] [group,] type, names."""
    at = next(i for i, word in enumerate(words) if "/" in word)
    before, (provider, *kinds), names = words[:at], words[at].split("/"), words[at + 1 :]
    if len(before) != 2 or len(kinds) != len(names):
        raise EvaluationError(f"resourceId wants subscription, group, type and as many names: {words}")
    path = "/".join(f"{kind}/{name}" for kind, name in zip(kinds, names, strict=True))
    return f"/subscriptions/{before[0]}/resourceGroups/{before[1]}/providers/{provider}/{path}"


def _subnet(prefix: str, length: int, index: int) -> str:
    return str(list(ipaddress.ip_network(prefix).subnets(new_prefix=length))[index])


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "cidrSubnet": _subnet,
    "concat": lambda *lists: [item for items in lists for item in items],
    "empty": lambda value: not value,
    "environment": lambda: {
        "suffixes": {"storage": "core.windows.net"},
        "authentication": {"loginEndpoint": "https://login.microsoftonline.com/"},
    },
    "guid": _guid,
    "join": lambda items, between: between.join(items),
    "resourceId": _resource_id,
    "string": lambda value: json.dumps(value, separators=(",", ":")),
    "subscription": lambda: {"id": f"/subscriptions/{SUBSCRIPTION}", "subscriptionId": SUBSCRIPTION},
    "subscriptionResourceId": lambda kind, name: f"/subscriptions/{SUBSCRIPTION}/providers/{kind}/{name}",
    "tenant": lambda: {"tenantId": TENANT},
    "toLower": str.lower,
    "union": lambda *objects: {key: value for one in objects for key, value in one.items()},
    "uniqueString": lambda *parts: _guid(*parts).replace("-", "")[:13],
}
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "&&": lambda a, b: a and b,
    "||": lambda a, b: a or b,
}
ESCAPE = re.compile(r"\\.")
ESCAPES = {"\\'": "'", "\\\\": "\\", "\\n": "\n", "\\t": "\t", "\\$": "$"}
LIMITS: dict[str, Callable[[Any, Any], bool]] = {
    "allowed": lambda value, limit: value in limit,
    "minLength": lambda value, limit: len(value) >= limit,
    "maxLength": lambda value, limit: len(value) <= limit,
    "minValue": lambda value, limit: value >= limit,
    "maxValue": lambda value, limit: value <= limit,
}


def evaluate(path: Path, **parameters: Any) -> tuple[list[Resource], dict[str, Any]]:
    """What a deployment of a file to the subscription makes, and its outputs."""
    return Evaluation(read(path), parameters, f"/subscriptions/{SUBSCRIPTION}").run()
