"""host.json and local.settings.json: what is known is used, what is not known is named."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localcloud.host.app import AppError

KNOWN = {
    "version",
    "functionTimeout",
    "extensionBundle.id",
    "extensionBundle.version",
    "extensions.http.routePrefix",
    "extensions.durableTask.hubName",
    "extensions.durableTask.maxConcurrentActivityFunctions",
    "extensions.durableTask.maxConcurrentOrchestratorFunctions",
}
WITHOUT_EFFECT = {
    "extensions.durableTask.extendedSessionsEnabled": "every episode replays here",
    "extensions.durableTask.extendedSessionIdleTimeoutInSeconds": "every episode replays here",
    "extensions.durableTask.storageProvider": "the task hub is one SQLite file here",
    "extensions.durableTask.tracing": "there is no tracing here",
    "telemetryMode": "nothing is exported from here",
    "logging": "all of the app's log lines are shown here",
}
DEFAULT_TIMEOUT = "00:05:00"
HUB_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{2,44}")
PLACEHOLDER = re.compile(r"%([^%]+)%")


@dataclass(frozen=True)
class HostSettings:
    """`timeout`: seconds a function may take, None for no limit. `notes`: words about settings without effect."""

    hub: str = "TestHubName"
    prefix: str = "api"
    timeout: float | None = 300.0
    activities: int = 10
    orchestrators: int = 10
    notes: tuple[str, ...] = field(default=())


def read(folder: Path) -> HostSettings:
    """The settings of host.json. Raises AppError with every finding."""
    document = _document(folder / "host.json", required=True)
    leaves = dict(_leaves(document))
    cores = os.cpu_count() or 1
    findings: list[str] = []
    if document.get("version") != "2.0":
        findings.append('host.json: version must be "2.0".')
    timeout = _timeout(leaves.get("functionTimeout", DEFAULT_TIMEOUT), findings)
    hub = leaves.get("extensions.durableTask.hubName", "TestHubName")
    if not isinstance(hub, str) or not HUB_NAME.fullmatch(hub):
        findings.append("host.json: extensions.durableTask.hubName must be 3 to 45 letters and digits, a letter first.")
    prefix = leaves.get("extensions.http.routePrefix", "api")
    if not isinstance(prefix, str):
        findings.append("host.json: extensions.http.routePrefix must be a string; an empty one means no prefix.")
    settings = {}
    for name in ("Activity", "Orchestrator"):
        key = f"extensions.durableTask.maxConcurrent{name}Functions"
        number = leaves.get(key, 10 * cores)
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            findings.append(f"host.json: {key} must be a whole number from 1 on.")
        settings[name] = number
    if findings:
        raise AppError(*findings)
    notes = tuple(_notes(leaves))
    return HostSettings(hub, prefix.strip("/"), timeout, settings["Activity"], settings["Orchestrator"], notes)


def _document(path: Path, *, required: bool) -> dict[str, Any]:
    if not path.exists():
        if required:
            raise AppError(f'{path}: there is no such file. The least that it can say is {{"version": "2.0"}}.')
        return {}
    try:
        document = json.loads(path.read_text())
    except ValueError as error:
        raise AppError(f"{path}: it is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise AppError(f"{path}: it must be a JSON object.")
    return document


def _leaves(document: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in document.items():
        name = f"{above}{key}"
        if isinstance(value, dict) and value and name not in WITHOUT_EFFECT:
            yield from _leaves(value, f"{name}.")
        else:
            yield name, value


def _notes(leaves: Mapping[str, Any]) -> Iterator[str]:
    for name in leaves:
        if name in WITHOUT_EFFECT:
            yield f"host.json: {name} has no effect: {WITHOUT_EFFECT[name]}"
        elif name not in KNOWN:
            yield f"host.json: {name} is not known to this host and has no effect"


def _timeout(text: Any, findings: list[str]) -> float | None:
    if str(text) == "-1":
        return None
    parts = str(text).split(":")
    if len(parts) == 3 and all(part.isdigit() for part in parts):
        return float(int(parts[0]) * 3600 + int(parts[1]) * 60 + int(parts[2]))
    findings.append('host.json: functionTimeout must be "hh:mm:ss", or -1 for no limit.')
    return None


def apply_local_settings(folder: Path, environment: MutableMapping[str, str]) -> None:
    """local.settings.json's values become environment variables; those that are set already stay."""
    values = _document(folder / "local.settings.json", required=False).get("Values", {})
    if not isinstance(values, dict) or any(not isinstance(value, str) for value in values.values()):
        raise AppError("local.settings.json: Values must be an object of strings.")
    for key, value in values.items():
        environment.setdefault(key, value)


def resolved(text: str, environment: Mapping[str, str], where: str) -> str:
    """The text with each %NAME% replaced by that setting. Raises AppError for one that is not set."""
    missing = [name for name in PLACEHOLDER.findall(text) if name not in environment]
    if missing:
        raise AppError(*(f"{where}: the setting {name} that %{name}% stands for is not set." for name in missing))
    return PLACEHOLDER.sub(lambda match: environment[match[1]], text)
