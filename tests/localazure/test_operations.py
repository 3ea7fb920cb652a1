"""ARM's writes and the operations that they begin: what a caller sees on the way, and afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.azure.clock import iso
from localcloud.azure.faults import Fault
from tests.localazure.arm import Arm
from tests.localazure.direct import Direct
from tests.localazure.resources import ACCOUNT, GROUP, MODEL, PLACED, build, examples, interface, regional
from tests.unit.driver import START

GROUPS = "Microsoft.Resources/resourceGroups"
SECURITY = "Microsoft.Network/networkSecurityGroups"
NETWORK = "Microsoft.Network/virtualNetworks"
ACCOUNTS = "Microsoft.CognitiveServices/accounts"
MACHINES = "Microsoft.Compute/virtualMachines"
ZONES = "Microsoft.Network/privateDnsZones"
NICS = "Microsoft.Network/networkInterfaces"
IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"


@pytest.fixture
def arm(direct: Direct) -> Arm:
    """With the group in which the examples stand."""
    arm = direct.arm()
    build(arm, GROUPS)
    return arm


def example(arm: Arm, kind: str) -> tuple[str, dict[str, Any]]:
    return examples(arm.groups)[kind]


def test_an_operation_s_url_says_in_progress_and_then_succeeded(arm: Arm, direct: Direct) -> None:
    answer = arm.call("PUT", *example(arm, SECURITY))
    url = answer.headers["Azure-AsyncOperation"]
    look = arm.call("GET", url)
    assert (look.status_code, look.json()["status"]) == (200, "InProgress")
    assert (look.headers["Retry-After"], look.headers["x-ms-retry-after-ms"]) == ("10", "10000")
    direct.advance(5)
    done = arm.get(url)
    assert done["status"] == "Succeeded"
    assert (done["startTime"], done["endTime"]) == (iso(START), iso(START + 5))
    assert "Retry-After" not in arm.call("GET", url).headers


def test_a_location_answers_202_and_then_the_resource(arm: Arm, direct: Direct) -> None:
    path, body = example(arm, ZONES)
    url = arm.call("PUT", path, body).headers["Location"]
    assert arm.call("GET", url).status_code == 202
    assert arm.call("GET", url).headers["Location"] == url
    direct.advance(20)
    assert arm.get(url)["id"] == path


def test_the_location_of_a_delete_ends_with_204(arm: Arm, direct: Direct) -> None:
    path, body = example(arm, ZONES)
    arm.put(path, body)
    url = arm.call("DELETE", path).headers["Location"]
    assert arm.call("GET", url).status_code == 202
    assert arm.get(path)["properties"]["provisioningState"] == "Deleting"
    direct.advance(15)
    assert arm.call("GET", url).status_code == 204
    assert arm.call("GET", path).status_code == 404


def test_of_an_account_only_its_body_tells(arm: Arm, direct: Direct) -> None:
    path, body = example(arm, ACCOUNTS)
    answer = arm.call("PUT", path, body)
    assert {"Azure-AsyncOperation", "Location"}.isdisjoint(answer.headers)
    assert answer.json()["properties"]["provisioningState"] == "Accepted"
    direct.advance(39)
    assert arm.get(path)["properties"]["provisioningState"] == "Accepted"
    direct.advance(1)
    assert arm.get(path)["properties"]["provisioningState"] == "Succeeded"


def test_while_something_is_under_way_a_get_says_when_to_look_again(arm: Arm, direct: Direct) -> None:
    path, body = example(arm, SECURITY)
    arm.call("PUT", path, body)
    assert "x-ms-retry-after-ms" in arm.call("GET", path).headers
    direct.advance(5)
    assert "x-ms-retry-after-ms" not in arm.call("GET", path).headers


def test_nobody_may_look_at_an_operation_without_its_signature(arm: Arm) -> None:
    url = arm.call("PUT", *example(arm, SECURITY)).headers["Azure-AsyncOperation"]
    assert arm.refused("GET", url.partition("&s=")[0]) == (404, "NotFound")
    assert arm.refused("GET", url[:-3] + "abc") == (404, "NotFound")


def test_waits_shrink_with_the_speed() -> None:
    with Direct(speed=0.01) as direct:
        arm = direct.arm()
        build(arm, GROUPS)
        answer = arm.call("PUT", *example(arm, SECURITY))
        # A whole second would be a lie, and none at all makes clients sleep for half a minute.
        assert answer.headers["x-ms-retry-after-ms"] == "100"
        assert "Retry-After" not in answer.headers
        direct.advance(0.05)
        assert arm.get(example(arm, SECURITY)[0])["properties"]["provisioningState"] == "Succeeded"


@pytest.mark.parametrize(
    ("kind", "refusal"),
    [
        (SECURITY, (429, "AnotherOperationInProgress")),
        (ACCOUNTS, (409, "RequestConflict")),
        (ZONES, (429, "AnotherOperationInProgress")),
    ],
)
def test_a_second_write_at_the_same_time_is_refused(arm: Arm, kind: str, refusal: tuple[int, str]) -> None:
    path, body = example(arm, kind)
    arm.call("PUT", path, body)
    assert arm.refused("PUT", path, body) == refusal
    assert arm.refused("DELETE", path) == refusal
    assert "x-ms-retry-after-ms" in arm.call("PUT", path, body).headers


def test_a_second_write_on_a_machine_is_refused(arm: Arm) -> None:
    whole = build(arm, *PLACED, NICS, IDENTITIES)
    path, body = whole[MACHINES]
    arm.call("PUT", path, body)
    assert arm.refused("PUT", path, body) == (409, "OperationNotAllowed")


def test_writes_of_subnets_of_one_network_exclude_each_other(arm: Arm, direct: Direct) -> None:
    path = f"{arm.groups}/{GROUP}/providers/{NETWORK}/plain"
    arm.put(path, regional({"addressSpace": {"addressPrefixes": ["10.2.0.0/16"]}}))
    first, second = ({"properties": {"addressPrefix": f"10.2.{number}.0/24"}} for number in (1, 2))
    assert arm.call("PUT", f"{path}/subnets/first", first).status_code == 201
    assert arm.refused("PUT", f"{path}/subnets/second", second) == (429, "AnotherOperationInProgress")
    direct.advance(5)
    assert arm.call("PUT", f"{path}/subnets/second", second).status_code == 201


def test_deployments_of_one_account_exclude_each_other(arm: Arm, direct: Direct) -> None:
    build(arm, ACCOUNTS)
    path = f"{example(arm, ACCOUNTS)[0]}/deployments"
    body = {"sku": {"name": "GlobalStandard", "capacity": 1}, "properties": {"model": MODEL}}
    assert arm.call("PUT", f"{path}/first", body).status_code == 201
    assert arm.refused("PUT", f"{path}/second", body) == (409, "RequestConflict")
    direct.advance(15)
    assert arm.call("PUT", f"{path}/second", body).status_code == 201


def test_a_new_resource_whose_operation_fails_stays_as_failed_and_only_the_operation_tells_why(
    arm: Arm, direct: Direct
) -> None:
    direct.azure.front.faults.append(Fault("PUT", effect="operation", code="AllocationFailed", message="no room"))
    path, body = example(arm, SECURITY)
    answer = arm.call("PUT", path, body)
    assert arm.outcome(answer)["error"] == {"code": "AllocationFailed", "message": "no room"}
    shown = arm.get(path)
    assert shown["properties"]["provisioningState"] == "Failed"
    assert "no room" not in str(shown)
    assert arm.put(path, body)["properties"]["provisioningState"] == "Succeeded"


def test_a_resource_that_was_there_looks_as_healthy_as_before_when_its_update_fails(arm: Arm, direct: Direct) -> None:
    path, body = example(arm, SECURITY)
    arm.put(path, body)
    direct.azure.front.faults.append(Fault("PUT", effect="operation", code="AllocationFailed"))
    answer = arm.call("PUT", path, body | {"properties": {"securityRules": []}})
    assert arm.outcome(answer)["status"] == "Failed"
    shown = arm.get(path)
    assert shown["properties"]["provisioningState"] == "Succeeded"
    assert len(shown["properties"]["securityRules"]) == 1


def test_the_location_of_what_failed_answers_with_the_error(arm: Arm, direct: Direct) -> None:
    direct.azure.front.faults.append(Fault("PUT", effect="operation", code="AllocationFailed"))
    url = arm.call("PUT", *example(arm, ZONES)).headers["Location"]
    direct.advance(20)
    assert arm.refused("GET", url) == (409, "AllocationFailed")


def test_an_etag_guards_a_write(arm: Arm) -> None:
    path, body = example(arm, SECURITY)
    etag = arm.put(path, body)["etag"]
    assert arm.call("GET", path).headers["ETag"] == etag
    assert arm.refused("PUT", path, body, If_Match='W/"another"') == (412, "PreconditionFailed")
    assert arm.refused("DELETE", path, If_Match='W/"another"') == (412, "PreconditionFailed")
    assert arm.refused("PUT", path, body, If_None_Match="*") == (412, "PreconditionFailed")
    assert arm.call("PUT", path, body, If_Match=etag).status_code == 200
    assert arm.settled(path)["etag"] != etag


def test_what_is_not_there_can_be_created_on_condition_that_it_is_not(arm: Arm) -> None:
    path, body = example(arm, SECURITY)
    assert arm.refused("PUT", path, body, If_Match="*") == (412, "PreconditionFailed")
    assert arm.call("PUT", path, body, If_None_Match="*").status_code == 201


def test_groups_are_found_by_their_tags(arm: Arm) -> None:
    for number, tags in enumerate(({"owner": "us"}, {"owner": "them"}, {})):
        arm.put(f"{arm.groups}/g{number}", regional(tags=tags))

    def found(condition: str) -> set[str]:
        return {group["name"] for group in arm.get(f"{arm.groups}?$filter={condition}")["value"]}

    assert found("tagName eq 'owner'") == {"g0", "g1"}
    assert found("tagName eq 'OWNER' and tagValue eq 'them'") == {"g1"}
    assert found("tagName eq 'nothing'") == set()
    assert arm.refused("GET", f"{arm.groups}?$filter=colour eq 'red'") == (400, "InvalidFilterInQueryString")


def test_resources_are_found_by_their_type_in_the_whole_subscription_and_in_a_group(arm: Arm) -> None:
    build(arm, SECURITY, "Microsoft.Network/publicIPAddresses")
    arm.put(f"{arm.groups}/other", regional())
    condition = f"$filter=resourceType eq '{SECURITY}'"
    whole = arm.groups.rpartition("/")[0]
    assert [found["name"] for found in arm.get(f"{whole}/resources?{condition}")["value"]] == ["nsg"]
    assert arm.get(f"{arm.groups}/other/resources?{condition}")["value"] == []
    assert len(arm.get(f"{arm.groups}/{GROUP}/resources")["value"]) == 2


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("Microsoft.Network/natGateways/n", regional({"publicIpAddresses": [{"id": "NOWHERE"}]})),
        ("Microsoft.Network/networkInterfaces/n", interface("NOWHERE")),
        (
            "Microsoft.Network/virtualNetworks/n",
            regional(
                {
                    "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
                    "subnets": [
                        {
                            "name": "s",
                            "properties": {"addressPrefix": "10.0.0.0/24", "networkSecurityGroup": {"id": "NOWHERE"}},
                        }
                    ],
                }
            ),
        ),
    ],
)
def test_a_reference_to_nothing_is_refused_and_named(arm: Arm, path: str, body: dict[str, Any]) -> None:
    answer = arm.call("PUT", f"{arm.groups}/{GROUP}/providers/{path}", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidResourceReference")
    assert "NOWHERE" in answer.text
    assert arm.call("GET", f"{arm.groups}/{GROUP}/providers/{path}").status_code == 404


def test_a_reference_to_what_is_still_being_made_asks_to_try_again(arm: Arm, direct: Direct) -> None:
    whole = examples(arm.groups)
    arm.call("PUT", *whole["Microsoft.Network/publicIPAddresses"])
    answer = arm.call("PUT", *whole["Microsoft.Network/natGateways"])
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (429, "RetryableError")
    assert error["details"][0]["code"] == "ReferencedResourceNotProvisioned"
    direct.advance(5)
    assert arm.call("PUT", *whole["Microsoft.Network/natGateways"]).status_code == 201


def test_a_reference_is_given_back_in_arm_s_own_spelling(arm: Arm) -> None:
    whole = build(arm, *PLACED)
    subnet = f"{whole[NETWORK][0]}/subnets/nodes"
    path, _ = whole[NICS]
    configuration = arm.put(path, interface(subnet.upper()))["properties"]["ipConfigurations"][0]
    assert configuration["properties"]["subnet"]["id"] == subnet


def test_defaults_are_added(arm: Arm) -> None:
    whole = build(arm, SECURITY, "Microsoft.Network/publicIPAddresses", ACCOUNTS)
    rule = arm.get(whole[SECURITY][0])["properties"]["securityRules"][0]["properties"]
    assert (rule["sourcePortRanges"], rule["provisioningState"]) == ([], "Succeeded")
    assert len(arm.get(whole[SECURITY][0])["properties"]["defaultSecurityRules"]) == 6
    assert arm.get(whole["Microsoft.Network/publicIPAddresses"][0])["properties"]["idleTimeoutInMinutes"] == 4
    account = arm.get(whole[ACCOUNTS][0])["properties"]
    assert account["endpoint"] == f"https://{ACCOUNT}.openai.azure.com/"
    assert account["publicNetworkAccess"] == "Enabled"


def test_a_group_stays_where_it_is(arm: Arm) -> None:
    path = f"{arm.groups}/{GROUP}"
    assert arm.refused("PUT", path, {"location": "westeurope"}) == (409, "InvalidResourceGroupLocation")
    assert arm.refused("PUT", f"{arm.groups}/other", {"location": "the-moon"}) == (
        400,
        "LocationNotAvailableForResourceGroup",
    )


def test_a_group_s_head_says_whether_it_is_there(arm: Arm) -> None:
    assert arm.call("HEAD", f"{arm.groups}/{GROUP}").status_code == 204
    assert arm.call("HEAD", f"{arm.groups}/nothing").status_code == 404


def test_a_body_that_is_no_json_is_refused(arm: Arm, direct: Direct) -> None:
    headers = {"Authorization": f"Bearer {arm.token}"}
    url = f"https://management.azure.com{arm.groups}/{GROUP}?api-version=2025-04-01"
    answer = direct.send("PUT", url, data="{not json", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidRequestContent")
