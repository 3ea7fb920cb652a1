"""systemd unit files of services, as far as local VMs know them: text to data, and what isn't simulated in words."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

SIMULATED = {
    "Type",
    "ExecStartPre",
    "ExecStart",
    "ExecStop",
    "Restart",
    "RestartSec",
    "Environment",
    "EnvironmentFile",
    "WorkingDirectory",
    "RemainAfterExit",
    "TimeoutStartSec",
    "TimeoutStopSec",
    "StartLimitIntervalSec",
    "StartLimitBurst",
    "WantedBy",
}
WORDS_ONLY = {"Description", "Documentation", "After", "Wants", "Requires", "Before", "Alias"}
"""Said without need of doing: units start one after the other."""
TYPES = ("simple", "exec", "oneshot", "idle", "notify")
RESTARTS = ("no", "on-failure", "always", "on-success", "on-abnormal")
_UNITS = {"ms": 0.001, "s": 1.0, "sec": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0}
_TIME = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)")
_VARIABLE = re.compile(r"\$\{(\w+)\}")


class UnitError(ValueError):
    """The unit can't be run as it is written; the message says why."""


@dataclass(frozen=True)
class Command:
    """`optional`: written with "-": its failure is none."""

    words: tuple[str, ...]
    optional: bool = False

    def expanded(self, variables: Mapping[str, str]) -> list[str]:
        """${NAME} within a word, and $NAME as a whole one, which is split at blanks."""
        words: list[str] = []
        for word in self.words:
            if word.startswith("$") and word[1:].isidentifier():
                words += variables.get(word[1:], "").split()
            else:
                words.append(_VARIABLE.sub(lambda found: variables.get(found[1], ""), word))
        return words


@dataclass(frozen=True)
class Unit:
    """One service. Times in seconds."""

    name: str
    kind: str = "simple"
    start_pre: tuple[Command, ...] = ()
    start: tuple[Command, ...] = ()
    stop: tuple[Command, ...] = ()
    restart: str = "no"
    restart_seconds: float = 0.1
    environment: Mapping[str, str] = field(default_factory=dict)
    environment_files: tuple[str, ...] = ()
    directory: str = "/"
    remain: bool = False
    stop_seconds: float = 90.0
    start_limit: tuple[int, float] = (5, 10.0)
    wanted_by: tuple[str, ...] = ()
    not_simulated: tuple[str, ...] = ()


def full_name(name: str) -> str:
    """`ockam` means `ockam.service`. Raises UnitError for units that are no services."""
    if name.endswith(".service"):
        return name
    if name.endswith((".timer", ".socket", ".target", ".path", ".mount")):
        raise UnitError(f"{name}: only services are simulated in local VMs")
    return f"{name}.service"


def parse(name: str, text: str) -> Unit:
    """Raises UnitError."""
    values, unknown = _values(text)

    def last(key: str, otherwise: str) -> str:
        return values.get(key, [otherwise])[-1]

    kind, restart = last("Type", "simple"), last("Restart", "no")
    if kind not in TYPES:
        raise UnitError(f"{name}: Type={kind} is not simulated in local VMs ({', '.join(TYPES)} are)")
    if restart not in RESTARTS:
        raise UnitError(f"{name}: Restart={restart} is not simulated in local VMs")
    start = _commands(name, values, "ExecStart")
    if not start or (len(start) > 1 and kind != "oneshot"):
        raise UnitError(f"{name}: it needs {'an' if kind == 'oneshot' else 'exactly one'} ExecStart=")
    burst, interval = last("StartLimitBurst", "5"), last("StartLimitIntervalSec", "10")
    return Unit(
        name,
        kind,
        _commands(name, values, "ExecStartPre"),
        start,
        _commands(name, values, "ExecStop"),
        restart,
        seconds(last("RestartSec", "100ms")),
        _environment(values.get("Environment", [])),
        tuple(values.get("EnvironmentFile", [])),
        last("WorkingDirectory", "/").removeprefix("-") or "/",
        last("RemainAfterExit", "no").lower() in ("yes", "true", "1", "on"),
        seconds(last("TimeoutStopSec", "90")),
        (int(burst), seconds(interval)),
        tuple(target for line in values.get("WantedBy", []) for target in line.split()),
        tuple(unknown),
    )


def _values(text: str) -> tuple[dict[str, list[str]], list[str]]:
    """Every key's values in order (an empty value forgets the former ones), and the keys that mean nothing here."""
    values: dict[str, list[str]] = {}
    unknown: list[str] = []
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals or key.startswith(("#", ";", "[")):
            continue
        if key not in SIMULATED | WORDS_ONLY and key not in unknown:
            unknown.append(key)
        values[key] = [*values.get(key, []), value] if value else []
    return {key: found for key, found in values.items() if found}, unknown


def _commands(name: str, values: Mapping[str, list[str]], key: str) -> tuple[Command, ...]:
    found = []
    for line in values.get(key, []):
        flags = re.match(r"[-+!:@]*", line)
        prefix = flags[0] if flags else ""
        if "@" in prefix:
            raise UnitError(f"{name}: {key}=@... is not simulated in local VMs")
        try:
            words = tuple(_specifiers(word, name) for word in shlex.split(line[len(prefix) :]))
        except ValueError as error:
            raise UnitError(f"{name}: {key}: {error}") from error
        found.append(Command(words, "-" in prefix))
    return tuple(found)


def _specifiers(word: str, name: str) -> str:
    stem = name.removesuffix(".service")
    known = {"%n": name, "%N": stem, "%p": stem, "%%": "%"}
    return re.sub(r"%.", lambda found: known.get(found[0], found[0]), word)


def _environment(lines: list[str]) -> dict[str, str]:
    pairs = (word.partition("=") for line in lines for word in shlex.split(line))
    return {name: value for name, _, value in pairs}


def environment_file(text: str) -> dict[str, str]:
    """The variables in an EnvironmentFile."""
    found = {}
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith(("#", ";")):
            found[name.strip()] = value.strip().strip("\"'")
    return found


def seconds(text: str) -> float:
    """ "5", "100ms", "1min 30s"; "infinity" and "0" as a timeout: a day."""
    if text.strip() in ("infinity", ""):
        return 86400.0
    return sum(float(number) * _UNITS.get(unit or "s", 1.0) for number, unit in _TIME.findall(text))
