"""Every field of a request and every app setting is documented."""

from __future__ import annotations

import re

import pytest

from docs.generate import pages
from isthmus.openapi import document
from isthmus.settings import MEANINGS, OPTIONAL, TUNING
from tests.rules.source import APP, every

INPUTS = (
    "Button",
    "Corp",
    "Listing",
    "Model",
    "Receiver",
    "Renewal",
    "Retry",
    "Spec",
    "Sweep",
    "TicketsByOckam",
    "TicketsByRequest",
)
SETTING = re.compile(r"""["%]((?:ISTHMUS|AZURE|WEBSITE)_[A-Z_]+)["%]""")


@pytest.mark.parametrize("name", [name for name in INPUTS if name in document()["components"]["schemas"]])
def test_every_field_of_a_request_has_a_description(name: str) -> None:
    fields = document()["components"]["schemas"][name]["properties"]
    assert [field for field, told in fields.items() if not told.get("description")] == []


def test_every_field_of_the_spec_stands_in_the_docs() -> None:
    text = pages()["request.md"]
    fields = document()["components"]["schemas"]["Spec"]["properties"]
    assert [field for field in fields if f"| `{field}` |" not in text] == []


def test_every_setting_stands_in_the_docs() -> None:
    assert [name for name in MEANINGS | OPTIONAL | TUNING if f"| `{name}` |" not in pages()["settings.md"]] == []


def test_every_setting_that_the_app_reads_is_documented_and_no_other() -> None:
    read = {name for path in every(*APP) if path.stem != "settings" for name in SETTING.findall(path.read_text())}
    assert read == set(OPTIONAL), f"beside what Settings reads: {', '.join(MEANINGS)}"
