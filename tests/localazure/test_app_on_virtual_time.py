"""The whole app on the whole local Azure, in one process on virtual time: the engine that the fault grid runs on."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from isthmus import names
from isthmus.plan import Findings, Occasion, Place, make_plan
from isthmus.status import status_document
from localcloud.azure.faults import Fault
from tests.localazure.engine import Engine
from tests.unit import samples
from tests.unit.driver import Driver


def test_every_step_is_ensured_and_the_proof_passes_and_every_step_is_removed_and_nothing_is_left() -> None:
    with Engine() as engine:
        life = engine.ask()
        engine.run()
        record = engine.record(life)
        assert (record["phase"], record["proof"]["result"]) == ("ready", "passed")
        there = engine.census()
        assert there["members"] == there["machines"] == there["Microsoft.Compute/virtualMachines"] == 2
        engine.delete(life)
        engine.run()
        assert engine.phase(life) == "gone"
        engine.settle()
        assert engine.census() == {}
        assert engine.bugs == []


def test_it_takes_about_as_long_as_the_plan_says() -> None:
    with Engine() as engine:
        life = engine.ask()
        engine.run()
        assert 0.5 < engine.hub.seconds / engine.record(life)["plan"]["estimate_seconds"] < 2.0


def test_each_object_is_written_once() -> None:
    with Engine() as engine:
        engine.ask()
        engine.run()
        put = [entry["path"] for entry in engine.requests() if entry["method"] == "PUT" and entry["status"] < 400]
        secrets = [path for path in put if path.startswith("/secrets/")]
        assert len(set(put) - set(secrets)) == len(put) - len(secrets)
        assert len(secrets) == 6  # each of the three is reserved, then filled


def test_what_the_clients_write_down_of_secrets_stays_in_the_vault() -> None:
    with Engine() as engine:
        life = engine.ask()
        engine.run()
        written = json.dumps([engine.record(life), engine.records.parts(life)])
        inputs = json.dumps([instance.given for instance in engine.hub.instances.values()])
        canaries = [*engine.azure.cloud.canaries, *engine.administrator.tickets()]
        assert len(canaries) > 5
        assert [canary for canary in canaries if canary in written + inputs] == []


def test_where_nobody_may_purge_a_teardown_ends_and_says_until_when_each_secret_stays() -> None:
    with Engine() as engine:
        engine.azure.seed.vault.properties["enablePurgeProtection"] = True
        life = engine.ask()
        engine.run()
        engine.delete(life)
        engine.run()
        assert (engine.phase(life), engine.record(life)["teardown"]["left"]) == ("gone", [])
        engine.settle()
        assert engine.census() == {"deleted secrets": 3}
        status = status_document(engine.record(life), engine.records.parts(life))
        stays = [(step["kind"], step["stays_until"]) for corp in status["corps"] for step in corp["steps"]]
        until = [date for kind, date in stays if kind.startswith("reserved")]
        end = datetime.fromtimestamp(engine.hub.now, UTC) + timedelta(days=90)
        assert [date and date[:10] for date in until] == [end.date().isoformat()] * 3
        assert {date for kind, date in stays if not kind.startswith("reserved")} == {None}
        refused = [entry for entry in engine.requests() if entry["method"] == "DELETE" and entry["status"] == 403]
        assert refused == []
        assert engine.bugs == []


@pytest.mark.parametrize("seconds", [0.5, 3.0, 20.0, 60.0, 110.0, 140.0])
def test_a_delete_at_any_time_ends_in_nothing(seconds: float) -> None:
    with Engine() as engine:
        life = engine.ask()
        engine.hub.at(seconds, lambda: engine.delete(life))
        engine.run()
        engine.settle()
        assert (engine.phase(life), engine.census()) == ("gone", {})


def test_two_environments_live_side_by_side_and_each_goes_alone() -> None:
    with Engine() as engine:
        first, second = engine.ask(), engine.ask("def567", name="other")
        engine.run()
        both = engine.census()
        engine.delete(first)
        engine.run()
        engine.settle()
        assert (engine.phase(first), engine.phase(second)) == ("gone", "ready")
        assert {kind: 2 * count for kind, count in engine.census().items()} == both


def test_records_in_blobs_serve_as_well() -> None:
    with Engine(blobs=True) as engine:
        life = engine.ask()
        engine.run()
        assert engine.phase(life) == "ready"
        engine.delete(life)
        engine.run()
        engine.settle()
        assert (engine.phase(life), engine.census()) == ("gone", {})
        assert any(blob.endswith("record.json") for blob in engine.azure.census()["blobs"])


def test_a_node_that_never_connects_fails_the_proof_and_leaves_nothing() -> None:
    with Engine() as engine:
        engine.guests.deaf.add("health-corp")
        life = engine.ask()
        engine.run()
        engine.settle()
        assert engine.record(life)["error"]["code"] == "ProofFailed"
        assert "enrolled (health-corp)" in engine.record(life)["error"]["message"]
        assert engine.census() == {}


@pytest.mark.parametrize("corp", ["ai-corp", "health-corp"])
def test_a_retry_believes_no_program_s_former_report(corp: str) -> None:
    with Engine() as engine:
        engine.guests.deaf.add(corp)
        life = engine.ask(on_failure="keep")
        engine.run()
        assert engine.record(life)["error"]["code"] == "ProofFailed"
        engine.guests.deaf.clear()
        assert engine.retry(life)
        engine.run()
        assert engine.phase(life) == "ready"


def test_a_fault_by_rule_befalls_the_app() -> None:
    quota = Fault("PUT", "/deployments/", status=400, code="InsufficientQuota", message="no more", count=0)
    with Engine(quota) as engine:
        life = engine.ask()
        engine.run()
        assert engine.record(life)["error"]["code"] == "InsufficientQuota"
        assert quota.hit > 0


@pytest.mark.parametrize("effect", ["reset", "lost", "half", "hang"])
def test_a_connection_that_breaks_is_an_outcome_and_no_bug(effect: Any) -> None:
    with Engine(Fault("PUT", "management.azure.com", effect=effect, skip=3, count=2)) as engine:
        life = engine.ask()
        engine.run()
        assert (engine.phase(life), engine.bugs) == ("ready", [])


def test_kept_generators_do_what_replay_does() -> None:
    """The same activities with the same inputs at the same times."""
    kept: list[tuple[float, str, Any]] = []
    with Engine() as engine:
        _watch(engine, kept)
        life = _planned(engine)
        engine.run()
        assert engine.phase(life) == "ready"
    replayed: list[tuple[float, str, Any]] = []
    with Engine() as engine:
        _watch(engine, replayed)
        driver = Driver(lambda name, given, seconds: _at(engine, driver.now, name, given))
        _planned(engine)
        job = {"environment": life[0], "generation": life[1], "attempt": 1, "on_failure": "rollback"}
        job["correlation_id"] = samples.CORRELATION
        driver.start("provision_environment", job, names.provision_instance(*life))
        driver.run()
        assert driver.instances[names.provision_instance(*life)].output == {"phase": "ready"}
    assert _sorted(kept) == _sorted(replayed)


def _planned(engine: Engine) -> Any:
    """A life whose plan is known: a new one has a new key in it."""
    life = engine.ask()
    place = Place(engine.cloud.settings.subscription, engine.cloud.settings.vault_id)
    model = samples.MODEL | {"name": "gpt-5-mini", "version": "2025-08-07", "sku": "GlobalStandard"}
    plan = make_plan(
        samples.spec(),
        life[1],
        place,
        Findings(model, samples.PUBLIC_KEY),
        Occasion(samples.REQUESTED, samples.CORRELATION),
    )
    engine.records.change(life, lambda document: document | {"plan": plan})
    return life


def _at(engine: Engine, now: float, name: str, given: dict[str, Any]) -> Any:
    engine.hub.now = now
    return engine.act(name, given)[0]


def _watch(engine: Engine, seen: list[tuple[float, str, Any]]) -> None:
    def watched(name: str, given: dict[str, Any], do: Callable[[], Any]) -> Any:
        seen.append((round(engine.hub.seconds, 2), name, given))
        return do()

    engine.around = watched


def _sorted(seen: list[tuple[float, str, Any]]) -> list[str]:
    return sorted(json.dumps(line, sort_keys=True) for line in seen)


def test_as_many_tags_as_a_request_may_have_are_borne_to_the_end() -> None:
    tags = {"Cost Center": "4711", "team:lead": "x"} | {f"tag{number}": "x" * 256 for number in range(41)}
    with Engine() as engine:
        life = engine.ask(tags=tags)
        engine.run()
        assert (engine.phase(life), engine.bugs) == ("ready", [])
        machine = next(engine.azure.cloud.of("Microsoft.Compute/virtualMachines"))
        assert tags.items() <= machine.body["tags"].items()
        assert [finding["check"] for finding in engine.record(life)["findings"]] == ["tags", "tags"]
