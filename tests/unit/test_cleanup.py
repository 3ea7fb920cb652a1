"""What has expired is found by name, tags and record together; what they don't agree on is left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from activities.cleanup import find_expired, over_since
from activities.records import Records
from isthmus import names
from tests.unit.fakes import Answer, Cloud, Container, records_with, refusal
from tests.unit.samples import CORRELATION, LIFE

ENDS = datetime(2026, 5, 4, 20, 0, tzinfo=UTC)
TAGS = {
    names.TAG_ENVIRONMENT: "demo",
    names.TAG_GENERATION: "abc234",
    names.TAG_CORP: "ai-corp",
    names.TAG_EXPIRES_AT: "2026-05-04T20:00:00Z",
}
GROUP = "isthmus-demo-abc234-ai-corp"
JOB = {"environment": "demo", "generation": "abc234", "correlation_id": CORRELATION}


def group(name: str = GROUP, **tags: str | None) -> Any:
    merged = TAGS | {f"isthmus-{tag.replace('_', '-')}": value for tag, value in tags.items()}
    return SimpleNamespace(name=name, tags={tag: value for tag, value in merged.items() if value is not None})


def find(records: Records, *groups: Any, after: float = 60.0) -> dict[str, Any]:
    standing = {group.name for group in groups}

    def get(name: str, cls: Any) -> Any:
        if name not in standing:
            raise refusal(404, "ResourceGroupNotFound")
        return cls(SimpleNamespace(http_response=Answer(200, {})), None, None)

    listed = SimpleNamespace(list=lambda filter: list(groups), get=get)
    cloud = Cloud(resources=SimpleNamespace(resource_groups=listed))
    return find_expired(cloud, records, ENDS + timedelta(seconds=after))  # type: ignore[arg-type]


@pytest.mark.parametrize("phase", ["ready", "failed"])
def test_what_stands_beyond_its_lease_is_expired(phase: str) -> None:
    assert find(records_with(phase=phase), group()) == {"expired": [JOB], "stopping": [], "left_alone": []}


@pytest.mark.parametrize("after", [-1.0, -3600.0])
def test_what_stands_within_its_lease_is_not(after: float) -> None:
    assert find(records_with(phase="ready"), group(), after=after)["expired"] == []


def test_a_life_of_several_groups_is_told_once() -> None:
    two = [group(), group("isthmus-demo-abc234-health-corp", corp="health-corp")]
    assert find(records_with(phase="ready"), *two)["expired"] == [JOB]


@pytest.mark.parametrize("phase", ["building", "verifying", "deleting"])
def test_what_is_at_work_is_told_to_stop_and_left_to_its_own_orchestration(phase: str) -> None:
    records = records_with(phase=phase)
    assert find(records, group()) == {"expired": [], "stopping": [JOB], "left_alone": []}
    document = records.load(LIFE)
    assert document is not None
    assert bool(document["stop"]) is (phase != "deleting")


@pytest.mark.parametrize("phase", ["building", "deleting"])
def test_an_orchestration_that_is_long_overdue_is_believed_dead(phase: str) -> None:
    assert find(records_with(phase=phase), group(), after=1801.0)["expired"] == [JOB]


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (group(keep="yes"), "isthmus-keep"),
        (group("somebody-elses"), "its name"),
        (group(corp="other"), "its name"),
        (group(generation="zzzzzz"), "its name"),
        (group(generation=None), "its name"),
    ],
)
def test_what_name_and_tags_do_not_agree_on_is_left_alone_with_the_reason(found: Any, word: str) -> None:
    told = find(records_with(phase="ready"), found)
    assert told["expired"] == []
    assert [line["group"] for line in told["left_alone"]] == [found.name]
    assert word in told["left_alone"][0]["reason"]


def test_what_has_no_record_is_left_alone() -> None:
    told = find(Records(Container()), group())
    assert told["left_alone"] == [{"group": GROUP, "reason": "there is no record of it"}]


def test_the_case_in_which_azure_gives_a_name_back_does_not_matter() -> None:
    assert find(records_with(phase="ready"), group(GROUP.upper()))["expired"] == [JOB]


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
    assert over_since(tags, {"expires_at": recorded}) == (datetime.fromisoformat(end) if end else None)


def test_without_any_date_nothing_is_expired() -> None:
    assert find(records_with(phase="ready", expires_at=None), group(expires_at=None))["expired"] == []


def test_a_life_whose_groups_are_gone_and_whose_secrets_may_not_be_is_taken_down_again() -> None:
    assert find(records_with(phase="failed"))["expired"] == [JOB]
    assert find(records_with(phase="failed"), after=-60.0)["expired"] == []
    assert find(records_with(phase="gone"))["expired"] == []


def test_a_group_that_bears_our_name_and_no_tag_of_ours_keeps_its_life_alone() -> None:
    bare = SimpleNamespace(name=GROUP, tags={})
    told = find(records_with(phase="ready"), bare)
    assert told["expired"] == []
    assert [line["group"] for line in told["left_alone"]] == [GROUP]
