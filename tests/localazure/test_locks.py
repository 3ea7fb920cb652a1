"""Locks: what is at a scope, above it or below it stands against a call, and is named by its scope."""

from __future__ import annotations

import pytest

from localcloud.azure import seed
from localcloud.azure.identities import caller_of
from tests.localazure.arm import Arm
from tests.localazure.direct import Direct
from tests.localazure.resources import GROUP, examples, regional

SECURITY = "Microsoft.Network/networkSecurityGroups"
VERSION = "2020-05-01"


@pytest.fixture
def arm(direct: Direct) -> Arm:
    """As somebody who may do anything."""
    whole = direct.arm()
    subscription = f"/subscriptions/{whole.subscription}"
    seed.grant(direct.azure.cloud, caller_of(direct.azure.seed.identity).object_id, seed.OWNER, subscription)
    for kind in ("Microsoft.Resources/resourceGroups", SECURITY):
        whole.put(*examples(whole.groups)[kind])
    return whole


def lock(arm: Arm, scope: str, level: str = "CanNotDelete") -> str:
    path = f"{scope}/providers/Microsoft.Authorization/locks/keep"
    assert arm.call("PUT", path, {"properties": {"level": level}}, version=VERSION).status_code == 201
    return path


def test_a_lock_anywhere_in_a_group_stands_against_the_group_s_deletion_and_names_its_scope(arm: Arm) -> None:
    path, _ = examples(arm.groups)[SECURITY]
    kept = lock(arm, path)
    answer = arm.call("DELETE", f"{arm.groups}/{GROUP}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "ScopeLocked")
    assert f"'{path}'" in answer.json()["error"]["message"]
    assert arm.call("DELETE", kept, version=VERSION).status_code == 200
    arm.delete(f"{arm.groups}/{GROUP}")


def test_a_lock_on_a_group_stands_against_the_deletion_of_what_is_in_it_and_not_beside_it(arm: Arm) -> None:
    path, body = examples(arm.groups)[SECURITY]
    lock(arm, f"{arm.groups}/{GROUP}")
    assert arm.refused("DELETE", path) == (409, "ScopeLocked")
    assert arm.call("PUT", path, body).status_code == 200
    arm.put(f"{arm.groups}/other", regional())
    arm.delete(f"{arm.groups}/other")


def test_a_read_only_lock_stands_against_changes_too(arm: Arm) -> None:
    path, body = examples(arm.groups)[SECURITY]
    lock(arm, path, "ReadOnly")
    assert arm.refused("PUT", path, body) == (409, "ScopeLocked")
    assert arm.get(path)


def test_locks_are_listed_at_above_and_below_a_scope(arm: Arm) -> None:
    path, _ = examples(arm.groups)[SECURITY]
    kept = lock(arm, path)
    for scope in (path, f"{arm.groups}/{GROUP}", f"/subscriptions/{arm.subscription}"):
        listed = arm.get(f"{scope}/providers/Microsoft.Authorization/locks", version=VERSION)["value"]
        assert [item["id"] for item in listed] == [kept]
    assert arm.get(f"{arm.groups}/other/providers/Microsoft.Authorization/locks", version=VERSION)["value"] == []
    assert arm.get(kept, version=VERSION)["properties"] == {"level": "CanNotDelete"}


def test_a_level_that_is_none_is_refused(arm: Arm) -> None:
    path = f"{arm.groups}/{GROUP}/providers/Microsoft.Authorization/locks/keep"
    body = {"properties": {"level": "Sometimes"}}
    assert arm.refused("PUT", path, body, version=VERSION) == (400, "InvalidRequestContent")
