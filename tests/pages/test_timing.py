"""Bars and the critical path on one axis."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from isthmus.pages import environment_page
from isthmus.pages.timing import all_steps, axis, in_order, planned, shown_pace
from isthmus.pages.words import duration
from isthmus.timeleft import time_left
from tests.pages import samples


def step_of(document: samples.Document, step_id: str) -> samples.Document:
    return dict(next(step for step in all_steps(document) if step["id"] == step_id))


def test_the_axis_holds_what_was_and_what_is_planned() -> None:
    document = samples.building()
    scale = axis(document, samples.moment(92))
    assert scale.length > document["estimate_seconds"]
    assert scale.now == pytest.approx(92 - 2.4)
    assert 3 <= len(scale.ticks) <= 6


def test_a_bar_ends_when_its_step_did_and_now_if_it_has_not() -> None:
    document, now = samples.building(), samples.moment(92)
    scale = axis(document, now)
    done, going = step_of(document, "ai-corp/openai_account"), step_of(document, "ai-corp/virtual_machine")
    begin, end = scale.span(done, now) or (0.0, 0.0)
    assert end - begin == pytest.approx(done["took"], abs=0.01)
    assert (scale.span(going, now) or (0, 0))[1] == scale.now
    assert scale.span(step_of(document, "ai-corp/proof"), now) is None


def test_the_plans_bars_follow_each_other_to_the_estimate() -> None:
    document = samples.building()
    times = list(planned(document, 1.0).values())
    assert all(before[1] == after[0] for before, after in pairwise(times))
    assert times[-1][1] == pytest.approx(document["estimate_seconds"])


def test_where_things_go_faster_the_plan_is_scaled_to_that() -> None:
    def hurry(step: samples.Document) -> None:
        step["took"] = step["took"] and step["typical"] / 20

    fast = samples.each_step(samples.ready(), hurry)
    assert shown_pace(all_steps(fast)) == pytest.approx(0.05)
    assert shown_pace(all_steps(samples.ready())) == 1.0
    assert axis(fast, samples.moment(300)).pace == pytest.approx(0.05)


def test_the_page_says_the_time_left_that_the_command_says() -> None:
    left = [time_left(samples.building(after=after), samples.moment(after)) for after in (5, 50, 92, 140)]
    assert left == sorted(left, key=lambda span: span or timedelta(), reverse=True)
    shown = environment_page(samples.building(after=50), samples.moment(50))
    assert f"about {duration(round(left[1].total_seconds()))} left" in shown  # type: ignore[union-attr]


def test_of_a_teardown_the_axis_begins_with_the_teardown() -> None:
    document, now = samples.deleting(), samples.moment(905)
    scale = axis(document, now)
    assert scale.origin == samples.moment(900)
    assert scale.span(step_of(document, "ai-corp/reserved_key"), now) is None
    assert scale.span(step_of(document, "ai-corp/resource_group"), now) == (0.0, 5.0)


def test_before_anything_began_there_is_no_bar_and_no_now() -> None:
    document = samples.building(after=0)
    scale = axis(document, samples.moment(0))
    assert (scale.origin, scale.now) == (None, None)
    assert scale.span(all_steps(document)[0], samples.moment(0)) is None


def test_rows_stay_where_they_are_while_things_go_on() -> None:
    orders = [[step["id"] for step in in_order(all_steps(samples.building(after=after)))] for after in (10, 92, 160)]
    assert orders[0] == orders[1] == orders[2]
