"""Faults by rule: which calls they befall, and what becomes of these, in this process and over real connections."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from localcloud.azure import identities
from localcloud.azure.faults import Effect, Fault, parse
from tests.localazure.arm import Arm
from tests.localazure.direct import Direct
from tests.localazure.resources import PLACED, build, examples, regional
from tests.localazure.world import PATIENCE, World

SECURITY = "Microsoft.Network/networkSecurityGroups"
ACCOUNTS = "Microsoft.CognitiveServices/accounts"


def befallen(fault: Fault, calls: int, method: str = "PUT", path: str = "management.azure.com/a") -> list[int]:
    return [number for number in range(calls) if fault.hits(method, path)]


def test_a_rule_befalls_the_first_call_that_matches() -> None:
    assert befallen(Fault(), 5) == [0]


def test_so_many_pass_and_so_many_are_hit() -> None:
    assert befallen(Fault(skip=2, count=3), 10) == [2, 3, 4]
    assert befallen(Fault(skip=1, count=0), 4) == [1, 2, 3]


def test_method_and_path_are_matched_in_any_case() -> None:
    fault = Fault("put|delete", "/VIRTUALnetworks/")
    assert not fault.hits("GET", "management.azure.com/virtualNetworks/n")
    assert not fault.hits("PUT", "management.azure.com/natGateways/n")
    assert not fault.hits("OUTPUT", "management.azure.com/virtualNetworks/n")
    assert fault.hits("PUT", "management.azure.com/virtualNetworks/n")
    assert fault.seen == fault.hit == 1


def test_chance_is_the_same_for_the_same_seed() -> None:
    first, same, other = (befallen(Fault(count=0, probability=0.2, seed=seed), 1000) for seed in (1, 1, 2))
    assert first == same != other
    assert 150 < len(first) < 250


def test_an_unknown_word_and_an_unknown_effect_are_named() -> None:
    with pytest.raises(ValueError, match="speling"):
        parse([{"speling": 1}])
    with pytest.raises(ValueError, match="explode"):
        parse([{"effect": "explode"}])


@pytest.fixture
def arm(direct: Direct) -> Arm:
    arm = direct.arm()
    build(arm, "Microsoft.Resources/resourceGroups")
    return arm


def example(arm: Arm, kind: str = SECURITY) -> tuple[str, dict[str, Any]]:
    return examples(arm.groups)[kind]


def test_an_answer_is_given_instead_of_doing_it(arm: Arm, direct: Direct) -> None:
    headers = {"Retry-After": "17"}
    fault = Fault("PUT", status=429, code="TooManyRequests", message="slow down", headers=headers)
    direct.azure.front.faults.append(fault)
    path, body = example(arm)
    answer = arm.call("PUT", path, body)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "17")
    assert answer.json() == {"error": {"code": "TooManyRequests", "message": "slow down"}}
    assert arm.call("GET", path).status_code == 404
    assert arm.call("PUT", path, body).status_code == 201


def test_an_answer_of_key_vault_s_has_its_inner_code(direct: Direct) -> None:
    fault = Fault(path="vault.azure.net", status=403, code="Forbidden", inner="ForbiddenByRbac")
    direct.azure.front.faults.append(fault)
    error = direct.send("GET", f"https://{direct.azure.seed.vault.name}.vault.azure.net/secrets").json()["error"]
    assert error["innererror"] == {"code": "ForbiddenByRbac"}


def test_an_operation_that_says_failed_and_later_succeeded(arm: Arm, direct: Direct) -> None:
    direct.azure.front.faults.append(Fault("PUT", "/accounts/", effect="late", seconds=60, code="InternalError"))
    path, body = example(arm, ACCOUNTS)
    arm.call("PUT", path, body)
    direct.advance(40)
    assert arm.get(path)["properties"]["provisioningState"] == "Failed"
    assert arm.refused("PUT", path, body) == (409, "RequestConflict")
    direct.advance(60)
    assert arm.get(path)["properties"]["provisioningState"] == "Succeeded"


def test_a_slow_operation_takes_so_much_longer(arm: Arm, direct: Direct) -> None:
    direct.azure.front.faults.append(Fault("PUT", effect="slow", seconds=1000))
    path, body = example(arm)
    url = arm.call("PUT", path, body).headers["Azure-AsyncOperation"]
    direct.advance(1004)
    assert arm.get(url)["status"] == "InProgress"
    direct.advance(1)
    assert arm.get(url)["status"] == "Succeeded"


def test_a_delete_s_operation_can_fail_and_leaves_things_as_they_were(arm: Arm, direct: Direct) -> None:
    path, body = example(arm)
    arm.put(path, body)
    direct.azure.front.faults.append(Fault("DELETE", effect="operation", code="Conflict", message="not now"))
    answer = arm.call("DELETE", path)
    assert arm.outcome(answer)["error"]["code"] == "Conflict"
    assert arm.get(path)["properties"]["provisioningState"] == "Succeeded"
    arm.delete(path)


def test_a_group_s_delete_can_be_blocked(arm: Arm, direct: Direct) -> None:
    blocked = "ResourceGroupDeletionBlocked"
    direct.azure.front.faults.append(Fault("DELETE", "/resourceGroups/[^/]+$", effect="operation", code=blocked))
    group = f"{arm.groups}/street"
    url = arm.call("DELETE", group).headers["Location"]
    direct.advance(30)
    assert arm.refused("GET", url) == (409, blocked)
    arm.delete(group)


def test_a_purge_can_fail_and_be_tried_again(arm: Arm, direct: Direct) -> None:
    path, body = example(arm, ACCOUNTS)
    arm.put(path, body)
    arm.delete(path)
    direct.azure.front.faults.append(Fault("DELETE", "/deletedAccounts/", effect="operation", code="InternalError"))
    listed = f"{arm.groups.rpartition('/')[0]}/providers/Microsoft.CognitiveServices/deletedAccounts"
    (kept,) = (item["id"] for item in arm.get(listed)["value"])
    for _ in range(2):
        assert arm.call("DELETE", kept).status_code == 202
        direct.advance(30)
    assert arm.get(listed)["value"] == []


BREAKS: list[tuple[Effect, bool, type[Exception]]] = [
    ("reset", False, requests.exceptions.ConnectionError),
    ("lost", True, requests.exceptions.ConnectionError),
    ("half", True, requests.exceptions.ChunkedEncodingError),
    ("hang", False, requests.exceptions.ReadTimeout),
]


@pytest.mark.parametrize(("effect", "done", "raised"), BREAKS)
def test_a_connection_that_breaks(
    arm: Arm, direct: Direct, effect: Effect, done: bool, raised: type[Exception]
) -> None:
    direct.azure.front.faults.append(Fault("PUT", effect=effect))
    path, body = example(arm)
    with pytest.raises(raised):
        arm.call("PUT", path, body).json()
    assert (arm.call("GET", path).status_code == 200) == done


@pytest.mark.parametrize(("effect", "done", "raised"), BREAKS)
def test_a_connection_that_really_breaks(world: World, effect: Effect, done: bool, raised: type[Exception]) -> None:
    arm = world.arm()
    path = f"{arm.groups}/breaks-{effect}"
    world.control("POST", "faults", [{"method": "PUT", "path": f"breaks-{effect}", "effect": effect}])
    world.patience = 0.5
    with pytest.raises(raised):
        arm.call("PUT", path, regional())
    world.patience = PATIENCE
    assert (arm.call("GET", path).status_code == 200) == done


def test_the_log_has_what_broke_too(arm: Arm, direct: Direct) -> None:
    direct.azure.front.faults.append(Fault("PUT", effect="reset"))
    with pytest.raises(requests.exceptions.ConnectionError):
        arm.call("PUT", *example(arm))
    assert direct.azure.front.log[-1]["status"] == 0


def test_a_role_that_propagates_slowly(direct: Direct) -> None:
    fault = Fault("PUT", "/roleAssignments/", effect="slow", seconds=540)
    direct.azure.front.faults.append(fault)
    arm = direct.arm()
    principal = direct.azure.cloud.uuid()
    role = f"/subscriptions/{arm.subscription}/providers/Microsoft.Authorization/roleDefinitions/"
    body = {"properties": {
        "roleDefinitionId": role + "4633458b-17de-408a-b874-0445c86b69e6",
        "principalId": principal,
        "principalType": "ServicePrincipal",
    }}  # fmt: skip
    name = "7f3c1f0e-0000-4000-8000-000000000001"
    vault = direct.azure.seed.vault.id
    arm.call("PUT", f"{vault}/providers/Microsoft.Authorization/roleAssignments/{name}", body)
    (made,) = (a for a in direct.azure.cloud.access.assignments.values() if a.principal == principal)
    assert made.effective - made.created == 600


def test_a_connection_that_is_refused(arm: Arm, direct: Direct) -> None:
    direct.azure.front.faults.append(Fault("CONNECT", "management.azure.com", effect="refuse", count=2))
    for _ in range(2):
        with pytest.raises(requests.exceptions.ConnectionError, match="refused"):
            arm.get(arm.groups)
    assert arm.get(arm.groups)["value"]


def test_a_connection_that_is_really_refused(world: World) -> None:
    arm = world.arm()
    world.control("POST", "faults", [{"method": "CONNECT", "path": "management.azure.com", "effect": "refuse"}])
    with pytest.raises(requests.exceptions.ProxyError, match="502"):
        arm.get(arm.groups)
    assert arm.get(arm.groups)["value"]


def test_what_is_unseen_is_done_and_reaches_the_network_later(arm: Arm, direct: Direct) -> None:
    direct.azure.front.faults.append(Fault("PUT", "/virtualNetworks/", effect="unseen", seconds=100))
    for kind in PLACED[1:]:
        arm.put(*example(arm, kind))
    assert len(direct.fabric.topology.networks) == 0  # type: ignore[union-attr]
    direct.advance(100)
    assert len(direct.fabric.topology.networks) == 1  # type: ignore[union-attr]


def test_a_vm_that_never_boots_is_told_when_azure_has_waited_long_enough(arm: Arm, direct: Direct) -> None:
    direct.azure.front.faults.append(Fault("PUT", "/virtualMachines/", effect="dead"))
    whole = examples(arm.groups)
    for kind in (*PLACED[1:], "Microsoft.Network/networkInterfaces", identities.TYPE):
        arm.put(*whole[kind])
    path, body = whole["Microsoft.Compute/virtualMachines"]
    answer = arm.call("PUT", path, body)
    direct.advance(1200)
    assert arm.get(path)["properties"]["provisioningState"] == "Creating"
    assert arm.outcome(answer)["error"]["code"] == "OSProvisioningTimedOut"
    assert arm.get(path)["properties"]["provisioningState"] == "Failed"
    assert direct.fabric.census()["machines"] == 0
