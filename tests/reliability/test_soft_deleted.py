"""Somebody deletes a thing of an environment that was kept, and Azure keeps it soft-deleted: a retry gets over it."""

from __future__ import annotations

import pytest

from isthmus import names
from localcloud.azure.faults import Fault
from tests.localazure.engine import Engine
from tests.reliability.operations import undisturbed


def kept(engine: Engine, refused: str) -> tuple[str, str]:
    """An environment that failed at a kind of resource and was kept."""
    fault = Fault("PUT", f"/{refused}/", status=403, code="RequestDisallowedByPolicy", message="no", count=0)
    engine.azure.front.faults.append(fault)
    life = engine.ask(on_failure="keep")
    engine.run()
    engine.azure.front.faults.clear()
    assert engine.phase(life) == "failed"
    return life


def retried(engine: Engine, life: tuple[str, str]) -> None:
    """It gets ready, and goes without a trace."""
    assert engine.retry(life)
    engine.run()
    assert engine.phase(life) == "ready", engine.record(life)["error"]
    assert engine.census() == undisturbed().there
    engine.delete(life)
    engine.run()
    engine.settle()
    assert (engine.phase(life), engine.census(), engine.bugs) == ("gone", {}, [])


def test_an_account_that_is_soft_deleted_is_purged_and_made_anew() -> None:
    with Engine() as engine:
        life = kept(engine, "deployments")
        arm = engine.direct.arm()
        group = f"{arm.groups}/{names.resource_group(*life, 'ai-corp')}/providers"
        (endpoint,) = arm.get(f"{group}/Microsoft.Network/privateEndpoints")["value"]
        arm.delete(endpoint["id"])
        (account,) = arm.get(f"{group}/Microsoft.CognitiveServices/accounts")["value"]
        arm.delete(account["id"])
        engine.hub.now = engine.direct.clock.now()
        assert len(engine.azure.cloud.deleted_accounts) == 1
        retried(engine, life)


@pytest.mark.parametrize(
    "secret", [names.ticket_secret("demo", "abc234", "ai-corp"), names.key_secret("demo", "abc234")]
)
def test_a_secret_that_is_soft_deleted_is_recovered(secret: str) -> None:
    with Engine() as engine:
        life = kept(engine, "virtualMachines")
        engine.cloud.secrets.begin_delete_secret(secret)
        retried(engine, life)
