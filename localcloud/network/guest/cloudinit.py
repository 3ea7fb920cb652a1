"""Custom data to actions: cloud-config, scripts, MIME multipart, gzip. Pure; `performing` does them.

What is not simulated is said, never skipped in silence.
"""

from __future__ import annotations

import base64
import binascii
import email
import gzip
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import yaml

_GZIP = b"\x1f\x8b"
_MIME = ("content-type: multipart", "mime-version:")
_WITHOUT_EFFECT = {"merge_how", "merge_type", "final_message", "preserve_hostname", "package_update", "package_upgrade"}
"""Keys that change nothing in a VM that is alone and whose packages never change."""
_ENCODINGS = {
    "b64": ("b64",),
    "base64": ("b64",),
    "gz": ("gz",),
    "gzip": ("gz",),
    "gz+b64": ("b64", "gz"),
    "gz+base64": ("b64", "gz"),
    "gzip+b64": ("b64", "gz"),
    "gzip+base64": ("b64", "gz"),
}


@dataclass(frozen=True)
class WriteFile:
    path: str
    content: bytes
    mode: int = 0o644
    append: bool = False
    deferred: bool = False


@dataclass(frozen=True)
class Actions:
    """What custom data wants. `boot_commands` are run at every boot, everything else at the first one.

    scripts: whole user scripts; notes: what isn't simulated, or was not understood, in words
    """

    boot_commands: tuple[str, ...] = ()
    files: tuple[WriteFile, ...] = ()
    commands: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __add__(self, other: Actions) -> Actions:
        return Actions(
            self.boot_commands + other.boot_commands,
            self.files + other.files,
            self.commands + other.commands,
            self.scripts + other.scripts,
            self.notes + other.notes,
        )


def _note(text: str) -> Actions:
    return Actions(notes=(text,))


def actions(data: bytes) -> Actions:
    """Reads custom data. What can't be read becomes a note, as in Azure, where such a VM comes up all the same."""
    found = Actions()
    for text in _parts(data):
        found += _part(text)
    return found


def _parts(data: bytes) -> Iterator[str]:
    if data.startswith(_GZIP):
        data = gzip.decompress(data)
    text = data.decode(errors="replace")
    if not text.lower().startswith(_MIME):
        yield text
        return
    for part in email.message_from_string(text).walk():
        if not part.is_multipart():
            payload = part.get_payload(decode=True)
            yield from _parts(payload if isinstance(payload, bytes) else b"")


def _part(text: str) -> Actions:
    if not text.strip():
        return Actions()
    if text.startswith("#!"):
        return Actions(scripts=(text,))
    if not text.startswith("#cloud-config"):
        return _note(f"not simulated: part that begins with {text.splitlines()[0][:60]!r}")
    try:
        config = yaml.safe_load(text)
    except yaml.YAMLError as error:
        return _note(f"failed: cloud-config is no YAML: {' '.join(str(error).split())}")
    if not isinstance(config, dict | None):
        return _note("failed: cloud-config is no mapping")
    return _config(config or {})


def _config(config: dict[str, Any]) -> Actions:
    readers: dict[str, Callable[[Any], Actions]] = {
        "bootcmd": lambda value: Actions(boot_commands=_commands(value)),
        "runcmd": lambda value: Actions(commands=_commands(value)),
        "write_files": _files,
        "packages": _packages,
        "users": lambda value: _note("not simulated: users (there is only root)"),
    }
    found = Actions()
    for key, value in config.items():
        if key in readers:
            try:
                found += readers[key](value)
            except (TypeError, ValueError, KeyError, AttributeError) as error:
                found += _note(f"failed: {key}: {type(error).__name__}: {error}")
        elif key not in _WITHOUT_EFFECT:
            found += _note(f"not simulated: {key}")
    return found


def _commands(listed: list[Any]) -> tuple[str, ...]:
    if not isinstance(listed, list):
        raise TypeError("a list was expected")
    return tuple(item if isinstance(item, str) else shlex.join(str(word) for word in item) for item in listed)


def _files(listed: list[dict[str, Any]]) -> Actions:
    found = Actions()
    for entry in listed:
        found += Actions(files=(_file(entry),))
        if entry.get("owner", "root:root") not in ("root", "root:root"):
            found += _note(f"not simulated: owner {entry['owner']} of {entry['path']} (it is root's)")
    return found


def _file(entry: dict[str, Any]) -> WriteFile:
    content = entry.get("content", "")
    data = content if isinstance(content, bytes) else str(content).encode()
    mode = entry.get("permissions", 0o644)
    return WriteFile(
        entry["path"],
        _decoded(data, entry.get("encoding", "")),
        int(mode, 8) if isinstance(mode, str) else int(mode),
        bool(entry.get("append", False)),
        bool(entry.get("defer", False)),
    )


def _decoded(data: bytes, encoding: str) -> bytes:
    if encoding in ("", "text/plain"):
        return data
    if encoding not in _ENCODINGS:
        raise ValueError(f"unknown encoding {encoding}")
    for step in _ENCODINGS[encoding]:
        try:
            data = base64.b64decode(data) if step == "b64" else gzip.decompress(data)
        except (binascii.Error, OSError, EOFError) as error:
            raise ValueError(f"content is not {encoding}") from error
    return data


def _packages(listed: list[Any]) -> Actions:
    names = ", ".join(item if isinstance(item, str) else " ".join(map(str, item)) for item in listed)
    return _note(f"not simulated: packages {names} (a local VM has what this machine has)")


def moved(wanted: Actions, relocate: Callable[[str], str]) -> Actions:
    """The same with every text given through `relocate`; the paths of files stay as they are."""

    def text(data: bytes) -> bytes:
        try:
            return relocate(data.decode()).encode()
        except UnicodeDecodeError:
            return data

    return Actions(
        tuple(map(relocate, wanted.boot_commands)),
        tuple(replace(file, content=text(file.content)) for file in wanted.files),
        tuple(map(relocate, wanted.commands)),
        tuple(map(relocate, wanted.scripts)),
        wanted.notes,
    )
