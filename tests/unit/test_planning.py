"""Preflight: the model that is still offered; one plan an attempt, whoever asks again."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from activities.planning import choose, plan_environment
from activities.records import Records
from tests.unit.fakes import Cloud, Container, records_with, refusal
from tests.unit.samples import LIFE, MODEL, spec

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def offered(name: str, version: str = "1", state: str = "GenerallyAvailable", **skus: str | None) -> dict[str, Any]:
    listed = [{"name": sku, "deprecationDate": date} for sku, date in (skus or {"Standard": None}).items()]
    return {"model": {"format": "OpenAI", "name": name, "version": version, "lifecycleStatus": state, "skus": listed}}


PAST, FUTURE = "2026-05-31T00:00:00Z", "2026-06-02T00:00:00Z"


@pytest.mark.parametrize(
    ("listed", "chosen"),
    [
        ([], None),
        ([offered("gpt-4o-mini")], ("gpt-4o-mini", "1", "Standard")),
        ([offered("gpt-5-mini"), offered("gpt-4o-mini")], ("gpt-4o-mini", "1", "Standard")),
        ([offered("gpt-4o-mini", "1"), offered("gpt-4o-mini", "2")], ("gpt-4o-mini", "2", "Standard")),
        ([offered("gpt-4o-mini", state="Deprecated"), offered("gpt-5-mini")], ("gpt-5-mini", "1", "Standard")),
        ([offered("gpt-4o-mini", state="deprecating")], None),
        ([offered("gpt-4o-mini", Standard=PAST, GlobalStandard=FUTURE)], ("gpt-4o-mini", "1", "GlobalStandard")),
        ([offered("gpt-4o-mini", Standard=PAST), offered("gpt-5-nano")], ("gpt-5-nano", "1", "Standard")),
        ([offered("gpt-4o-mini", Standard=FUTURE)], ("gpt-4o-mini", "1", "Standard")),
        ([offered("gpt-4o-mini", ProvisionedManaged=None)], None),
        ([offered("some-other-model")], None),
        ([{"model": {"format": "Meta", "name": "gpt-4o-mini", "version": "1"}}], None),
        ([{}], None),
    ],
)
def test_the_first_preference_that_is_still_offered_is_taken(listed: list[Any], chosen: Any) -> None:
    found = choose(listed, NOW)
    assert (found and (found["name"], found["version"], found["sku"])) == chosen


class Models:
    def __init__(self, *items: Any) -> None:
        self.items = items
        self.asked = 0

    def list(self, location: str) -> list[Any]:
        self.asked += 1
        if self.items and isinstance(self.items[0], Exception):
            raise self.items[0]
        return [SimpleNamespace(as_dict=lambda item=item: item) for item in self.items]


def planned(records: Records, models: Models, attempt: int = 1) -> Any:
    cloud = Cloud(cognitive=SimpleNamespace(models=models))
    return plan_environment(cloud, records, LIFE, attempt)  # type: ignore[arg-type]


def test_a_plan_is_made_and_kept_in_the_record() -> None:
    records = records_with()
    outcome = planned(records, Models(offered("gpt-5-nano")))
    document = records.load(LIFE)
    assert document is not None
    assert outcome["outputs"]["plan"] == document["plan"]
    assert document["plan"]["model"]["name"] == "gpt-5-nano"
    assert document["plan"]["requested_at"] == document["requested_at"]


def test_asked_again_it_gives_the_same_plan_without_looking() -> None:
    records, models = records_with(), Models(offered("gpt-5-nano"))
    first, second = planned(records, models), planned(records, models)
    assert first == second
    assert models.asked == 1


def test_a_new_attempt_is_planned_anew() -> None:
    records, models = records_with(), Models(offered("gpt-5-nano"))
    planned(records, models)
    assert planned(records, models, attempt=2)["outputs"]["plan"]["attempt"] == 2


def test_a_model_that_was_asked_for_is_taken_as_it_is() -> None:
    records = records_with(spec=spec(model=MODEL).public())
    models = Models()
    assert planned(records, models)["outputs"]["plan"]["model"] == MODEL
    assert models.asked == 0


def test_no_model_at_all_is_a_failure_that_says_what_to_do() -> None:
    outcome = planned(records_with(), Models())
    assert (outcome["state"], outcome["code"]) == ("failed", "NoModelOffered")
    assert outcome["hint"]


@pytest.mark.parametrize(("code", "state"), [("TooManyRequests", "pending"), ("AuthorizationFailed", "failed")])
def test_what_azure_refuses_is_an_outcome(code: str, state: str) -> None:
    assert planned(records_with(), Models(refusal(429 if state == "pending" else 403, code)))["state"] == state


def test_without_a_record_there_is_nothing_to_plan() -> None:
    assert planned(Records(Container()), Models())["code"] == "RecordMissing"


def test_every_plan_has_a_public_key_of_its_own_and_no_private_one() -> None:
    keys = set()
    for _ in range(2):
        whole = planned(records_with(), Models(offered("gpt-5-nano")))["outputs"]["plan"]
        machine = next(step for step in whole["steps"] if step["kind"] == "virtual_machine")
        profile = machine["wanted"]["properties"]["osProfile"]["linuxConfiguration"]
        keys.add(profile["ssh"]["publicKeys"][0]["keyData"])
        assert "PRIVATE KEY" not in str(whole)
    assert len(keys) == 2
    assert all(key.startswith("ssh-rsa ") for key in keys)
