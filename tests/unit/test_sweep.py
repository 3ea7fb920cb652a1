"""What a sweep makes of what it found: taken down only where name, tags and record agree."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from isthmus import names
from isthmus.sweep import OWNER_DEAD, OWNER_LOST, Found, Judgement, Kind, Thing, judge, next_try, over_since, windows
from tests.unit.samples import LIFE, SUBSCRIPTION, record

ENDS = datetime(2026, 5, 4, 20, 0, tzinfo=UTC)
TAGS = {
    names.TAG_ENVIRONMENT: "demo",
    names.TAG_GENERATION: "abc234",
    names.TAG_CORP: "ai-corp",
    names.TAG_EXPIRES_AT: "2026-05-04T20:00:00Z",
}
GROUP = "isthmus-demo-abc234-ai-corp"
OTHER = "isthmus-demo-abc234-health-corp"
STOP = {"why": "delete", "detail": "asked for"}


def group(name: str = GROUP, **tags: str | None) -> Thing:
    corp = {} if name != OTHER else {"corp": "health-corp"}
    changed = {f"isthmus-{tag.replace('_', '-')}": value for tag, value in (corp | tags).items()}
    merged = {tag: value for tag, value in (TAGS | changed).items() if value is not None}
    return Thing("resource group", name.lower(), name, merged)


def sweep(
    *things: Thing, after: float = 60.0, quiet: timedelta = OWNER_DEAD, kept: list[str] | None = None, **more: Any
) -> Judgement:
    """`after`: seconds since the lease's end; `quiet`: since when nothing was heard of it."""
    now = ENDS + timedelta(seconds=after)
    known = record(updated_at=(now - quiet).isoformat(), **more)
    return judge(Found({LIFE: known}, list(things), kept or []), SUBSCRIPTION, now)


def whys(judgement: Judgement) -> list[str]:
    return [line["why"] for line in judgement.due]


def reasons(judgement: Judgement) -> dict[str, str]:
    return {line["name"]: line["reason"] for line in judgement.left_alone}


@pytest.mark.parametrize("phase", ["ready", "failed"])
def test_what_stands_beyond_its_lease_is_due(phase: str) -> None:
    judgement = sweep(group(), phase=phase, on_failure="keep")
    assert whys(judgement) == ["lease"]
    assert judgement.due[0]["lease_ended"] == ENDS.isoformat()
    assert (judgement.stopping, judgement.left_alone) == ([], [])


@pytest.mark.parametrize("after", [-1.0, -3600.0])
def test_what_stands_within_its_lease_is_not(after: float) -> None:
    assert sweep(group(), after=after, phase="ready") == Judgement()


def test_one_group_s_tag_that_was_moved_on_lets_the_whole_environment_live() -> None:
    later = (ENDS + timedelta(days=1)).isoformat()
    for moved in ({GROUP: later}, {OTHER: later}):
        groups = [group(name, expires_at=moved.get(name, ENDS.isoformat())) for name in (GROUP, OTHER)]
        assert sweep(*groups, phase="ready") == Judgement()


@pytest.mark.parametrize("phase", ["building", "verifying", "deleting"])
def test_what_is_at_work_is_told_to_stop_and_left_to_its_own_orchestration(phase: str) -> None:
    judgement = sweep(group(), phase=phase)
    assert (judgement.due, [line["why"] for line in judgement.stopping]) == ([], ["stopping"])


@pytest.mark.parametrize("phase", ["building", "deleting"])
def test_an_orchestration_that_is_long_overdue_and_silent_is_believed_dead(phase: str) -> None:
    after = OWNER_LOST.total_seconds()
    assert whys(sweep(group(), after=after, quiet=OWNER_LOST, phase=phase)) == ["lease"]
    assert whys(sweep(group(), after=after - 1, quiet=OWNER_LOST, phase=phase)) == []
    assert whys(sweep(group(), after=after, quiet=OWNER_LOST - timedelta(seconds=1), phase=phase)) == []


@pytest.mark.parametrize(("phase", "stop"), [("deleting", None), ("building", STOP)])
def test_an_end_that_was_asked_for_and_that_nobody_works_on_is_due_before_the_lease_ends(phase: str, stop: Any) -> None:
    assert whys(sweep(group(), after=-3600.0, phase=phase, stop=stop)) == ["lost"]
    early = OWNER_DEAD - timedelta(seconds=1)
    assert whys(sweep(group(), after=-3600.0, quiet=early, phase=phase, stop=stop)) == []


@pytest.mark.parametrize(("phase", "stop"), [("ready", STOP), ("failed", STOP), ("failed", None)])
def test_what_should_be_going_and_is_not_is_taken_up(phase: str, stop: Any) -> None:
    assert whys(sweep(group(), after=-3600.0, quiet=OWNER_LOST, phase=phase, stop=stop)) == ["lost"]
    assert whys(sweep(group(), after=-3600.0, quiet=timedelta(minutes=5), phase=phase, stop=stop)) == []


def test_what_failed_and_is_kept_lives_until_its_lease_ends() -> None:
    assert whys(sweep(group(), after=-3600.0, phase="failed", on_failure="keep")) == []


@pytest.mark.parametrize(("minutes", "due"), [(-1, ["again"]), (0, ["again"]), (1, [])])
def test_a_teardown_that_left_something_is_tried_again_at_its_time(minutes: int, due: list[str]) -> None:
    when = (ENDS + timedelta(seconds=60, minutes=minutes)).isoformat()
    teardown = {"left": ["x"], "error": None, "steps": 9, "tries": 1, "next_try": when}
    assert whys(sweep(group(), phase="failed", teardown=teardown)) == due


def test_the_tries_come_later_and_later_and_never_end() -> None:
    minutes = [(next_try(tries, ENDS) - ENDS).total_seconds() / 60 for tries in (1, 2, 3, 4, 5, 6, 7, 1000)]
    assert minutes == [15, 30, 60, 120, 240, 360, 360, 360]


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (group(keep="yes"), "isthmus-keep"),
        (group(corp="other"), "its tags"),
        (group(generation="zzzzzz"), "its tags"),
        (group(environment=None), "its tags"),
        (Thing("resource group", GROUP, GROUP, {}), "its tags"),
    ],
)
def test_what_name_and_tags_do_not_agree_on_keeps_its_whole_environment(found: Thing, word: str) -> None:
    judgement = sweep(found, group(OTHER), phase="ready")
    assert judgement.due == []
    assert list(reasons(judgement)) == [GROUP]
    assert word in reasons(judgement)[GROUP]
    assert sweep(found, group(OTHER), phase="ready", after=-60.0) == Judgement(), "it is no news before it is due"


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (group("somebody-elses"), "its name"),
        (group("isthmus-demo-zzzzzz-ai-corp", generation="zzzzzz"), "no record"),
        (Thing("resource group", "isthmus-demo-zzzzzz-ai-corp", "isthmus-demo-zzzzzz-ai-corp", {}), "no record"),
        (Thing("deleted account", "isthmus-demo-zzzzzz-12345678", "isthmus-demo-zzzzzz-12345678", TAGS), "no record"),
        (Thing("secret", "isthmus-demo-zzzzzz-api-key", "isthmus-demo-zzzzzz-api-key", {}), "no record"),
        (Thing("role assignment", "isthmus-demo-zzzzzz-api-key", "isthmus-demo-zzzzzz-api-key"), "no record"),
    ],
)
def test_what_no_record_knows_is_told_of_and_keeps_nobody_alive(found: Thing, word: str) -> None:
    judgement = sweep(found, group(), phase="ready")
    assert whys(judgement) == ["lease"]
    assert list(reasons(judgement)) == [found.shown]
    assert word in reasons(judgement)[found.shown]


@pytest.mark.parametrize("kind", ["resource group", "secret", "deleted account", "role assignment", "portal member"])
def test_what_is_not_ours_is_not_even_told_of(kind: Kind) -> None:
    assert sweep(Thing(kind, "isthmus", "isthmus", {}), Thing(kind, "theirs", "theirs"), phase="gone") == Judgement()


def test_a_resource_inside_that_bears_the_keep_tag_keeps_its_whole_environment() -> None:
    disk = f"/subscriptions/s/resourceGroups/{OTHER.upper()}/providers/Microsoft.Compute/disks/d"
    other = "/subscriptions/s/resourceGroups/theirs/providers/Microsoft.Compute/disks/d"
    judgement = sweep(group(), group(OTHER), kept=[disk, other], phase="ready")
    assert judgement.due == []
    assert list(reasons(judgement)) == [disk]


LEFT = [
    Thing("resource group", GROUP, GROUP, TAGS),
    Thing("deleted account", names.account(SUBSCRIPTION, *LIFE), "account", TAGS),
    Thing("secret", names.key_secret(*LIFE), "key", TAGS),
    Thing("deleted secret", names.ticket_secret(*LIFE, "health-corp"), "ticket", TAGS),
    Thing("role assignment", names.key_secret(*LIFE), "assignment"),
    Thing("portal member", names.attribute(*LIFE, "inlet"), "member"),
]


@pytest.mark.parametrize("left", LEFT, ids=[thing.kind for thing in LEFT])
def test_whatever_comes_to_light_of_a_life_that_is_gone_is_taken_down(left: Thing) -> None:
    assert whys(sweep(left, phase="gone")) == ["leftovers"]


@pytest.mark.parametrize("left", LEFT[:4], ids=[thing.kind for thing in LEFT[:4]])
def test_leftovers_whose_tags_say_otherwise_are_left_alone(left: Thing) -> None:
    strange = Thing(left.kind, left.name, left.shown, TAGS | {names.TAG_GENERATION: "zzzzzz"})
    judgement = sweep(strange, phase="gone")
    assert judgement.due == []
    assert list(reasons(judgement)) == [left.shown]


def test_without_any_date_nothing_is_expired() -> None:
    assert sweep(group(expires_at=None), phase="ready", expires_at=None) == Judgement()


def test_the_oldest_lease_comes_first() -> None:
    lives = {}
    for number, name in enumerate(["late", "early", "middle"]):
        ended = (ENDS - timedelta(hours=[1, 3, 2][number])).isoformat()
        lives[(name, "abc234")] = record(environment=name, phase="ready", expires_at=ended)
    judgement = judge(Found(lives), SUBSCRIPTION, ENDS)  # type: ignore[arg-type]
    assert [line["environment"] for line in judgement.due] == ["early", "middle", "late"]


EARLY, LATE = "2026-05-04T20:00:00Z", "2026-05-05T20:00:00Z"


@pytest.mark.parametrize(
    ("tag", "recorded", "end"),
    [
        (EARLY, LATE, LATE),
        (LATE, EARLY, LATE),
        (None, EARLY, EARLY),
        ("soon", EARLY, EARLY),
        (EARLY, None, EARLY),
        (EARLY, "2026-05-06", EARLY),
        (None, None, None),
        ("x", "y", None),
    ],
)
def test_the_lease_ends_at_the_latest_that_can_be_read(tag: str | None, recorded: str | None, end: str | None) -> None:
    tags = {names.TAG_EXPIRES_AT: tag} if tag else {}
    assert over_since([{}, tags], {"expires_at": recorded}) == (datetime.fromisoformat(end) if end else None)


def test_time_is_gone_through_in_pieces_of_a_day() -> None:
    days = [ENDS + timedelta(days=number) for number in range(3)]
    last = days[2] + timedelta(hours=5)
    assert windows(days[0], last) == [(days[0], days[1]), (days[1], days[2]), (days[2], last)]
    assert windows(last, last) == []
