"""The same request is the same plan, to the letter, wherever it is made."""

from __future__ import annotations

import pytest

from tests.unit.golden import FOLDER, TICKETS, plans, text


@pytest.mark.parametrize("name", plans())
def test_a_plan_is_the_text_that_is_kept(name: str) -> None:
    assert text(plans()[name]) == (FOLDER / f"{name}.json").read_text()


def test_no_ticket_is_in_a_plan() -> None:
    assert not [ticket for ticket in TICKETS.values() if ticket in text(plans())]
