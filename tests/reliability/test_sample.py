"""A seeded sample of the runs that `python -m tests.reliability` goes through whole."""

from __future__ import annotations

import pytest

from tests.reliability.figures import SECTIONS, Outcome, Section, drawn, lived

SEED = 20261124
SAMPLE = {
    "faults": 8,
    "states": 4,
    "deaths": 6,
    "wishes": 4,
    "orders": 2,
    "twice": 3,
    "denied": 3,
    "secrets": 3,
    "chaos1": 1,
    "chaos5": 1,
    "chaos20": 1,
}


@pytest.mark.parametrize("section", SECTIONS, ids=[section.name for section in SECTIONS])
def test_nothing_is_lost_and_nothing_is_left(section: Section) -> None:
    runs = drawn(section.runs(SEED), SAMPLE[section.name], SEED)
    outcome = Outcome(section, list(lived(runs, processes=1)))
    assert len(outcome.judgements) == SAMPLE[section.name]
    assert {judgement.what: judgement.wrong for judgement in outcome.wrong()} == {}
    assert sum(judgement.duplicates + judgement.lost for judgement in outcome.judgements) == 0
