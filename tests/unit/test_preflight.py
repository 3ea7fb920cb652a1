"""What stands against a plan is told at once, each finding with a way to mend it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from isthmus import names, permissions
from isthmus.case import Case
from isthmus.preflight import JUDGES, choose
from tests.unit.samples import GENERATION, SUBSCRIPTION, consumers, corp, spec

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def offered(name: str, version: str = "1", state: str = "GenerallyAvailable", **skus: str | None) -> dict[str, Any]:
    listed = [{"name": sku, "deprecationDate": date} for sku, date in (skus or {"Standard": None}).items()]
    return {"model": {"format": "OpenAI", "name": name, "version": version, "lifecycleStatus": state, "skus": listed}}


PAST, FUTURE = "2026-05-31T00:00:00Z", "2026-06-02T00:00:00Z"


@pytest.mark.parametrize(
    ("listed", "chosen"),
    [
        ([], None),
        ([offered("gpt-4o-mini")], ("gpt-4o-mini", "1", "Standard")),
        ([offered("gpt-5-mini"), offered("gpt-4o-mini")], ("gpt-4o-mini", "1", "Standard")),
        ([offered("gpt-4o-mini", "1"), offered("gpt-4o-mini", "2")], ("gpt-4o-mini", "2", "Standard")),
        ([offered("gpt-4o-mini", state="Deprecated"), offered("gpt-5-mini")], ("gpt-5-mini", "1", "Standard")),
        ([offered("gpt-4o-mini", state="deprecating")], None),
        ([offered("gpt-4o-mini", Standard=PAST, GlobalStandard=FUTURE)], ("gpt-4o-mini", "1", "GlobalStandard")),
        ([offered("gpt-4o-mini", Standard=PAST), offered("gpt-5-nano")], ("gpt-5-nano", "1", "Standard")),
        ([offered("gpt-4o-mini", Standard=FUTURE)], ("gpt-4o-mini", "1", "Standard")),
        ([offered("gpt-4o-mini", ProvisionedManaged=None)], None),
        ([offered("some-other-model")], None),
        ([{"model": {"format": "Meta", "name": "gpt-4o-mini", "version": "1"}}], None),
        ([{}], None),
    ],
)
def test_the_first_preference_that_is_still_offered_is_taken(listed: list[Any], chosen: Any) -> None:
    found = choose(listed, spec(), NOW)
    assert (found and (found["name"], found["version"], found["sku"])) == chosen


CHOSEN: Any = {"name": "gpt-5-nano", "version": "1", "sku": "Standard", "capacity": 5, "retires": None}
CASE = Case(spec(), GENERATION, SUBSCRIPTION, NOW, CHOSEN)
ACCOUNT = CASE.account
OURS = {names.TAG_ENVIRONMENT: "demo", names.TAG_GENERATION: GENERATION}


def usage(name: str, used: int, limit: int) -> dict[str, Any]:
    return {"name": {"value": name}, "currentValue": used, "limit": limit}


def size(name: str = "Standard_D2s_v5", **more: Any) -> dict[str, Any]:
    cores = [{"name": "vCPUs", "value": "2"}]
    return {"resourceType": "virtualMachines", "name": name, "family": "f", "capabilities": cores} | more


def held(scope: permissions.Scope, *, but: str = "") -> list[dict[str, Any]]:
    return [{"actions": [a for a in permissions.actions(scope) if a != but], "notActions": []}]


ALL = {"subscription": held("subscription"), "vault": held("vault")}
ANOTHER = "Microsoft.Network/natGateways/write"

FINE: list[tuple[str, Any]] = [
    ("region", [{"name": "eastus"}]),
    ("providers", {"Microsoft.Network": "Registered"}),
    ("model", [offered("gpt-5-nano")]),
    ("model quota", [usage("OpenAI.Standard.gpt-5-nano", 5, 10)]),
    ("model quota", []),
    ("vm size", [size()]),
    ("vm size", [size(restrictions=[{"type": "Zone", "reasonCode": "NotAvailableForSubscription"}])]),
    ("vCPU quota", {"sizes": [size()], "usages": [usage("cores", 6, 10), usage("f", 0, 4)]}),
    ("network quota", [usage("NatGateways", 8, 10)]),
    ("image", {"name": "1", "properties": {"plan": None}}),
    ("subdomain", {"available": True, "deleted": [{"name": "another"}]}),
    ("permissions", ALL),
    ("permissions", {scope: [{"actions": ["*"]}] for scope in ALL}),
    ("vault", True),
    ("tickets", "/usr/bin/ockam"),
    ("tags", None),
    ("existing subnet", {}),
    ("egress", {}),
    ("existing DNS zone", None),
]
WRONG: list[tuple[str, Any, str]] = [
    ("region", [{"name": "westeurope"}], "westeurope"),
    ("providers", {"Microsoft.Network": "NotRegistered"}, "az provider register --namespace Microsoft.Network"),
    ("model", [offered("gpt-5-nano", Other=None)], "does not offer gpt-5-nano 1 as Standard. It has Other."),
    ("model quota", [usage("OpenAI.Standard.gpt-5-nano", 6, 10)], "5 needed, 6 of 10 used"),
    ("vm size", [], "no VM size Standard_D2s_v5"),
    ("vm size", [size(restrictions=[{"type": "Location", "reasonCode": "QuotaId"}])], "QuotaId"),
    ("vCPU quota", {"sizes": [size()], "usages": [usage("cores", 7, 10)]}, "cores: 4 needed, 7 of 10 used"),
    ("vCPU quota", {"sizes": [size()], "usages": [usage("f", 1, 4)]}, "f: 4 needed, 1 of 4 used"),
    ("network quota", [usage("NatGateways", 9, 10)], "NatGateways: 2 needed, 9 of 10 used"),
    ("image", None, "no image"),
    ("image", {"properties": {"plan": {"name": "pro"}}}, "marketplace plan pro"),
    ("subdomain", {"available": False, "deleted": []}, "belongs to somebody else"),
    ("subdomain", {"available": False, "deleted": [{"name": ACCOUNT}]}, "do not say that it is ours"),
    ("permissions", ALL | {"subscription": held("subscription", but=ANOTHER)}, ANOTHER),
    ("permissions", ALL | {"vault": []}, "roleAssignments/write"),
    ("permissions", ALL | {"vault": [{"actions": ["*"], "notActions": ["*/write"]}]}, "roleAssignments/write"),
    ("tickets", None, "no `ockam` command"),
]


TESTED_ELSEWHERE = {"vault", "tags", "existing subnet", "egress", "existing DNS zone"}
"""In test_tags and test_landing; of the vault there is nothing to say."""


def findings(check: str, looked: Any, case: Case = CASE) -> list[Any]:
    return list(JUDGES[check](case, looked))


@pytest.mark.parametrize(("check", "looked"), FINE)
def test_where_nothing_is_wrong_nothing_is_said(check: str, looked: Any) -> None:
    assert findings(check, looked) == []


@pytest.mark.parametrize(("check", "looked", "said"), WRONG)
def test_what_is_wrong_is_an_error_with_a_way_to_mend_it(check: str, looked: Any, said: str) -> None:
    (found,) = findings(check, looked)
    assert found["severity"] == "error"
    assert said in found["detail"] + found["mend"]
    assert found["mend"]


def test_every_check_is_tried_both_ways() -> None:
    assert {check for check, _ in FINE} == set(JUDGES)
    assert {check for check, _, _ in WRONG} == set(JUDGES) - TESTED_ELSEWHERE


def test_a_region_without_any_of_our_models_is_told() -> None:
    (found,) = findings("model", [], replace(CASE, model=None))
    assert "offers none of" in found["detail"]


@pytest.mark.parametrize(
    ("day", "severity"), [("2026-05-31", "error"), ("2026-06-30", "warning"), ("2026-07-02", None)]
)
def test_a_model_that_retires_is_an_error_or_a_warning(day: str, severity: str | None) -> None:
    case = replace(CASE, model=CHOSEN | {"retires": day})
    assert [found["severity"] for found in findings("model", [offered("gpt-5-nano")], case)] == (
        [severity] if severity else []
    )


def test_a_deleted_account_of_ours_is_purged_and_stands_in_no_way() -> None:
    (found,) = findings("subdomain", {"available": False, "deleted": [{"name": ACCOUNT, "tags": OURS}]})
    assert found["severity"] == "warning"


def test_what_is_there_already_needs_no_quota() -> None:
    made = frozenset({"ai-corp/virtual_machine", "ai-corp/model_deployment", "ai-corp/openai_account"})
    case = replace(CASE, made=made)
    assert findings("vCPU quota", {"sizes": [size()], "usages": [usage("cores", 8, 10)]}, case) == []
    assert findings("model quota", [usage("OpenAI.Standard.gpt-5-nano", 10, 10)], case) == []
    assert findings("subdomain", {"available": False, "deleted": []}, case) == []


def test_every_corp_needs_its_own() -> None:
    many = spec(corps=[corp("ai-corp", "provider", "10.0.0.0/16"), *consumers(20)])
    (found,) = findings("network quota", [usage("NatGateways", 0, 20)], replace(CASE, spec=many))
    assert "21 needed" in found["detail"]


def test_the_model_that_was_asked_for_is_taken_with_the_day_it_retires() -> None:
    asked = {"name": "gpt-5-nano", "version": "1", "sku": "Standard", "capacity": 7}
    found = choose([offered("gpt-5-nano", Standard=FUTURE)], spec(model=asked), NOW)
    assert found == asked | {"retires": "2026-06-02"}
