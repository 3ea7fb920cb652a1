"""The judges can tell right from wrong."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from localcloud.azure.faults import Fault
from tests.localazure.engine import Engine
from tests.localazure.resources import regional
from tests.reliability.faults import TROUBLES, Cell, Trouble, cells
from tests.reliability.life import READY, through
from tests.reliability.operations import operations, undisturbed
from tests.reliability.orders import InAnyOrder, Orders


def test_an_undisturbed_life_is_as_it_must_be() -> None:
    judgement = through("nothing", lambda engine: None)
    assert (judgement.came_to, judgement.wrong, judgement.orphans) == (READY, [], 0)
    assert judgement.seconds == undisturbed().seconds


def test_what_is_left_over_is_counted_and_named() -> None:
    def arrange(engine: Engine) -> None:
        arm = engine.direct.arm()
        arm.put(f"{arm.groups}/somebody-s", regional())

    judgement = through("an orphan", arrange)
    assert judgement.orphans == 1
    assert judgement.duplicates == 1
    assert "left over: {'Microsoft.Resources/resourceGroups': 1}" in judgement.wrong


def test_what_is_missing_is_counted() -> None:
    def arrange(engine: Engine) -> None:
        def around(name: str, given: dict[str, Any], do: Callable[[], Any]) -> Any:
            result = do()
            if name == "set_phase" and given["phase"] == "ready":
                engine.azure.cloud.resources.popitem()
            return result

        engine.around = around

    judgement = through("a loss", arrange)
    assert judgement.lost == 1
    assert not judgement.fine


def test_a_bug_in_an_activity_is_told() -> None:
    def arrange(engine: Engine) -> None:
        def around(name: str, given: dict[str, Any], do: Callable[[], Any]) -> Any:
            if name == "ensure_public_ip":
                engine.bugs.append("Traceback\nZeroDivisionError: division by zero")
            return do()

        engine.around = around

    assert "a bug: ZeroDivisionError: division by zero" in through("a bug", arrange).wrong


def test_a_fault_that_befell_nothing_is_told() -> None:
    nowhere = operations()[0].__class__("build", "PUT", "nowhere", "/nowhere$")
    judgement = Cell(nowhere, TROUBLES[0]).live()
    assert judgement.wrong == ["the fault never befell anything"]


def test_another_code_than_the_table_s_is_told() -> None:
    quota = next(cell for cell in cells() if cell.trouble.name == "quota exhausted")
    other = Trouble("quota exhausted", quota.trouble.befalls, quota.trouble.rule, "SomethingElse")
    (wrong,) = Cell(quota.operation, other).live().wrong
    assert wrong.startswith("came to InsufficientQuota, not to SomethingElse")


def test_the_grid_has_every_operation_and_every_trouble() -> None:
    whole = list(cells())
    assert {cell.operation for cell in whole} == set(operations())
    assert {cell.trouble.name for cell in whole} == {trouble.name for trouble in TROUBLES}
    assert len(whole) > 800
    assert len({str(cell) for cell in whole}) == len(whole)


def test_a_rule_of_a_cell_befalls_its_own_operation_only() -> None:
    cell = next(cell for cell in cells() if str(cell.operation) == "build: PUT Microsoft.Network/virtualNetworks")
    fault: Fault = cell.fault()
    group = "management.azure.com/subscriptions/s/resourceGroups/g/providers/Microsoft.Network"
    assert fault.hits("PUT", f"{group}/virtualNetworks/n")
    assert not fault.hits("PUT", f"{group}/virtualNetworks/n/subnets/s")
    assert not fault.hits("GET", f"{group}/virtualNetworks/n")


def test_a_secret_that_is_written_down_is_found_wherever_it_stands_and_in_whatever_form() -> None:
    def around(name: str, given: dict[str, Any], do: Callable[[], Any]) -> Any:
        result = do()
        if name == "ensure_api_key":
            key = next(value for value, what in engines[0].azure.cloud.canaries.items() if what.startswith("key of"))
            engines[0].records.change(("demo", "abc234"), lambda record: record | {"note": base64_of(key)})
        return result

    def base64_of(text: str) -> str:
        return base64.b64encode(f"see: {text}".encode()).decode()

    engines: list[Engine] = []

    def arrange(engine: Engine) -> None:
        engines.append(engine)
        engine.around = around

    judgement = through("a leak", arrange)
    assert judgement.leaks > 0
    assert any("key of isthmus-demo" in line and "record lives/demo" in line for line in judgement.wrong)


def test_an_order_in_which_something_does_not_hold_is_told_with_its_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(self: Orders) -> None:
        with self.engine:
            raise AssertionError("it does not hold")

    monkeypatch.setattr(Orders, "teardown", nothing)
    (wrong,) = InAnyOrder(1, 1).live().wrong
    assert wrong.startswith("AssertionError it does not hold")
    assert "state.begin(" in wrong
