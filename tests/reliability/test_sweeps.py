"""Sweeps: what they do not do, what they find after the end, what they try again, and sweepers that die."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from activities import bookkeeping
from activities.cleanup import find_expired
from isthmus import names
from isthmus.spec import Spec
from localcloud.azure.faults import Fault
from tests.localazure.engine import Engine
from tests.localazure.live import HostDiedError
from tests.localazure.resources import regional
from tests.reliability.test_ends import LEASE, gone, later, ready, sweep

OTHERS = ("one", "two", "three")
DAY = 24 * 3600.0


def report(engine: Engine) -> dict[str, Any]:
    """The newest one in the records."""
    (newest, *_) = engine.records.sweeps(1)
    return newest


def swept(engine: Engine) -> dict[str, Any]:
    engine.hub.now = max(engine.hub.now, engine.direct.clock.now())  # Azure was let settle
    sweep(engine)
    engine.run()
    assert engine.bugs == []
    return report(engine)


def tune(engine: Engine, **settings: Any) -> None:
    engine.cloud.settings = replace(engine.cloud.settings, **settings)


def writes(engine: Engine, after: int) -> list[str]:
    return [f"{entry['method']} {entry['path']}" for entry in engine.requests(after) if entry["method"] != "GET"]


@pytest.mark.parametrize("cleanup", ["on", "dry-run"])
def test_a_dry_run_says_what_a_sweep_would_do_and_writes_nothing(cleanup: Any) -> None:
    with Engine() as engine:
        life = ready(engine)
        later(engine, LEASE * 60)
        engine.settle(1.0)
        before, last = dict(engine.container.blobs), engine.azure.front.logged
        tune(engine, cleanup=cleanup)
        found = find_expired(engine.cloud, engine.records, engine.now())
        assert [line["environment"] for line in found["due"]] == [life[0]]
        assert writes(engine, last) == []
        assert engine.container.blobs == before
        told = swept(engine) if cleanup == "dry-run" else None
        assert engine.phase(life) == "ready"
        assert told is None or (told["dry_run"], told["due"], told["taken_down"]) == (True, found["due"], [])
        assert writes(engine, last) == []


def test_no_more_lives_than_the_cap_are_taken_down_and_the_rest_comes_next_time() -> None:
    with Engine() as engine:
        lives = []
        for name in OTHERS:
            lives.append(ready(engine, name=name))
            later(engine, 60.0)
        later(engine, LEASE * 60)
        tune(engine, cleanup_most=2)
        told = swept(engine)
        assert [line["environment"] for line in told["taken_down"]] == ["one", "two"]
        assert [line["environment"] for line in told["put_off"]] == ["three"]
        assert [engine.phase(life) for life in lives] == ["gone", "gone", "ready"]
        assert [line["environment"] for line in swept(engine)["taken_down"]] == ["three"]
        gone(engine, *lives)


def test_who_switches_sweeps_off_stops_the_one_that_is_at_work() -> None:
    with Engine() as engine:
        life = ready(engine)
        later(engine, LEASE * 60)

        def around(name: str, given: dict[str, Any], do: Any) -> Any:
            found = do()
            if name == "find_expired":
                tune(engine, cleanup="off")
            return found

        engine.around = around
        assert [line["phase"] for line in swept(engine)["taken_down"]] == ["ready"]
        assert engine.phase(life) == "ready"


@pytest.mark.parametrize("late", [False, True])
def test_a_lease_that_is_renewed_while_a_sweep_is_at_work_is_renewed_or_refused_and_never_both(late: bool) -> None:
    with Engine() as engine:
        life = ready(engine)
        later(engine, LEASE * 60)
        taken: list[bool] = []

        def around(name: str, given: dict[str, Any], do: Any) -> Any:
            found = do()
            if name == ("begin_teardown" if late else "find_expired"):
                taken.append(bookkeeping.renew(engine.records, life, int(LEASE), engine.now())[1])
            return found

        engine.around = around
        swept(engine)
        assert (taken, engine.phase(life)) == (([False], "gone") if late else ([True], "ready"))


def test_what_can_t_be_looked_at_is_told_of_and_nothing_is_decided_without_the_groups() -> None:
    with Engine() as engine:
        life = ready(engine)
        later(engine, LEASE * 60)
        engine.azure.front.faults += [
            Fault("GET", "/deletedAccounts$", status=403, code="AuthorizationFailed", message="no", count=1),
            Fault("GET", "/resourceGroups$", status=429, code="TooManyRequests", message="later", count=1),
        ]
        told = swept(engine)
        assert [line["kind"] for line in told["unseen"]] == ["resource groups", "deleted accounts"]
        assert (told["taken_down"], engine.phase(life)) == ([], "ready")
        engine.administrator.break_down()
        assert [line["kind"] for line in swept(engine)["unseen"]] == ["portal members"]
        engine.administrator.break_down(False)
        assert engine.record(life)["teardown"]["error"]["code"] == "OckamFailed"
        later(engine, 16 * 60.0)
        swept(engine)
        gone(engine, life)


def _secret(engine: Engine, life: tuple[str, str], tags: dict[str, str]) -> None:
    engine.cloud.secrets.set_secret(names.key_secret(*life), "late", tags=tags)


def _deleted_secret(engine: Engine, life: tuple[str, str], tags: dict[str, str]) -> None:
    _secret(engine, life, tags)
    engine.cloud.secrets.begin_delete_secret(names.key_secret(*life))


def _account(engine: Engine, life: tuple[str, str], tags: dict[str, str]) -> None:
    arm = engine.direct.arm()
    group = f"{arm.groups}/{names.resource_group(*life, 'ai-corp')}"
    arm.put(group, regional(tags=tags))
    name = names.account(engine.cloud.settings.subscription, *life)
    arm.put(
        f"{group}/providers/Microsoft.CognitiveServices/accounts/{name}",
        regional(kind="OpenAI", sku={"name": "S0"}, tags=tags),
    )
    arm.delete(group)


def _group(engine: Engine, life: tuple[str, str], tags: dict[str, str]) -> None:
    arm = engine.direct.arm()
    arm.put(f"{arm.groups}/{names.resource_group(*life, 'ai-corp')}", regional(tags=tags))


def _assignment(engine: Engine, life: tuple[str, str], tags: dict[str, str]) -> None:
    """Its principal is gone with the groups."""
    settings = engine.cloud.settings
    scope = f"{settings.vault_id}/secrets/{names.key_secret(*life)}"
    role = names.role_definition(settings.subscription, names.SECRETS_USER_ROLE)
    body = {"roleDefinitionId": role, "principalId": "99999999-0000-0000-0000-000000000000"}
    name = names.role_assignment(scope, body["principalId"], role)
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    answer = engine.direct.arm().call("PUT", path, {"properties": body | {"principalType": "ServicePrincipal"}})
    assert answer.status_code == 201


def _member(engine: Engine, life: tuple[str, str], tags: dict[str, str]) -> None:
    engine.administrator.enrol(f"TICKET-1-{names.attribute(*life, 'inlet')}")


@pytest.mark.parametrize("left", [_secret, _deleted_secret, _account, _group, _assignment, _member])
def test_what_comes_to_light_after_the_end_is_taken_down_by_the_next_sweep(left: Any) -> None:
    with Engine() as engine:
        life = ready(engine)
        arm = engine.direct.arm()
        tags = arm.get(f"{arm.groups}/{names.resource_group(*life, 'ai-corp')}")["tags"]
        engine.delete(life)
        gone(engine, life)
        left(engine, life, tags)
        engine.settle()
        assert engine.census() != {}
        assert [line["why"] for line in swept(engine)["taken_down"]] == ["leftovers"]
        gone(engine, life)
        assert swept(engine)["due"] == []


def test_a_blocked_teardown_is_tried_again_later_and_later_until_nothing_is_left() -> None:
    blocked = Fault("DELETE", "/resourceGroups/[^/]*health-corp$", status=409, code="ScopeLocked", message="a lock",
                    count=0)  # fmt: skip
    with Engine() as engine:
        life = ready(engine)
        engine.azure.front.faults.append(blocked)
        engine.delete(life)
        engine.run()
        tried = []
        for _ in range(60):
            later(engine, 300.0)
            if swept(engine)["taken_down"]:
                tried.append(engine.record(life)["teardown"]["tries"])
        assert tried == [2, 3, 4, 5]  # in five hours: after 15, 30, 60 and 120 minutes
        assert engine.phase(life) == "failed"
        engine.azure.front.faults.remove(blocked)
        for _ in range(72):
            later(engine, 300.0)
            sweep(engine)
            engine.run()
        gone(engine, life)


@pytest.mark.parametrize("death", range(0, 60, 6))
def test_a_sweeper_that_dies_in_the_middle_leaves_nothing_and_does_nothing_twice(death: int) -> None:
    with Engine() as engine:
        life = ready(engine)
        later(engine, LEASE * 60)
        calls, died = 0, list[str]()

        def around(name: str, given: dict[str, Any], do: Any) -> Any:
            nonlocal calls
            calls += 1
            done = do() if death % 4 else None  # before its work, or after it and before anybody knows
            if calls > death and not died:
                died.append(name)
                raise HostDiedError
            return do() if done is None else done

        engine.around = around
        told = swept(engine)
        assert len(died) == 1
        assert [(line["why"], line["phase"]) for line in told["taken_down"]] == [("lease", "gone")]
        gone(engine, life)


def test_records_are_forgotten_after_their_retention_and_the_next_life_is_a_new_one() -> None:
    with Engine() as engine:
        life = ready(engine)
        engine.records.keep_promise("a key", "digest", life)
        engine.delete(life)
        gone(engine, life)
        later(engine, 29 * DAY)
        assert swept(engine)["forgotten"] == []
        later(engine, 2 * DAY)
        assert [line["generation"] for line in swept(engine)["forgotten"]] == [life[1]]
        left = [name for name in engine.container.blobs if not name.startswith("sweeps/")]
        assert left == [f"environments/{life[0]}.json"]
        spec = Spec.model_validate({"name": life[0]})
        again = names.generation(life[0], engine.records.bearer(life[0]), spec.digest())
        assert engine.ask(again) == (life[0], again) != life
        assert engine.phase((life[0], again)) == "requested"


def test_a_report_says_everything_and_holds_no_secret() -> None:
    with Engine() as engine:
        life = ready(engine)
        later(engine, LEASE * 60)
        told = swept(engine)
        (line,) = told["taken_down"]
        assert (line["environment"], line["generation"], line["phase"], line["left"]) == (*life, "gone", [])
        assert told["began_at"] < told["ended_at"]
        text = str(told)
        assert [canary for canary in engine.azure.cloud.canaries if canary in text] == []


def test_secrets_that_nobody_may_purge_are_no_leftovers() -> None:
    with Engine() as engine:
        engine.azure.seed.vault.properties["enablePurgeProtection"] = True
        life = ready(engine)
        engine.delete(life)
        engine.run()
        assert engine.phase(life) == "gone"
        assert engine.census()["deleted secrets"] == 3
        assert swept(engine)["due"] == []
