"""The picture's layout: no line through a step that it does not concern, whatever the graph."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.pages.layout import Layout, Needs, arrange
from tests.pages import samples


def of_corp(role: str) -> Layout:
    plan = samples.whole()
    corp = next(one["name"] for one in plan["corps"] if one["role"] == role)
    own = {step["id"] for step in plan["steps"] if step["corp"] == corp}
    return arrange(tuple((s["id"], tuple(s["needs"])) for s in plan["steps"] if s["id"] in own))


@st.composite
def graphs(draw: st.DrawFn) -> Needs:
    """Any graph without circles."""
    size = draw(st.integers(1, 14))
    needs = [draw(st.sets(st.integers(0, max(number - 1, 0)), max_size=3)) for number in range(size)]
    return tuple((f"s{n}", tuple(f"s{m}" for m in sorted(wanted) if m < n)) for n, wanted in enumerate(needs))


def reachable(edges: tuple[tuple[str, str], ...], start: str) -> set[str]:
    found = {b for a, b in edges if a == start}
    return found | {far for near in found for far in reachable(edges, near)}


@given(graphs())
def test_every_step_has_a_place_of_its_own_right_of_what_it_needs(steps: Needs) -> None:
    layout = arrange(steps)
    places = [(layout.columns[step], layout.lanes[step]) for step, _ in steps]
    assert len(set(places)) == len(places) == len(steps)
    assert all(layout.columns[need] < layout.columns[step] for step, needs in steps for need in needs)


@given(graphs())
def test_the_lines_say_all_needs_and_none_twice(steps: Needs) -> None:
    layout = arrange(steps)
    assert all(step in reachable(layout.edges, need) for step, needs in steps for need in needs)
    shorter = [tuple(edge for edge in layout.edges if edge != left_out) for left_out in layout.edges]
    assert all(b not in reachable(rest, a) for rest, (a, b) in zip(shorter, layout.edges, strict=True))


@pytest.mark.parametrize("role", ["provider", "consumer"])
def test_no_line_runs_through_a_step(role: str) -> None:
    layout = of_corp(role)
    at = {(layout.columns[step], layout.lanes[step]): step for step in layout.columns}
    through = [
        (a, b, at[column, layout.lanes[a]])
        for a, b in layout.edges
        for column in range(layout.columns[a] + 1, layout.columns[b])
        if (column, layout.lanes[a]) in at
    ]
    assert through == []


@pytest.mark.parametrize("role", ["provider", "consumer"])
def test_the_main_line_leads_to_the_machine_straight(role: str) -> None:
    layout = of_corp(role)
    main = sorted((step for step in layout.lanes if layout.lanes[step] == 0), key=lambda one: layout.columns[one])
    assert any(step.endswith("/virtual_machine") for step in main)
    assert all(pair in layout.edges for pair in pairwise(main))


def test_machines_stand_in_the_same_column_so_that_the_portal_is_upright() -> None:
    columns = [of_corp(role).columns for role in ("provider", "consumer")]
    assert columns[0]["ai-corp/virtual_machine"] == columns[1]["health-corp/virtual_machine"]


def test_a_circle_does_not_hang() -> None:
    assert arrange((("a", ("b",)), ("b", ("a",)))).width >= 1


def test_nothing_is_nothing() -> None:
    assert (arrange(()).width, arrange(()).height) == (0, 0)
