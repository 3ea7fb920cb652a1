"""Microsoft.CognitiveServices: kept when deleted, closed while it settles, and what a region offers."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.azure.catalog import MODEL_QUOTA
from tests.localazure.arm import Arm
from tests.localazure.direct import Direct
from tests.localazure.resources import ACCOUNT, GROUP, MODEL, PLACE, PLACED, build, examples

ACCOUNTS = "Microsoft.CognitiveServices/accounts"


@pytest.fixture
def arm(direct: Direct) -> Arm:
    arm = direct.arm()
    build(arm, "Microsoft.Resources/resourceGroups", ACCOUNTS)
    return arm


def own(arm: Arm) -> tuple[str, dict[str, Any]]:
    return examples(arm.groups)[ACCOUNTS]


def kept(arm: Arm, place: str = PLACE) -> str:
    whole = f"{arm.groups.rpartition('/')[0]}/providers/Microsoft.CognitiveServices/locations/{place}"
    return f"{whole}/resourceGroups/{GROUP}/deletedAccounts/{ACCOUNT}"


def test_a_deleted_account_keeps_its_name_until_it_is_purged(arm: Arm, direct: Direct) -> None:
    path, body = own(arm)
    arm.delete(path)
    assert arm.get(kept(arm))["properties"]["deletionDate"]
    assert arm.refused("PUT", path, body) == (409, "FlagMustBeSetForRestore")
    answer = arm.call("DELETE", kept(arm))
    assert answer.status_code == 202
    assert arm.refused("DELETE", kept(arm)) == (409, "RequestConflict")
    direct.advance(30)
    assert arm.refused("GET", kept(arm)) == (404, "ResourceNotFound")
    assert arm.put(path, body)["properties"]["provisioningState"] == "Succeeded"


def test_a_deleted_account_is_found_in_its_own_place_only(arm: Arm) -> None:
    arm.delete(own(arm)[0])
    assert arm.refused("GET", kept(arm, "westus3")) == (404, "ResourceNotFound")
    assert arm.call("DELETE", kept(arm, "westus3")).status_code == 204
    assert arm.call("GET", kept(arm)).status_code == 200


def test_a_restored_account_has_its_old_keys(arm: Arm) -> None:
    path, body = own(arm)
    keys = arm.call("POST", f"{path}/listKeys").json()
    arm.delete(path)
    arm.put(path, body | {"properties": body["properties"] | {"restore": True}})
    assert arm.call("POST", f"{path}/listKeys").json() == keys
    assert arm.call("GET", kept(arm)).status_code == 404


def test_a_purged_account_that_is_made_again_has_new_keys(arm: Arm, direct: Direct) -> None:
    path, body = own(arm)
    keys = arm.call("POST", f"{path}/listKeys").json()
    arm.delete(path)
    arm.call("DELETE", kept(arm))
    direct.advance(30)
    arm.put(path, body)
    assert set(arm.call("POST", f"{path}/listKeys").json().values()).isdisjoint(keys.values())


def test_an_account_that_goes_with_its_group_is_kept_as_well(arm: Arm, direct: Direct) -> None:
    arm.delete(f"{arm.groups}/{GROUP}")
    listed = f"{arm.groups.rpartition('/')[0]}/providers/Microsoft.CognitiveServices/deletedAccounts"
    assert [item["name"] for item in arm.get(listed)["value"]] == [ACCOUNT]
    arm.call("DELETE", kept(arm))
    direct.advance(30)
    assert arm.get(listed)["value"] == []


@pytest.mark.parametrize("deleted", [False, True])
def test_a_subdomain_belongs_to_one_account_even_a_deleted_one(arm: Arm, deleted: bool) -> None:
    path, body = own(arm)
    if deleted:
        arm.delete(path)
    assert arm.refused("PUT", path + "-2", body) == (409, "CustomDomainInUse")
    check = f"{arm.groups.rpartition('/')[0]}/providers/Microsoft.CognitiveServices/checkDomainAvailability"
    asked = {"subdomainName": ACCOUNT, "type": ACCOUNTS}
    assert arm.call("POST", check, asked).json()["isSubdomainAvailable"] is False
    assert arm.call("POST", check, asked | {"subdomainName": "free"}).json()["isSubdomainAvailable"] is True


def test_a_subdomain_stays_what_it_is(arm: Arm) -> None:
    path, body = own(arm)
    other = body | {"properties": {"customSubDomainName": "another"}}
    assert arm.refused("PUT", path, other) == (400, "CustomDomainNameChangeNotAllowed")


def test_an_endpoint_is_refused_while_the_account_settles_even_after_it_said_succeeded(direct: Direct) -> None:
    arm = direct.arm()
    build(arm, *PLACED)
    path, body = own(arm)
    endpoint = examples(arm.groups)["Microsoft.Network/privateEndpoints"]
    arm.call("PUT", path, body)
    assert arm.refused("PUT", *endpoint) == (400, "AccountProvisioningStateInvalid")
    direct.advance(40)
    assert arm.get(path)["properties"]["provisioningState"] == "Succeeded"
    assert arm.refused("PUT", *endpoint) == (400, "AccountProvisioningStateInvalid")
    direct.advance(10)
    assert arm.call("PUT", *endpoint).status_code == 201
    # ... and while the endpoint is made, the account must be let alone.
    assert arm.refused("PUT", path, body) == (409, "RequestConflict")
    assert arm.refused("DELETE", path) == (409, "RequestConflict")
    assert arm.refused("PUT", f"{path}/deployments/chat", deployment(MODEL)) == (409, "RequestConflict")


def deployment(model: dict[str, Any], sku: str = "GlobalStandard", capacity: int = 1) -> dict[str, Any]:
    return {"sku": {"name": sku, "capacity": capacity}, "properties": {"model": model}}


def test_a_retired_model_takes_no_new_deployment_and_keeps_the_old_ones(arm: Arm, direct: Direct) -> None:
    path = f"{own(arm)[0]}/deployments"
    mini = {"format": "OpenAI", "name": "gpt-4o-mini", "version": "2024-07-18"}
    assert arm.refused("PUT", f"{path}/a", deployment(mini, "Standard")) == (400, "ServiceModelDeprecated")
    arm.put(f"{path}/b", deployment(mini))
    direct.advance(200 * 86400)
    arm = direct.arm()  # a token lives a day
    assert arm.refused("PUT", f"{path}/c", deployment(mini)) == (400, "ServiceModelDeprecated")
    assert arm.call("PUT", f"{path}/b", deployment(mini, capacity=2)).status_code == 200


@pytest.mark.parametrize(
    ("model", "sku"),
    [
        (MODEL | {"name": "gpt-2"}, "GlobalStandard"),
        (MODEL | {"version": "1999-01-01"}, "GlobalStandard"),
        (MODEL | {"format": "Other"}, "GlobalStandard"),
        (MODEL, "Standard"),
    ],
)
def test_a_model_that_is_not_offered_is_refused(arm: Arm, model: dict[str, Any], sku: str) -> None:
    path = f"{own(arm)[0]}/deployments/a"
    assert arm.refused("PUT", path, deployment(model, sku)) == (400, "DeploymentModelNotSupported")


def test_quota_is_counted_over_all_deployments_and_the_refusal_names_the_numbers(arm: Arm) -> None:
    path = f"{own(arm)[0]}/deployments"
    arm.put(f"{path}/a", deployment(MODEL, capacity=MODEL_QUOTA - 10))
    answer = arm.call("PUT", f"{path}/b", deployment(MODEL, capacity=11))
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "InsufficientQuota")
    for number in (11, 10, MODEL_QUOTA - 10, MODEL_QUOTA):
        assert f" {number} " in error["message"].replace(".", " ")
    whole = f"{arm.groups.rpartition('/')[0]}/providers/Microsoft.CognitiveServices/locations/{PLACE}"
    used = {item["name"]["value"]: item["currentValue"] for item in arm.get(f"{whole}/usages")["value"]}
    assert used["OpenAI.GlobalStandard.gpt-5-mini"] == MODEL_QUOTA - 10
    arm.put(f"{path}/b", deployment(MODEL, capacity=10))


def test_a_region_lists_its_models_with_the_dates_of_their_end(arm: Arm) -> None:
    whole = f"{arm.groups.rpartition('/')[0]}/providers/Microsoft.CognitiveServices/locations/{PLACE}"
    listed = {item["model"]["name"]: item["model"] for item in arm.get(f"{whole}/models")["value"]}
    mini = listed["gpt-4o-mini"]
    assert mini["lifecycleStatus"] == "Deprecated"
    assert {sku["name"]: sku["deprecationDate"][:10] for sku in mini["skus"]}["Standard"] == "2026-03-31"


def test_keys_are_handed_out_to_who_may_ask_and_can_be_changed(arm: Arm) -> None:
    path, body = own(arm)
    before = arm.call("POST", f"{path}/listKeys").json()
    after = arm.call("POST", f"{path}/regenerateKey", {"keyName": "Key1"}).json()
    assert after["key2"] == before["key2"]
    assert after["key1"] not in before.values()
    assert arm.refused("POST", f"{path}/regenerateKey", {"keyName": "Key3"}) == (400, "InvalidKeyName")
    arm.put(path, body | {"properties": body["properties"] | {"disableLocalAuth": True}})
    assert arm.refused("POST", f"{path}/listKeys") == (400, "BadRequest")


def test_an_account_of_an_unknown_kind_or_size_is_refused(arm: Arm) -> None:
    path, body = own(arm)
    assert arm.refused("PUT", path + "-2", body | {"kind": "Oracle"}) == (400, "InvalidApiSetId")
    assert arm.refused("PUT", path + "-2", body | {"sku": {"name": "S9"}}) == (400, "InvalidSkuId")
