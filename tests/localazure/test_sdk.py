"""Azure's own clients, as activities/cloud.py makes them, over real connections: nothing in them knows of us."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from activities.cloud import Cloud, begin, get, listed, outcome_of, retry_after
from isthmus.settings import Settings
from tests.localazure.resources import ACCOUNT, GROUP, ZONE, examples, kind_of
from tests.localazure.world import World, environment


@pytest.fixture(scope="module")
def cloud(world: World) -> Iterator[Cloud]:
    """The app's façade with the app's environment, which is all that it is told."""
    with environment(world.environment):
        yield Cloud(Settings.read(world.environment))


@pytest.fixture(scope="module")
def bodies(world: World) -> dict[str, Any]:
    return {kind: body for kind, (_, body) in examples(world.arm().groups).items()}


CREATED: list[tuple[str, str, tuple[str, ...]]] = [
    ("network", "network_security_groups", ("nsg",)),
    ("network", "public_ip_addresses", ("out",)),
    ("network", "nat_gateways", ("nat",)),
    ("network", "virtual_networks", ("net",)),
    ("network", "subnets", ("net", "more")),
    ("network", "network_interfaces", ("nic",)),
    ("compute", "disks", ("data",)),
    ("private_dns", "private_zones", (ZONE,)),
    ("private_dns", "virtual_network_links", (ZONE, "link")),
]


@pytest.fixture(scope="module")
def standing(cloud: Cloud, bodies: dict[str, Any]) -> dict[str, Any]:
    """Made by pollers, as their users write it: begin, then wait for the result. What each gave, by name."""
    kinds = {path.rsplit("/", 1)[1]: kind_of(path) for path, _ in examples("").values()}
    cloud.resources.resource_groups.create_or_update(GROUP, bodies["Microsoft.Resources/resourceGroups"])
    made: dict[str, Any] = {}
    for service, operations, names in CREATED:
        client, name = getattr(getattr(cloud, service), operations), names[-1]
        made[name] = client.begin_create_or_update(GROUP, *names, bodies[kinds[name]]).result()
    identity = bodies["Microsoft.ManagedIdentity/userAssignedIdentities"]
    made["node"] = cloud.identities.user_assigned_identities.create_or_update(GROUP, "node", identity)
    machine, look = (bodies[f"Microsoft.Compute/virtualMachines{more}"] for more in ("", "/runCommands"))
    made["vm"] = cloud.compute.virtual_machines.begin_create_or_update(GROUP, "vm", machine).result()
    commands = cloud.compute.virtual_machine_run_commands
    made["look"] = commands.begin_create_or_update(GROUP, "vm", "look", look).result()
    account = bodies["Microsoft.CognitiveServices/accounts"]
    made[ACCOUNT] = cloud.cognitive.accounts.begin_create(GROUP, ACCOUNT, account).result()
    return made


def test_pollers_of_every_style_come_to_their_end(standing: dict[str, Any]) -> None:
    assert {name: made.name for name, made in standing.items()} == {name: name for name in standing}
    assert standing["vm"].provisioning_state == "Succeeded"
    assert standing[ACCOUNT].properties.endpoint == f"https://{ACCOUNT}.openai.azure.com/"


def test_a_run_command_s_own_view_is_shown_when_it_is_asked_for(standing: dict[str, Any], cloud: Cloud) -> None:
    commands = cloud.compute.virtual_machine_run_commands
    view = commands.get_by_virtual_machine(GROUP, "vm", "look", expand="instanceView").instance_view
    assert (view.execution_state, view.exit_code) == ("Succeeded", 0)
    assert commands.get_by_virtual_machine(GROUP, "vm", "look").instance_view is None


def test_lists_come_as_models_and_as_arm_s_own_words(standing: dict[str, Any], cloud: Cloud) -> None:
    assert [item.name for item in cloud.network.virtual_networks.list(GROUP)] == ["net"]
    (interface,) = listed(cloud.network.network_interfaces.list(GROUP))
    assert interface["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"] == "10.1.0.4"
    assert any(model["model"]["name"] == "gpt-5-mini" for model in listed(cloud.cognitive.models.list("eastus")))
    assert [item.name for item in cloud.resources.resources.list(filter="resourceType eq 'Microsoft.Compute/disks'")]


def test_a_begun_operation_is_one_request_and_says_where_to_look(
    standing: dict[str, Any], cloud: Cloud, bodies: dict[str, Any]
) -> None:
    group = bodies["Microsoft.Network/networkSecurityGroups"]
    answer = begin(cloud.network.network_security_groups.begin_create_or_update, GROUP, "another", group)
    assert answer.status_code == 201
    assert retry_after(answer.headers) == pytest.approx(0.02)
    url = answer.headers["Azure-AsyncOperation"]
    look = cloud.get_url(url)
    assert (look.status_code, look.json()["name"] in url) == (200, True)


def test_get_gives_json_or_none(standing: dict[str, Any], cloud: Cloud) -> None:
    found = get(cloud.network.virtual_networks.get, GROUP, "net")
    assert found is not None
    assert found["properties"]["addressSpace"] == {"addressPrefixes": ["10.1.0.0/16"]}
    assert get(cloud.network.virtual_networks.get, GROUP, "nothing") is None


def test_a_refusal_comes_out_with_azure_s_own_code(
    standing: dict[str, Any], cloud: Cloud, bodies: dict[str, Any]
) -> None:
    wrong = bodies["Microsoft.Network/natGateways"] | {"properties": {"publicIpAddresses": [{"id": "/nowhere"}]}}
    with pytest.raises(HttpResponseError) as refusal:
        cloud.network.nat_gateways.begin_create_or_update(GROUP, "wrong", wrong)
    outcome = outcome_of(refusal.value)
    assert outcome["state"] == "failed"
    assert outcome["code"] == "InvalidResourceReference"
    assert outcome["request_id"]


def test_a_poller_of_what_fails_raises_with_the_reason(
    standing: dict[str, Any], world: World, cloud: Cloud, bodies: dict[str, Any]
) -> None:
    rule = {"method": "PUT", "path": "/doomed", "effect": "operation", "code": "AllocationFailed", "message": "no room"}
    world.control("POST", "faults", [rule])
    group = bodies["Microsoft.Network/networkSecurityGroups"]
    poller = cloud.network.network_security_groups.begin_create_or_update(GROUP, "doomed", group)
    with pytest.raises(HttpResponseError, match="no room"):
        poller.result()


def test_role_assignments_and_definitions(world: World, cloud: Cloud) -> None:
    scope = world.azure.seed.vault.id
    found = list(cloud.authorization.role_assignments.list_for_scope(scope, filter="atScope()"))
    assert any(item.principal_id == world.azure.seed.identity.properties["principalId"] for item in found)


def test_everything_goes_with_its_group_and_the_account_is_purged(
    standing: dict[str, Any], world: World, cloud: Cloud
) -> None:
    cloud.resources.resource_groups.begin_delete(GROUP).result()
    (kept,) = cloud.cognitive.deleted_accounts.list()
    assert kept.name == ACCOUNT
    cloud.cognitive.deleted_accounts.begin_purge("eastus", GROUP, ACCOUNT).result()
    assert list(cloud.cognitive.deleted_accounts.list()) == []
    assert set(world.control("GET", "census")) == {"seeded"}
