"""The phases of an environment: what may follow what."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from isthmus.lifecycle import FOLLOWS, RUNNING, SETTLED, may_follow

PHASES = list(FOLLOWS)


@pytest.mark.parametrize("phase", PHASES)
def test_staying_in_a_phase_is_always_allowed(phase: Any) -> None:
    assert may_follow(phase, phase)


@pytest.mark.parametrize("phase", [phase for phase in PHASES if phase not in ("gone", "deleting")])
def test_whatever_is_not_gone_can_be_deleted(phase: Any) -> None:
    assert may_follow(phase, "deleting")


@pytest.mark.parametrize(("now", "then"), list(itertools.product(PHASES, PHASES)))
def test_nothing_comes_back_from_its_end_to_being_built(now: Any, then: Any) -> None:
    if now in ("deleting", "gone") and then in RUNNING | {"ready"}:
        assert not may_follow(now, then)


def test_the_way_to_ready_leads_through_every_stage() -> None:
    way = ["requested", "planning", "building", "verifying", "ready"]
    assert [phase for phase in way if all(may_follow(a, b) for a, b in itertools.pairwise(way))] == way  # type: ignore[arg-type]
    shortcuts = [(a, b) for i, a in enumerate(way) for b in way[i + 2 :] if may_follow(a, b)]  # type: ignore[arg-type]
    assert shortcuts == []


def test_a_phase_is_running_settled_or_the_end_itself() -> None:
    assert RUNNING | SETTLED | {"deleting"} == set(PHASES)
    assert not RUNNING & SETTLED


def test_gone_is_the_end_but_for_what_comes_to_light_later() -> None:
    assert FOLLOWS["gone"] == frozenset({"deleting"})
