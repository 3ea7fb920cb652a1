"""Tags of a request: Azure's limits, every finding at once; what bears them, and what bears fewer."""

from __future__ import annotations

from typing import Any

import pytest

from isthmus import names
from isthmus.bodies import RECIPES
from isthmus.case import Case
from isthmus.preflight import JUDGES
from isthmus.tags import ANY, DNS, SECRET
from tests.unit.samples import GENERATION, REQUESTED, SUBSCRIPTION, document, found, plan, pointers, spec, step_of

MANY = {f"tag{number}": str(number) for number in range(ANY.most_given)}


@pytest.mark.parametrize(
    "tags",
    [{}, {"team": ""}, {"Cost Center": "4711"}, {"a" * 512: "b" * 256}, MANY, {"größe": "ß"}, {"isthmus": "x"}],
)
def test_what_azure_takes_is_taken(tags: dict[str, str]) -> None:
    assert found(document(tags=tags)) == []


@pytest.mark.parametrize(
    ("tags", "pointer", "said"),
    [
        ({"": "x"}, "/tags/", "no name"),
        ({"  ": "x"}, "/tags/  ", "no name"),
        ({"a" * 513: "x"}, "/tags/" + "a" * 513, "513 characters"),
        ({"team": "x" * 257}, "/tags/team", "257 characters"),
        ({"a/b": "x"}, "/tags/a~1b", "can't stand"),
        ({"a<%b": "x"}, "/tags/a<%b", "< %"),
        ({"isthmus-corp": "x"}, "/tags/isthmus-corp", "Isthmus's own"),
        ({"Azure:team": "x"}, "/tags/Azure:team", "reserved by Azure"),
        ({"MICROSOFTteam": "x"}, "/tags/MICROSOFTteam", "reserved by Azure"),
        ({"windows": "x"}, "/tags/windows", "reserved by Azure"),
        ({"team": "x", "Team": "y"}, "/tags/Team", "ignores case"),
        (MANY | {"one-more": "x"}, "/tags", "44 tags"),
    ],
)
def test_what_azure_refuses_is_found_with_a_way_to_mend_it(tags: dict[str, str], pointer: str, said: str) -> None:
    (finding,) = found(document(tags=tags))
    assert finding.pointer == pointer
    assert said in finding.detail
    assert finding.mend


@pytest.mark.parametrize("tags", [None, 7, [], {"team": 4711}, {"team": None}])
def test_tags_are_names_with_texts(tags: Any) -> None:
    assert [pointer.split("/")[1] for pointer in pointers(document(tags=tags))] == ["tags"]


def test_everything_wrong_is_told_at_once_also_beside_other_mistakes() -> None:
    tags = {"a/b": "x", "azure": "x" * 257, "team": "x", "TEAM": "y"}
    wanted = ["/tags/a~1b", "/tags/azure", "/tags/azure", "/tags/TEAM"]
    assert pointers(document(tags=tags)) == wanted
    assert pointers(document(tags=tags, lease_minutes=1)) == ["/lease_minutes", *wanted]


def test_whatever_can_bear_tags_bears_them_beside_our_own() -> None:
    whole = plan(spec(tags={"team": "research"}))
    bearing = {step["kind"] for step in whole["steps"] if step["wanted"].get("tags", {}).get("team") == "research"}
    assert bearing == {name for name, recipe in RECIPES.items() if recipe.tags}
    for step in whole["steps"]:
        if "tags" in step["wanted"]:
            assert step["wanted"]["tags"][names.TAG_ENVIRONMENT] == "demo"


def test_tags_change_the_request_and_not_what_each_thing_is() -> None:
    one, other = spec(), spec(tags={"team": "research"})
    assert one.digest() != other.digest()
    marks = [step_of(plan(wish), "ai-corp/virtual_machine")["wanted"]["tags"][names.TAG_SPEC] for wish in (one, other)]
    assert marks[0] == marks[1]


def test_nothing_bears_more_than_azure_takes_even_with_a_label_put_on_by_hand() -> None:
    for step in plan(spec(tags=MANY))["steps"]:
        bearer = RECIPES[step["kind"]].tags
        if bearer:
            assert len(step["wanted"]["tags"]) < bearer.most


def test_what_can_bear_few_bears_the_first_and_dns_only_plain_names() -> None:
    given = {"Cost Center": "1", "team:lead": "2", "team": "3"} | MANY
    assert list(DNS.bears(given)) == ["team", *(f"tag{n}" for n in range(7))]
    assert list(SECRET.bears(given)) == ["Cost Center", "team:lead", "team", *(f"tag{n}" for n in range(5))]


def test_preflight_tells_what_is_not_borne_and_where() -> None:
    case = Case(spec(tags={"Cost Center": "1"}), GENERATION, SUBSCRIPTION, REQUESTED)
    (finding,) = JUDGES["tags"](case, None)
    assert (finding["severity"], finding["check"]) == ("warning", "tags")
    assert "private DNS zones" in finding["detail"]
    assert "Cost Center" in finding["detail"]
