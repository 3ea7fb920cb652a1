"""What is in use can't be deleted; a group takes everything with it; what went can be made again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from localcloud.azure import NoFabric
from localcloud.fabric import Topology
from tests.localazure.arm import Arm
from tests.localazure.direct import Direct
from tests.localazure.resources import GROUP, PLACED, Example, build, interface, regional

NETWORK = "Microsoft.Network"
IN_USE = [
    (f"{NETWORK}/networkSecurityGroups", 400, "InUseNetworkSecurityGroupCannotBeDeleted"),
    (f"{NETWORK}/publicIPAddresses", 400, "PublicIPAddressCannotBeDeleted"),
    (f"{NETWORK}/natGateways", 400, "InUseNatGatewayCannotBeDeleted"),
    (f"{NETWORK}/virtualNetworks", 400, "InUseSubnetCannotBeDeleted"),
    (f"{NETWORK}/networkInterfaces", 400, "NicInUse"),
    (f"{NETWORK}/privateDnsZones", 409, "CannotDeleteResource"),
    ("Microsoft.CognitiveServices/accounts", 409, "CannotDeleteResource"),
]


class Watched(NoFabric):
    """Remembers in which order machines and networks went."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[str] = []

    async def delete(self, machine_id: str) -> None:
        self.events.append("machine")
        await super().delete(machine_id)

    async def apply(self, topology: Topology) -> None:
        if len(topology.networks) < len(self.topology.networks):
            self.events.append("network")
        await super().apply(topology)


@pytest.fixture(scope="module")
def standing() -> Iterator[tuple[Arm, dict[str, Example]]]:
    """Everything stands, and nobody takes any of it away."""
    with Direct() as direct:
        arm = direct.arm()
        yield arm, build(arm)


@pytest.mark.parametrize(("kind", "status", "code"), IN_USE, ids=[kind for kind, _, _ in IN_USE])
def test_what_is_in_use_is_not_deleted(standing: Any, kind: str, status: int, code: str) -> None:
    arm, whole = standing
    assert arm.refused("DELETE", whole[kind][0]) == (status, code)
    assert arm.get(whole[kind][0])["properties"]["provisioningState"] == "Succeeded"


def test_a_machine_s_disk_is_not_deleted_before_it(standing: Any) -> None:
    arm, whole = standing
    machine = arm.get(whole["Microsoft.Compute/virtualMachines"][0])
    disk = machine["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"]
    assert arm.refused("DELETE", disk) == (409, "OperationNotAllowed")


def test_the_interface_of_a_private_endpoint_goes_with_it_only(standing: Any) -> None:
    arm, whole = standing
    endpoint = arm.get(whole[f"{NETWORK}/privateEndpoints"][0])
    own = endpoint["properties"]["networkInterfaces"][0]["id"]
    assert arm.refused("DELETE", own) == (400, "NicInUseWithPrivateEndpoint")


def test_a_network_written_again_without_a_subnet_that_is_in_use_is_refused(standing: Any) -> None:
    arm, whole = standing
    path, body = whole[f"{NETWORK}/virtualNetworks"]
    without = body | {"properties": {"addressSpace": body["properties"]["addressSpace"]}}
    assert arm.refused("PUT", path, without) == (400, "InUseSubnetCannotBeDeleted")
    assert len(arm.get(path)["properties"]["subnets"]) == 2


def test_a_network_written_again_without_a_free_subnet_loses_it(direct: Direct) -> None:
    arm = direct.arm()
    arm.put(f"{arm.groups}/{GROUP}", regional())
    path = f"{arm.groups}/{GROUP}/providers/{NETWORK}/virtualNetworks/n"
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
    subnets = [{"name": "s", "properties": {"addressPrefix": "10.0.0.0/24"}}]
    arm.put(path, regional({**space, "subnets": subnets}))
    assert arm.put(path, regional(space))["properties"]["subnets"] == []


def test_an_endpoint_s_interface_holds_its_subnet_for_a_while(direct: Direct) -> None:
    arm = direct.arm()
    whole = build(arm, *PLACED, "Microsoft.CognitiveServices/accounts", f"{NETWORK}/privateEndpoints")
    network = whole[f"{NETWORK}/virtualNetworks"][0]
    arm.delete(whole[f"{NETWORK}/privateEndpoints"][0])
    assert arm.refused("DELETE", network) == (400, "InUseSubnetCannotBeDeleted")
    direct.advance(15)
    arm.delete(network)


def test_a_deleted_machine_takes_its_disk_and_leaves_an_interface_that_is_not_to_go(direct: Direct) -> None:
    arm = direct.arm()
    whole = build(arm)
    path = whole["Microsoft.Compute/virtualMachines"][0]
    disk = arm.get(path)["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"]
    arm.delete(path)
    assert arm.call("GET", disk).status_code == 404
    assert arm.call("GET", f"{path}/runCommands/look").status_code == 404
    assert "virtualMachine" not in arm.get(whole[f"{NETWORK}/networkInterfaces"][0])["properties"]
    assert isinstance(direct.fabric, NoFabric)
    assert direct.fabric.machines == {}


def test_a_group_takes_everything_with_it_users_before_what_they_use() -> None:
    fabric = Watched()
    with Direct(fabric) as direct:
        arm = direct.arm()
        before = direct.azure.census()
        build(arm)
        answer = arm.call("DELETE", f"{arm.groups}/{GROUP}")
        assert answer.status_code == 202
        direct.advance(69)
        assert arm.get(f"{arm.groups}/{GROUP}")["properties"]["provisioningState"] == "Deleting"
        direct.advance(1)
        assert arm.call("GET", answer.headers["Location"]).status_code == 204
        assert arm.refused("GET", f"{arm.groups}/{GROUP}") == (404, "ResourceGroupNotFound")
        left = {kind: items for kind, items in direct.azure.census().items() if items != before.get(kind)}
        assert set(left) == {"deleted accounts"}
        assert fabric.events == ["machine", "network"]
        assert fabric.topology == Topology()


def test_nothing_is_written_in_a_group_that_is_going(direct: Direct) -> None:
    arm = direct.arm()
    whole = build(arm, "Microsoft.Resources/resourceGroups", f"{NETWORK}/networkSecurityGroups")
    group = f"{arm.groups}/{GROUP}"
    arm.call("DELETE", group)
    assert arm.refused("PUT", group, regional()) == (409, "ResourceGroupBeingDeleted")
    assert arm.refused("PUT", *whole[f"{NETWORK}/publicIPAddresses"]) == (409, "ResourceGroupBeingDeleted")
    assert arm.call("DELETE", group).status_code == 202  # asked twice is asked once
    arm.until(lambda: arm.call("GET", group).status_code == 404)
    assert arm.call("PUT", group, regional()).status_code == 201


def test_what_stands_outside_and_needs_something_inside_blocks_a_group_and_only_the_operation_says_so(
    direct: Direct,
) -> None:
    arm = direct.arm()
    whole = build(arm, *PLACED)
    arm.put(f"{arm.groups}/outside", regional())
    subnet = f"{whole[f'{NETWORK}/virtualNetworks'][0]}/subnets/nodes"
    outside = f"{arm.groups}/outside/providers/{NETWORK}/networkInterfaces/nic"
    arm.put(outside, interface(subnet))
    group = f"{arm.groups}/{GROUP}"
    url = arm.call("DELETE", group).headers["Location"]
    direct.advance(60)
    assert arm.refused("GET", url) == (409, "ResourceGroupDeletionBlocked")
    assert outside in arm.call("GET", url).text
    assert arm.get(group)["properties"]["provisioningState"] == "Succeeded"
    arm.delete(outside)
    arm.delete(group)


def test_what_is_being_made_when_its_group_goes_does_not_come_back(direct: Direct) -> None:
    arm = direct.arm()
    whole = build(arm, "Microsoft.Resources/resourceGroups")
    arm.call("DELETE", f"{arm.groups}/{GROUP}")
    arm.until(lambda: arm.call("GET", f"{arm.groups}/{GROUP}").status_code == 404)
    build(arm, "Microsoft.Resources/resourceGroups")
    arm.call("PUT", *whole["Microsoft.CognitiveServices/accounts"])
    arm.call("DELETE", f"{arm.groups}/{GROUP}")
    direct.advance(1000)
    assert direct.azure.census().get("Microsoft.CognitiveServices/accounts") is None
