"""Actions against orchestrations that end, or are begun by somebody else, between a look and the call that follows."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import azure.durable_functions as df
import pytest

from isthmus import names
from tests.unit.fakes import records_with
from tests.unit.samples import LIFE, plan
from triggers import actions, endpoint

RUNNING, COMPLETED = df.OrchestrationRuntimeStatus.Running, df.OrchestrationRuntimeStatus.Completed


class Client:
    """A durable client whose calls find that things are other than they were a moment ago, or break.

    then: the status of every instance from the first such call on
    """

    def __init__(self, now: Any, then: Any) -> None:
        self._status, self._then = now, then
        self.raised: list[str] = []

    async def get_status(self, instance_id: str) -> Any:
        return SimpleNamespace(runtime_status=self._status)

    async def raise_event(self, instance_id: str, name: str, value: Any) -> None:
        self.raised.append(instance_id)
        self._change(f"Instance with ID {instance_id} is gone")

    async def start_new(self, orchestrator: str, instance_id: str, given: Any) -> None:
        self._change(f"There is a running instance with ID {instance_id}")

    def _change(self, why: str) -> None:
        self._status = self._then
        raise RuntimeError(why)


@pytest.fixture(autouse=True)
def asked() -> None:
    endpoint._asker.set(endpoint.Asker("correlation", None))


def delete(client: Client, **record: Any) -> actions.Done:
    records = records_with(plan=plan(), **record)
    records.claim(*LIFE, None)
    return asyncio.run(actions.delete(client, records, LIFE[0]))


def test_an_orchestration_that_ends_before_it_can_be_roused_needs_no_rousing() -> None:
    client = Client(RUNNING, COMPLETED)
    assert delete(client, phase="building").status == 202
    assert client.raised[0] == names.provision_instance(*LIFE)


def test_one_that_goes_on_and_can_not_be_roused_is_no_success() -> None:
    with pytest.raises(RuntimeError, match="gone"):
        delete(Client(RUNNING, RUNNING), phase="building")


def test_a_teardown_that_somebody_else_began_meanwhile_is_the_one_that_was_asked_for() -> None:
    assert delete(Client(COMPLETED, RUNNING), phase="ready").status == 202


def test_a_teardown_that_could_not_be_begun_is_no_success() -> None:
    with pytest.raises(RuntimeError, match="running"):
        delete(Client(COMPLETED, COMPLETED), phase="ready")
