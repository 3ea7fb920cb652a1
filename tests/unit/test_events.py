"""Which events arise from a record's changes, and what becomes of each."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from isthmus import events
from tests.unit.samples import REQUESTED, record

RECEIVER = {"url": "https://hooks.example/", "secret": "webhook-signing", "named_by": "settings"}
LEAD = timedelta(minutes=60)


def kinds(document: dict[str, Any]) -> list[str]:
    return [entry["kind"] for entry in document["outbox"]]


def known(**more: Any) -> dict[str, Any]:
    return record(receiver=RECEIVER) | more


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (None, "requested", ["requested"]),
        ("requested", "planning", []),
        ("building", "verifying", []),
        ("verifying", "ready", ["ready"]),
        ("building", "failed", ["failed"]),
        ("failed", "requested", ["requested"]),
        ("ready", "ready", []),
        ("ready", "deleting", []),
        ("deleting", "gone", ["gone"]),
        ("deleting", "failed", ["failed"]),
    ],
)
def test_the_beginning_of_a_phase_is_told(before: str | None, after: str, told: list[str]) -> None:
    former = known(phase=before) if before else None
    assert kinds(events.with_events(former, known(phase=after))) == told


def test_where_nobody_is_told_nothing_is_kept() -> None:
    assert kinds(events.with_events(None, record())) == []
    assert events.corp_built(record(), "ai-corp", REQUESTED) == record()


def test_a_corp_is_told_of_once_an_attempt() -> None:
    once = events.corp_built(known(), "ai-corp", REQUESTED)
    assert events.corp_built(once, "ai-corp", REQUESTED) is once
    assert len(events.corp_built(once, "health-corp", REQUESTED)["outbox"]) == 2
    assert len(events.corp_built(once | {"attempt": 2}, "ai-corp", REQUESTED)["outbox"]) == 2


def test_what_was_taken_is_sent_no_more_and_what_it_said_is_forgotten() -> None:
    document = events.sent(events.with_events(None, known()), 1, "2026-05-04T12:00:00Z")
    assert events.due(document, REQUESTED) is None
    assert "data" not in document["outbox"][0]
    again = events.tried(document, 1, REQUESTED, "too late")
    assert again == document


def test_the_pauses_grow_and_end() -> None:
    document, now = events.with_events(None, known()), REQUESTED
    for pause in events.PAUSES:
        document = events.tried(document, 1, now, "no")
        assert events.due(document, now + timedelta(seconds=pause - 1)) is None
        now += timedelta(seconds=pause)
        assert events.due(document, now) is not None
    document = events.tried(document, 1, now, "no")
    assert (document["outbox"][0]["state"], document["outbox"][0]["tries"]) == ("given_up", len(events.PAUSES) + 1)


def test_a_receiver_may_ask_for_more_time_but_not_for_ever() -> None:
    document = events.with_events(None, known())
    asked = events.tried(document, 1, REQUESTED, "no", 10**9)
    assert events.due(asked, REQUESTED + timedelta(seconds=events.LONGEST_PAUSE)) is not None


@pytest.mark.parametrize(
    ("delivery", "words"),
    [
        (None, None),
        ({"sent": 4, "waiting": 0, "given_up": 0, "error": None}, "4 sent to https://hooks.example/"),
        (
            {"sent": 0, "waiting": 2, "given_up": 1, "error": "the receiver answered 503"},
            "0 sent to https://hooks.example/; 2 waiting; 1 given up: the receiver answered 503",
        ),
    ],
)
def test_people_are_told_what_became_of_them(delivery: dict[str, Any] | None, words: str | None) -> None:
    assert events.in_words(delivery and {"url": "https://hooks.example/"} | delivery) == words
