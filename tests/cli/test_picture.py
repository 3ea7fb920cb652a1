"""What people see, compared with what was recorded and looked at; and that it fits."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from tests.cli.lives import Life
from tests.cli.record import FOLDER, MANY, MOMENTS, SCREENS, live, recordings

RECORDED = recordings()


@pytest.mark.parametrize("name", RECORDED)
def test_the_picture_is_the_recorded_one(name: str) -> None:
    assert RECORDED[name] == (FOLDER / name).read_text(), "look at it; if it is right: python -m tests.cli.record"


def test_no_recording_is_left_over() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(RECORDED)


@pytest.mark.parametrize("name", MOMENTS)
@pytest.mark.parametrize(("width", "height"), [*SCREENS, (60, 12), (40, 10), (200, 60)])
def test_a_live_picture_fits_the_screen_with_a_line_for_the_cursor(name: str, width: int, height: int) -> None:
    lines = live(*MOMENTS[name], width, height).splitlines()
    assert len(lines) < height
    assert max(map(cell_len, lines)) <= width


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_of_twenty_consumers_every_one_is_seen(width: int, height: int) -> None:
    text = live(MANY, 75, width, height)
    assert all(f"\ncorp-{number} " in text for number in range(1, 21))


def test_where_not_all_fit_the_failed_one_does_and_the_rest_is_counted() -> None:
    text = live(*MOMENTS["many-failed"], 80, 8)
    assert "corp-7   ✔✔✔✔✔✔✔✔✔✔✘" in text
    assert "16 more" in text
    assert "15 waiting" not in live(MANY, 75, 80, 8)


def test_every_state_has_a_mark_of_its_own_beside_its_colour() -> None:
    from cli.picture import MARKS

    marks = [mark for state, (mark, _) in MARKS.items() if state not in ("removing", "pending")]
    assert len(set(marks)) == len(marks)


@pytest.mark.parametrize("second", [0.0, 2.0])
def test_before_there_is_a_plan_there_is_a_head(second: float) -> None:
    assert live(Life(), second, 80, 24).split() in (["demo", "requested"], ["demo", "planning"])


def test_long_names_and_little_room() -> None:
    text = live(Life(name="a-name-that-is-24-letters"[:24], consumers=3), 75, 40, 24)
    assert max(map(cell_len, text.splitlines())) <= 40
