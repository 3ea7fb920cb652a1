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


IN_ONE_PROCESS = [section for section in SECTIONS if section.name != "stack"]
"""Of the full stack tests/e2e/test_faults.py takes some."""


@pytest.mark.parametrize("section", IN_ONE_PROCESS, ids=[section.name for section in IN_ONE_PROCESS])
def test_nothing_is_lost_and_nothing_is_left(section: Section) -> None:
    runs = drawn(section.runs(SEED), SAMPLE[section.name], SEED)
    outcome = Outcome(section, [judgement for judged in lived(runs, processes=1) for judgement in judged])
    assert len(outcome.judgements) == SAMPLE[section.name]
    assert {judgement.what: judgement.wrong for judgement in outcome.wrong()} == {}
    assert sum(judgement.duplicates + judgement.lost for judgement in outcome.judgements) == 0
