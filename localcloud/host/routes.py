"""Route templates as ASP.NET Core matches them for Functions: constraints, optional and catch-all parameters, and
which of several routes wins.

A literal goes before a parameter with a constraint, that before one without, that before a catch-all, segment by
segment from the left. Case does not count, nor does a slash at the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

ARGUMENT = r"\((?:[^()]|\([^()]*\))*\)"
PARAMETER = re.compile(rf"\{{(\*{{0,2}})(\w+)((?::\w+(?:{ARGUMENT})?)*)(=[^{{}}?]*)?(\?)?\}}")
CONSTRAINT = re.compile(rf":(\w+)({ARGUMENT})?")
Check = Callable[[str], bool]


class RouteError(ValueError):
    """A route template can't be read; the text says which part of it."""


def _number(kind: type[int] | type[float]) -> Check:
    def check(text: str) -> bool:
        try:
            kind(text)
        except ValueError:
            return False
        return "_" not in text

    return check


def _matches(pattern: str) -> Check:
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text) is not None


PLAIN: Mapping[str, Check] = {
    "int": _number(int),
    "long": _number(int),
    "decimal": _number(float),
    "double": _number(float),
    "float": _number(float),
    "bool": _matches("(?i:true|false)"),
    "guid": _matches("[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"),
    "alpha": _matches("[a-zA-Z]+"),
    "datetime": _matches(r"\d{4}-\d\d-\d\d(?:[T ][\d:.]+(?:Z|[+-]\d\d:\d\d)?)?"),
    "required": bool,
}


def _bounded(low: float | None, high: float | None, of: Callable[[str], float]) -> Check:
    def check(text: str) -> bool:
        try:
            value = of(text)
        except ValueError:
            return False
        return (low is None or value >= low) and (high is None or value <= high)

    return check


def _with_argument(name: str, argument: str) -> Check | None:
    if name == "regex":
        search = re.compile(argument, re.IGNORECASE).search
        return lambda text: search(text) is not None
    of: Callable[[str], float] = len if "length" in name.lower() else int
    bounds = [float(part) for part in argument.split(",")]
    if name in ("minlength", "min"):
        return _bounded(bounds[0], None, of)
    if name in ("maxlength", "max"):
        return _bounded(None, bounds[0], of)
    if name in ("length", "range"):
        return _bounded(bounds[0], bounds[-1], of)
    return None


def _checks(text: str) -> list[Check]:
    """Raises RouteError."""
    found = []
    for name, argument in CONSTRAINT.findall(text):
        try:
            check = _with_argument(name.lower(), argument[1:-1]) if argument else PLAIN.get(name.lower())
        except (ValueError, re.error) as error:
            raise RouteError(f"the constraint {name}{argument} can't be read: {error}") from error
        if check is None:
            raise RouteError(f"the constraint {name!r} is not known")
        found.append(check)
    return found


@dataclass(frozen=True)
class Route:
    """A template, ready to be matched. `rank`: the smaller one wins."""

    pattern: re.Pattern[str]
    checks: Mapping[str, list[Check]]
    defaults: Mapping[str, str]
    rank: tuple[int, ...]

    def match(self, path: str) -> dict[str, str] | None:
        """The parameters of a path that is this route's; those that were left out are not among them."""
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        given = {name: value for name, value in found.groupdict().items() if value is not None}
        if all(check(given[name]) for name, checks in self.checks.items() if name in given for check in checks):
            return {**self.defaults, **given}
        return None


def route(template: str, prefix: str) -> Route:
    """The route of a template such as `things/{id:int}/{part?}`. Raises RouteError."""
    pattern, rank = "", []
    checks: dict[str, list[Check]] = {}
    defaults: dict[str, str] = {}
    for segment in "/".join(part for part in (prefix, template.strip("/")) if part).split("/"):
        parameter = PARAMETER.fullmatch(segment)
        if "{" in PARAMETER.sub("", segment) or "}" in PARAMETER.sub("", segment):
            raise RouteError(f"the segment {segment!r} can't be read")
        for stars, name, constraints, default, _ in PARAMETER.findall(segment):
            checks[name] = _checks(constraints)
            if default:
                defaults[name] = default[1:]
            rank.append(_rank(bool(stars), bool(constraints)))
        if not PARAMETER.search(segment):
            rank.append(1)
        pattern += _optional(parameter) if parameter else "/" + _mixed(segment)
    return Route(re.compile(pattern, re.IGNORECASE), checks, defaults, tuple(rank))


def _rank(catches_all: bool, constrained: bool) -> int:
    return (5 if catches_all else 3) - constrained


def _optional(parameter: re.Match[str]) -> str:
    stars, name, _, default, optional = parameter.groups()
    if stars:
        return f"(?:/(?P<{name}>.*))?"
    inner = f"/(?P<{name}>[^/]+)"
    return f"(?:{inner})?" if optional or default else inner


def _mixed(segment: str) -> str:
    """A segment of text, or of text and parameters such as `{name}.json`."""
    parts, end = "", 0
    for match in PARAMETER.finditer(segment):
        parts += re.escape(segment[end : match.start()]) + f"(?P<{match[2]}>[^/]+?)"
        end = match.end()
    return parts + re.escape(segment[end:])


class Table:
    """Routes by precedence: `find` gives the function of the best one that has the method."""

    def __init__(self, rows: Iterable[tuple[Route, frozenset[str], str]]) -> None:
        self._rows = sorted(rows, key=lambda row: row[0].rank)

    def find(self, method: str, raw_path: str) -> tuple[str, dict[str, str]] | None:
        """(function's name, route parameters), or None. `raw_path`: still percent-encoded."""
        path = decoded(raw_path).rstrip("/")
        for one, methods, name in self._rows:
            if (not methods or method in methods) and (found := one.match(path)) is not None:
                return name, found
        return None


def decoded(raw_path: str) -> str:
    """The path as text; an encoded slash stays encoded, so that it parts nothing."""
    return unquote(re.sub("(?i)%2f", "%252F", raw_path))
