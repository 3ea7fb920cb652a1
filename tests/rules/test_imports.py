"""Imports go one way (ARCHITECTURE.md)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.source import APP, OURS, ROOT, every, imports, modules, tops

MAY = {
    "isthmus": {"isthmus"},
    "orchestrators": {"isthmus", "orchestrators"},
    "activities": {"isthmus", "activities"},
    "triggers": {"isthmus", "activities", "triggers"},
    "cli": {"isthmus", "cli"},
}
TRIGGERS_USE = {
    *("bookkeeping", "cleanup", "cloud", "keyvault", "outbox", "planning", "preflight", "records", "registry", "steps"),
    *("telemetry", "web"),
}
"""Of activities: the vault and the records with their outboxes, what leads to them, what only looks, and what is told
of them."""


@pytest.mark.parametrize("path", every(*MAY), ids=str)
def test_a_module_imports_only_what_its_package_may(path: Path) -> None:
    assert tops(path) & set(OURS) <= MAY[path.parts[0]]


@pytest.mark.parametrize("path", modules("triggers"), ids=str)
def test_triggers_build_and_remove_nothing_themselves(path: Path) -> None:
    used = {name.split(".")[1] for name in imports(path) if name.startswith("activities.")}
    assert used <= TRIGGERS_USE


@pytest.mark.parametrize("path", [*every(*APP), Path("function_app.py")], ids=str)
def test_the_app_knows_nothing_of_being_local(path: Path) -> None:
    assert "localcloud" not in tops(path)
    text = (ROOT / path).read_text().lower()
    assert not [
        word
        for word in ("localcloud", "local cloud", "127.0.0.1:5", "if local")
        if word in text.replace("a route in the local cloud", "")
    ]


def test_the_entry_point_only_registers() -> None:
    assert tops(Path("function_app.py")) & set(OURS) == {"activities", "orchestrators", "triggers"}


@pytest.mark.parametrize("name", ["azure", "http", "platform"])
def test_no_package_of_ours_hides_one_of_pythons_or_azures(name: str) -> None:
    assert not (ROOT / name).exists()
    assert not (ROOT / f"{name}.py").exists()


def test_the_rule_is_about_every_package_of_the_app() -> None:
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert found <= set(OURS)
    assert set(APP) <= found
