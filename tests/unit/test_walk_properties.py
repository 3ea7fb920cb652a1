"""Whatever the steps need and whatever comes of them: every walk ends, in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from isthmus.outcomes import Outcome, failed, pending, ready, stopped
from isthmus.walk import Walk
from tests.unit.test_walk import START, due, step, take


@st.composite
def walks(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Steps of which each needs some of those before it."""
    steps: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 7))):
        names = [earlier["id"] for earlier in steps]
        needs = draw(st.lists(st.sampled_from(names), unique=True, max_size=3)) if names else []
        serial = draw(st.none() | st.sampled_from(["x", "y"]))
        delay = draw(st.sampled_from([0.0, 2.0]))
        steps.append(step(f"s{number}", *needs, serial=serial, delay=delay))
    return steps


OUTCOMES: st.SearchStrategy[Outcome] = st.sampled_from(
    [ready(), ready(), pending("x"), pending("x", 3.0), pending("x", wrote=True), failed("C", "m"), stopped()]
)


def go(walk: Walk, outcome_of: Callable[[str], Outcome], watch: Callable[[Walk, list[str]], None]) -> float:
    """Walks to the end; the seconds that it took."""
    seconds = 0.0
    for _ in range(2000):
        names = due(walk, seconds)
        watch(walk, names)
        for name in names:
            take(walk, name, outcome_of(name), seconds)
        if walk.done:
            return seconds
        if not due(walk, seconds):
            seconds = max(seconds, (walk.next_due() - START).total_seconds())
    raise AssertionError("the walk has no end")


@given(walks(), st.booleans(), st.data())
def test_every_walk_ends_and_never_breaks_its_order(
    steps: list[dict[str, Any]], keep_going: bool, data: st.DataObject
) -> None:
    walk = Walk(steps, keep_going=keep_going)
    begun: set[str] = set()

    def watch(walk: Walk, names: list[str]) -> None:
        for name in names:
            own = walk.progress[name].step
            assert all(walk.progress[need].state == "ready" for need in own["needs"])
            begun.add(name)
        busy = [
            walk.progress[n].step["serial"] for n in walk.progress if walk.progress[n].state == "pending" or n in names
        ]
        taken = [word for word in busy if word]
        assert len(set(taken)) == len(taken)

    go(walk, lambda name: data.draw(OUTCOMES), watch)
    states = {name: progress.state for name, progress in walk.progress.items()}
    assert "pending" not in states.values()
    assert {name for name, state in states.items() if state != "waiting"} == begun
    assert walk.complete == (set(states.values()) == {"ready"})


def all_is_well(name: str) -> Outcome:
    return ready()


@given(walks())
def test_a_walk_in_which_nothing_fails_is_complete(steps: list[dict[str, Any]]) -> None:
    walk = Walk(steps)
    go(walk, all_is_well, lambda walk, names: None)
    assert walk.complete
