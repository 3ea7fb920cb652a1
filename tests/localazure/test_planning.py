"""Preflight and plan against a whole local Azure: one plan an attempt, and nothing written by looking."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from activities.planning import dry_run, plan_environment
from activities.records import Records
from activities.registry import ARM_KINDS
from isthmus import names
from localcloud.azure.faults import Fault
from tests.localazure.direct import Direct
from tests.localazure.engine import Engine
from tests.unit.fakes import Container, records_with
from tests.unit.samples import CORRELATION, LIFE, spec

MODEL = {"name": "gpt-5-mini", "version": "2025-08-07", "sku": "GlobalStandard", "capacity": 1}


@pytest.fixture(scope="module")
def direct() -> Iterator[Direct]:
    with Direct() as made:
        yield made


@pytest.fixture(autouse=True)
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An `ockam` on PATH; nobody runs it here."""
    script = tmp_path / "ockam"
    script.write_text("#!/bin/sh\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")


def planned(direct: Direct, records: Records, attempt: int = 1) -> Any:
    return plan_environment(direct.cloud, records, LIFE, attempt)


def dry(direct: Direct, records: Records, **wish: Any) -> Any:
    return dry_run(direct.cloud, records, ARM_KINDS, spec(**wish), CORRELATION)


def test_a_plan_is_made_and_kept_in_the_record(direct: Direct) -> None:
    records = records_with()
    outcome = planned(direct, records)
    document = records.load(LIFE)
    assert document is not None
    assert outcome["outputs"]["plan"] == document["plan"]
    assert document["plan"]["model"]["name"] == "gpt-5-mini"
    assert document["plan"]["requested_at"] == document["requested_at"]


def test_asked_again_it_gives_the_same_plan_without_looking(direct: Direct) -> None:
    records = records_with()
    first = planned(direct, records)
    asked = len(direct.azure.front.log)
    assert planned(direct, records) == first
    assert len(direct.azure.front.log) == asked


def test_a_new_attempt_is_planned_anew_with_the_model_and_the_key_of_the_one_before(direct: Direct) -> None:
    records = records_with()
    first, second = (planned(direct, records, attempt)["outputs"]["plan"] for attempt in (1, 2))
    assert second["attempt"] == 2
    assert [second[what] == first[what] for what in ("model", "ssh_public_key")] == [True, True]


def test_a_model_that_was_asked_for_is_taken_as_it_is(direct: Direct) -> None:
    records = records_with(spec=spec(model=MODEL).public())
    assert planned(direct, records)["outputs"]["plan"]["model"] == MODEL | {"retires": "2027-02-06"}


def test_everything_that_stands_against_it_is_one_failure_that_says_what_to_do(direct: Direct) -> None:
    wish = spec(vm_size="Standard_X9", image="no:such:image:latest", model=MODEL | {"capacity": 10_000})
    records = records_with(spec=wish.public())
    outcome = planned(direct, records)
    assert (outcome["state"], outcome["code"]) == ("failed", "PreflightFailed")
    for said in ("Standard_X9", "no:such:image:latest", "10000 needed"):
        assert said in outcome["message"]
    assert outcome["hint"]
    document = records.load(LIFE)
    assert document is not None
    assert len(document["findings"]) == 3
    assert document["plan"] is None


@pytest.mark.parametrize(("code", "status", "state"), [("TooManyRequests", 429, "pending"), ("Refused", 403, "failed")])
def test_what_can_be_seen_later_is_waited_for_and_what_is_refused_is_not(code: str, status: int, state: str) -> None:
    with Direct() as direct:
        direct.azure.front.faults.append(Fault(path=r"/locations/[^/]+/models", status=status, code=code))
        assert planned(direct, records_with())["state"] == state


def test_without_a_record_there_is_nothing_to_plan(direct: Direct) -> None:
    assert planned(direct, Records(Container()))["code"] == "RecordMissing"


def test_every_plan_has_a_public_key_of_its_own_and_no_private_one(direct: Direct) -> None:
    keys = set()
    for _ in range(2):
        whole = planned(direct, records_with())["outputs"]["plan"]
        machine = next(step for step in whole["steps"] if step["kind"] == "virtual_machine")
        profile = machine["wanted"]["properties"]["osProfile"]["linuxConfiguration"]
        keys.add(profile["ssh"]["publicKeys"][0]["keyData"])
        assert "PRIVATE KEY" not in str(whole)
    assert len(keys) == 2
    assert all(key.startswith("ssh-rsa ") for key in keys)


def test_a_dry_run_writes_nothing(direct: Direct) -> None:
    container = Container()
    before, asked = direct.azure.control.census(), len(direct.azure.front.log)
    assert dry(direct, Records(container))["ok"]
    assert direct.azure.control.census() == before
    assert {seen["method"] for seen in list(direct.azure.front.log)[asked:]} <= {"GET", "POST"}
    assert list(container.list_blobs("")) == []


def test_a_dry_run_says_what_is_there_already_and_what_the_next_life_would_be() -> None:
    with Engine() as engine:
        wish = spec()
        first = dry(engine.direct, engine.records)
        assert first["generation"] == names.generation("demo", None, wish.digest())
        assert not any(step["exists"] for step in first["steps"])
        life = engine.ask(first["generation"])
        engine.run()
        again = dry(engine.direct, engine.records)
        assert again["generation"] == life[1]
        assert all(step["exists"] for step in again["steps"])
        assert [step["id"] for step in again["steps"]] == [step["id"] for step in first["steps"]]
        other = dry(engine.direct, engine.records, question="Another?")
        assert (other["ok"], other["findings"][0]["check"]) == (False, "name")


def test_what_is_built_is_exactly_what_was_planned() -> None:
    with Engine() as engine:
        shown = dry(engine.direct, engine.records)
        engine.ask(shown["generation"])
        engine.run()
        document = engine.record((shown["name"], shown["generation"]))
        planned = [(step["id"], step["resource"], step["needs"]) for step in document["plan"]["steps"]]
        assert planned == [(step["id"], step["resource"], step["needs"]) for step in shown["steps"]]
        assert document["plan"]["model"] == shown["model"]
        left = dry(engine.direct, engine.records)
        assert all(step["exists"] for step in left["steps"])


def test_nothing_is_planned_any_more_once_somebody_asked_for_the_end(direct: Direct) -> None:
    asked = {"why": "delete", "detail": "its deletion was asked for"}
    assert planned(direct, records_with(stop=asked))["code"] == "Stopped"
