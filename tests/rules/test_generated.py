"""Generated pages are what their tables say."""

from __future__ import annotations

import json

import pytest

from docs.generate import FOLDER, pages
from isthmus.permissions import actions
from localcloud.azure.table import ROWS


@pytest.mark.parametrize("name", pages())
def test_a_generated_page_is_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_text() == pages()[name], "run `make docs`"


@pytest.mark.parametrize("name", pages())
def test_the_map_of_the_folder_names_the_page(name: str) -> None:
    assert name in (FOLDER / "__init__.py").read_text()


def test_generating_twice_gives_the_same() -> None:
    assert pages() == pages()


def test_the_roles_hold_every_action_of_the_table() -> None:
    provisioner, vault = json.loads(pages()["role.json"])
    assert provisioner["Actions"] == actions("subscription")
    assert vault["Actions"] == actions("vault")


def test_every_type_of_the_local_cloud_is_in_its_page() -> None:
    assert all(f"| {row.type} |" in pages()["localcloud.md"] for row in ROWS)
