"""What docs/scale.md counts is what the local cloud sees."""

from __future__ import annotations

from collections import Counter

import pytest

from docs import scale
from isthmus.permissions import BESIDE_STEPS
from tests.localazure.engine import Engine
from tests.unit import samples


@pytest.mark.parametrize("consumers", [1, 4])
def test_the_requests_of_an_environment_are_those_that_the_page_tells(consumers: int) -> None:
    corps = consumers + 1
    with Engine() as engine:
        life = engine.ask(corps=[samples.spec().provider.model_dump(), *samples.consumers(consumers)])
        engine.run()
        built = requests(engine)
        calls = sum(engine.calls.values())
        engine.delete(life)
        engine.run()
        deletes = (requests(engine) - built)["DELETE"]
        assert engine.phase(life) == "gone"
    assert built["PUT"] == pytest.approx(scale.writes(corps), rel=0.1)
    assert built["GET"] == pytest.approx(scale.reads(corps), rel=0.1)
    assert calls == pytest.approx(scale.activities(corps), rel=0.1)
    assert scale.deletes(corps) <= deletes <= scale.deletes(corps) + 3


def requests(engine: Engine) -> Counter[str]:
    """Method -> how often Resource Manager was asked."""
    return Counter(entry["method"] for entry in engine.requests() if entry["path"].startswith("/subscriptions"))


def test_the_largest_environment_is_within_what_can_be_raised() -> None:
    never = [limit for limit in scale.LIMITS if limit.raised.startswith("never")]
    assert {limit.name: scale.fit(limit, scale.SIZES[-1]) for limit in never} == {
        "resource groups": 9,
        "role assignments": 19,
    }


def test_a_bucket_takes_what_it_holds_at_once_and_the_rest_in_time() -> None:
    bucket = scale.Bucket("b", 200, 10)
    assert [bucket.seconds(count) for count in (0, 200, 300)] == [0, 0, 10]


def test_preflight_asks_for_as_much_as_the_page_says() -> None:
    assert len(BESIDE_STEPS["preflight"]) <= scale.READS_OF_PREFLIGHT
