"""Ends that meet: sweeps that overlap builds, deletes and each other; a lost task hub; look-alikes."""

from __future__ import annotations

from typing import Any

import pytest

from isthmus import names
from tests.localazure.engine import Engine
from tests.localazure.live import Hub
from tests.localazure.resources import regional
from tests.unit.samples import GENERATION

LEASE = 60.0
"""Minutes."""


def sweep(engine: Engine, instance: str = "clean-up") -> None:
    engine.hub.start("clean_up", None, instance)


def later(engine: Engine, seconds: float) -> None:
    engine.hub.now += seconds


def gone(engine: Engine, *lives: tuple[str, str]) -> None:
    engine.run()
    engine.settle()
    assert [engine.phase(life) for life in lives] == ["gone"] * len(lives)
    assert engine.census() == {}
    assert engine.bugs == []


def ready(engine: Engine, **wish: Any) -> tuple[str, str]:
    life = engine.ask(lease_minutes=int(LEASE), **wish)
    engine.run()
    assert engine.phase(life) == "ready"
    return life


def test_a_lease_s_end_takes_an_environment_down_and_not_before() -> None:
    with Engine() as engine:
        life = ready(engine)
        there = engine.census()
        sweep(engine)
        engine.run()
        assert (engine.phase(life), engine.census()) == ("ready", there)
        later(engine, LEASE * 60)
        sweep(engine)
        gone(engine, life)


def test_a_lost_task_hub_loses_nothing() -> None:
    with Engine() as engine:
        life = engine.ask(lease_minutes=int(LEASE))
        engine.hub.at(60.0, lambda: engine.hub.lose())
        engine.run()
        assert engine.phase(life) == "building"
        engine.hub = _another(engine.hub, engine)
        later(engine, LEASE * 60)
        for _ in range(2):  # told to stop first; believed dead half an hour later
            sweep(engine)
            engine.run()
            later(engine, 1801)
        gone(engine, life)


def _another(lost: Hub, engine: Engine) -> Hub:
    hub = Hub(engine.act)
    hub.now = lost.now
    return hub


@pytest.mark.parametrize("seconds", [0.0, 5.0, 40.0])
def test_two_sweepers_at_once_and_a_delete_between_them_end_in_nothing(seconds: float) -> None:
    with Engine() as engine:
        life = ready(engine)
        later(engine, LEASE * 60)
        sweep(engine, "first")
        engine.hub.at(engine.hub.seconds + seconds, lambda: sweep(engine, "second"))
        engine.hub.at(engine.hub.seconds + seconds / 2, lambda: engine.delete(life))
        gone(engine, life)


def test_a_sweep_while_it_is_built_touches_nothing() -> None:
    with Engine() as engine:
        life = engine.ask(lease_minutes=int(LEASE))
        for seconds in (1.0, 30.0, 70.0, 120.0):
            engine.hub.at(seconds, lambda: sweep(engine))
        engine.run()
        assert engine.phase(life) == "ready"


def test_the_same_name_twice_is_one_environment() -> None:
    with Engine() as engine:
        first = engine.ask()
        second = engine.ask("def567")
        lives = [first, second]
        engine.hub.at(50.0, lambda: lives.append(engine.ask("ghi765")))
        engine.run()
        lives.append(engine.ask("jkl234"))
        engine.run()
        assert lives == [("demo", GENERATION)] * 4
        assert engine.census()["Microsoft.Resources/resourceGroups"] == 2
        engine.delete(first)
        second_life = engine.ask("mno345")
        assert second_life == ("demo", "mno345")
        engine.run()
        assert (engine.phase(first), engine.phase(second_life)) == ("gone", "ready")


def test_what_only_looks_like_ours_is_left_alone() -> None:
    with Engine() as engine:
        life = ready(engine)
        arm = engine.direct.arm()
        tags = arm.get(f"{arm.groups}/{names.resource_group(*life, 'ai-corp')}")["tags"]
        strange = {
            "named-otherwise": regional(tags=tags),
            names.resource_group("demo", "zzzzzz", "ai-corp"): regional(tags=tags | {names.TAG_GENERATION: "zzzzzz"}),
            names.resource_group("demo", "yyyyyy", "ai-corp"): regional(),
            "theirs": regional(tags={"isthmus": "no"}),
        }
        for name, body in strange.items():
            arm.put(f"{arm.groups}/{name}", body)
        secrets = engine.direct.cloud.secrets
        for secret in ("isthmus-of-somebody-else", "isthmus-demo-xxxxxx-api-key"):
            secrets.set_secret(secret, "CANARY", tags=tags)
        secrets.begin_delete_secret("isthmus-demo-xxxxxx-api-key")
        account = f"{arm.groups}/theirs/providers/Microsoft.CognitiveServices/accounts/isthmus-demo-xxxxxx-12345678"
        arm.put(account, regional(kind="OpenAI", sku={"name": "S0"}, tags=tags))
        arm.delete(account)
        theirs = [_assign(engine, scope) for scope in ("", "/secrets/isthmus-of-somebody-else")]
        later(engine, LEASE * 60)
        sweep(engine)
        engine.run()
        engine.settle()
        assert engine.phase(life) == "gone"
        arm = engine.direct.arm()
        assert {group["name"] for group in arm.get(arm.groups)["value"]} == {*strange, "isthmus"}
        assert engine.census() == {
            "Microsoft.Resources/resourceGroups": len(strange),
            "secrets": 1,
            "deleted secrets": 1,
            "deleted accounts": 1,
            "role assignments": len(theirs),
        }
        told = engine.hub.instances["clean-up"].output["left_alone"]
        assert sorted((line["kind"], line["name"].rsplit("/", 1)[-1]) for line in told) == sorted(
            [
                ("resource group", names.resource_group("demo", "yyyyyy", "ai-corp")),
                ("resource group", names.resource_group("demo", "zzzzzz", "ai-corp")),
                ("resource group", "named-otherwise"),
                ("deleted account", "isthmus-demo-xxxxxx-12345678"),
                ("secret", "isthmus-of-somebody-else"),
                ("deleted secret", "isthmus-demo-xxxxxx-api-key"),
            ]
        )


def _assign(engine: Engine, below: str) -> str:
    """Somebody else's right to read secrets of the same vault."""
    settings = engine.cloud.settings
    scope, somebody = f"{settings.vault_id}{below}", "99999999-0000-0000-0000-000000000000"
    role = names.role_definition(settings.subscription, names.SECRETS_USER_ROLE)
    name = names.role_assignment(scope, somebody, role)
    body = {"properties": {"roleDefinitionId": role, "principalId": somebody, "principalType": "User"}}
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    assert engine.direct.arm().call("PUT", path, body).status_code == 201
    return name


@pytest.mark.parametrize("below", ["", "/providers/Microsoft.Compute/virtualMachines/node"])
def test_the_keep_tag_on_a_group_or_on_anything_in_it_keeps_the_whole_environment(below: str) -> None:
    with Engine() as engine:
        life = ready(engine)
        there = engine.census()
        arm = engine.direct.arm()
        kept = f"{arm.groups}/{names.resource_group(*life, 'ai-corp')}{below}"
        tags = arm.get(kept)["tags"]
        assert arm.call("PATCH", kept, {"tags": tags | {names.TAG_KEEP: "please"}}).status_code == 200
        later(engine, LEASE * 60)
        sweep(engine)
        engine.run()
        assert (engine.phase(life), engine.census()) == ("ready", there)
        (told,) = engine.hub.instances["clean-up"].output["left_alone"]
        assert names.TAG_KEEP in told["reason"]
        assert engine.direct.arm().call("PATCH", kept, {"tags": tags}).status_code == 200
        sweep(engine)
        gone(engine, life)
