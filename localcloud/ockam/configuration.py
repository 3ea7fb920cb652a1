"""What `ockam node create` is given: the keys of its configuration that this stand-in knows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

DEFAULT_NAME = "default"
KEYS = {"name", "relay", "tcp-outlet", "tcp-inlet"}


class BadConfiguration(ValueError):
    """The message says which key is wrong, and how it should be."""


@dataclass(frozen=True)
class Outlet:
    """Where callers are brought to, `host:port` as this machine sees it, and which attribute they must have. `relay`:
    the name under which they call."""

    relay: str
    host: str
    port: int
    allow: str


@dataclass(frozen=True)
class Inlet:
    """Where to listen, by which relay to call, and which attribute the answering end must have."""

    host: str
    port: int
    relay: str
    allow: str


@dataclass(frozen=True)
class Configuration:
    name: str
    outlet: Outlet | None
    inlet: Inlet | None


def load(given: str) -> Configuration:
    """Of a file's path, or of inline YAML or JSON. Raises BadConfiguration."""
    text = given
    if "\n" not in given and not given.lstrip().startswith("{") and ": " not in given:
        try:
            text = Path(given).read_text()
        except OSError as error:
            raise BadConfiguration(f"cannot read the configuration {given}: {error.strerror}") from error
    try:
        tree = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except yaml.YAMLError as error:
        raise BadConfiguration(f"the configuration is neither YAML nor JSON: {error}") from error
    return _configuration(_mapping(tree, "the configuration", KEYS))


def _configuration(tree: dict[str, Any]) -> Configuration:
    name = str(tree.get("name", DEFAULT_NAME))
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise BadConfiguration("`name` must be letters, digits, dots, dashes and underscores")
    if ("relay" in tree) != ("tcp-outlet" in tree):
        raise BadConfiguration("`relay` and `tcp-outlet` go together: the one is how the other is called")
    outlet = _outlet(tree["tcp-outlet"], str(tree["relay"])) if "tcp-outlet" in tree else None
    inlet = _inlet(tree["tcp-inlet"]) if "tcp-inlet" in tree else None
    if outlet is None and inlet is None:
        raise BadConfiguration("there is nothing to do: give `relay` with `tcp-outlet`, or `tcp-inlet`")
    return Configuration(name, outlet, inlet)


def _outlet(value: Any, relay: str) -> Outlet:
    tree = _mapping(value, "`tcp-outlet`", {"to", "allow"}, all_of_them=True)
    return Outlet(relay, *_address(tree["to"], "`tcp-outlet.to`"), allow=str(tree["allow"]))


def _inlet(value: Any) -> Inlet:
    tree = _mapping(value, "`tcp-inlet`", {"from", "via", "allow"}, all_of_them=True)
    return Inlet(*_address(tree["from"], "`tcp-inlet.from`"), relay=str(tree["via"]), allow=str(tree["allow"]))


def _mapping(value: Any, what: str, keys: set[str], *, all_of_them: bool = False) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadConfiguration(f"{what} must be a mapping")
    unknown = sorted(str(key) for key in value if key not in keys)
    if unknown:
        raise BadConfiguration(f"{what} has keys that this stand-in does not know: {', '.join(unknown)}")
    missing = sorted(keys - value.keys()) if all_of_them else []
    if missing:
        raise BadConfiguration(f"{what} needs {', '.join(missing)}")
    return value


def _address(value: Any, what: str) -> tuple[str, int]:
    host, colon, port = str(value).rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise BadConfiguration(f"{what} must be host:port")
    return host, int(port)
