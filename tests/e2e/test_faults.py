"""Some of the faults on the full stack; `make reliability` goes through all of them."""

from __future__ import annotations

import random

import pytest

from localcloud.conductor import LocalCloud
from tests.e2e.faulty import CELLS, READY, lived

pytestmark = pytest.mark.world
SEED = 20261128
PASSING = [cell for cell in CELLS if cell.comes_to == READY]
TERMINAL = [cell for cell in CELLS if cell.comes_to != READY]


def test_with_faults_an_environment_gets_ready_or_fails_with_the_right_code_and_is_cleaned_up(
    cloud: LocalCloud,
) -> None:
    drawn = random.Random(SEED)
    cells = [*drawn.sample(PASSING, 2), *drawn.sample(TERMINAL, 1)]
    assert lived(cloud, cells) == {cell.name: [] for cell in cells}


def test_there_are_about_twenty_and_their_names_are_their_own() -> None:
    assert len(CELLS) >= 20
    assert len({cell.name for cell in CELLS}) == len(CELLS)
