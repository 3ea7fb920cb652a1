"""Each package's docstring is its map; each room is small and says what it is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.rules.source import APP, ROOT, every, modules, tree

PACKAGES = sorted({path.parent for path in every(*APP)})


@pytest.mark.parametrize("package", PACKAGES, ids=str)
def test_the_map_names_every_module_and_no_other(package: Path) -> None:
    doc = ast.get_docstring(tree(package / "__init__.py")) or ""
    named = set(re.findall(r"^(\w+)\.py\b", doc, re.MULTILINE))
    assert named == {path.stem for path in (ROOT / package).glob("*.py")} - {"__init__"}


@pytest.mark.parametrize("path", [*every(*APP, "docs", "tests/unit", "tests/rules"), Path("function_app.py")], ids=str)
def test_a_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(tree(path))


@pytest.mark.parametrize("path", every("activities", "orchestrators", "triggers"), ids=str)
def test_a_room_is_not_larger_than_a_room(path: Path) -> None:
    assert len((ROOT / path).read_text().splitlines()) <= 320


@pytest.mark.parametrize("path", modules("tests/unit") + modules("tests/rules"), ids=str)
def test_these_tests_do_not_sleep_and_patch_nothing(path: Path) -> None:
    called = {ast.unparse(node.func) for node in ast.walk(tree(path)) if isinstance(node, ast.Call)}
    assert not {name for name in called if name.endswith((".sleep", ".patch")) or name in ("sleep", "patch")}
