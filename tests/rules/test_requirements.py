"""What runs on Azure is pinned, and is what the app imports."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import version

import pytest

from tests.rules.source import APP, OURS, ROOT, every, imports

LINES = [
    line for line in (ROOT / "requirements.txt").read_text().splitlines() if line.strip() and not line.startswith("#")
]
PIN = re.compile(
    r'(?P<name>[a-z0-9-]+)==(?P<version>\d[\w.]*)(; python_version (?P<than>[<>]=?) "(?P<python>3\.\d+)")?'
)
DISTRIBUTIONS = {
    "azure.core": "azure-identity",  # comes with it
    "azure.functions": "azure-functions",
    "azure.durable_functions": "azure-functions-durable",
    "azure.identity": "azure-identity",
    "azure.keyvault": "azure-keyvault-secrets",
    "azure.storage": "azure-storage-blob",
    "azure.mgmt.resource": "azure-mgmt-resource",
    "azure.mgmt.network": "azure-mgmt-network",
    "azure.mgmt.privatedns": "azure-mgmt-privatedns",
    "azure.mgmt.compute": "azure-mgmt-compute",
    "azure.mgmt.cognitiveservices": "azure-mgmt-cognitiveservices",
    "azure.mgmt.msi": "azure-mgmt-msi",
    "azure.mgmt.authorization": "azure-mgmt-authorization",
    "cryptography": "cryptography",
    "opentelemetry": "azure-functions-durable",  # comes with it
    "pydantic": "pydantic",
    "requests": "requests",
    "urllib3": "requests",  # comes with it
    "typing_extensions": "typing-extensions",
}


IMPORTED_BY_THE_PLATFORM = {"azure-monitor-opentelemetry"}
"""By the worker, where an app setting turns telemetry on (docs/telemetry.md); never by the app."""


def parsed(line: str) -> re.Match[str]:
    match = PIN.fullmatch(line)
    assert match, line
    return match


@pytest.mark.parametrize("line", LINES)
def test_a_requirement_is_pinned_to_one_version(line: str) -> None:
    assert PIN.fullmatch(line)


@pytest.mark.parametrize("line", LINES)
def test_what_is_pinned_is_what_is_tested_here(line: str) -> None:
    pin = parsed(line)
    here = f"3.{sys.version_info.minor}"
    older = tuple(map(int, here.split("."))) < tuple(map(int, (pin["python"] or here).split(".")))
    if pin["than"] and (pin["than"] == "<") != older:
        return
    assert version(pin["name"]) == pin["version"]


def test_every_python_version_that_is_promised_has_its_functions_sdk() -> None:
    wanted = [parsed(line) for line in LINES if line.startswith("azure-functions==")]
    assert {(pin["than"], pin["python"]) for pin in wanted} == {("<", "3.13"), (">=", "3.13")}


def test_everything_that_the_app_imports_is_required() -> None:
    names = {name for path in every(*APP) for name in imports(path)}
    foreign = {
        n for n in names if n.split(".")[0] not in {*sys.stdlib_module_names, *OURS, "__future__"} and n != "azure"
    }
    unknown = [
        name for name in foreign if not any(name == known or name.startswith(f"{known}.") for known in DISTRIBUTIONS)
    ]
    assert unknown == []
    pinned = {parsed(line)["name"] for line in LINES}
    assert set(DISTRIBUTIONS.values()) | IMPORTED_BY_THE_PLATFORM == pinned


def test_the_commands_packages_are_not_asked_for_on_azure() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extra = {
        re.split(r"[<>=\[]", word)[0].lower()
        for group in ("local", "cli", "dev")
        for word in project["optional-dependencies"][group]
    }
    assert not extra & ({parsed(line)["name"] for line in LINES} - {"cryptography"})
