"""The estimate: every meter of a plan once for each thing that has it; what is not known is never nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from activities.prices import TABLE, prices
from isthmus.cost import METERS, Prices, cores_of, estimate
from isthmus.graph import BY_NAME
from isthmus.spec import Spec
from tests.unit.golden import landing_zones
from tests.unit.samples import AI, consumers, plan, spec

TABLED = Prices(
    "USD",
    "2026-01-02",
    None,
    {
        "eastus": {
            "VM Standard_D2s_v5": 0.1,
            "OS disk E6 LRS": 0.01,
            "OS disk E4 LRS": 0.005,
            "NAT gateway": 0.04,
            "Public IP address": 0.004,
            "Private endpoint": 0.02,
        },
        "global": {"Private DNS zone": 0.001, "Licence Red Hat Enterprise Linux, 2 vCPU": 0.03},
    },
)


def cost(wish: Spec) -> Any:
    return estimate(wish, plan(wish)["steps"], TABLED)


def lines(found: Any) -> dict[str, tuple[int, float | None]]:
    return {line["meter"]: (line["count"], line["per_hour"]) for line in found["lines"]}


def test_the_walkthrough_costs_what_its_parts_cost() -> None:
    found = cost(spec())
    assert lines(found) == {
        "VM Standard_D2s_v5": (2, 0.2),
        "OS disk E6 LRS": (2, 0.02),
        "Licence Red Hat Enterprise Linux, 2 vCPU": (2, 0.06),
        "NAT gateway": (2, 0.08),
        "Public IP address": (2, 0.008),
        "Private endpoint": (1, 0.02),
        "Private DNS zone": (1, 0.001),
    }
    assert (found["per_hour"], found["for_lease"], found["complete"]) == (0.389, 3.112, True)
    assert (found["currency"], found["lease_hours"]) == ("USD", 8.0)


def test_it_grows_with_consumers_and_with_the_lease() -> None:
    one, many = cost(spec(lease_minutes=60)), cost(spec(corps=[AI, *consumers(3)], lease_minutes=90))
    assert lines(many)["VM Standard_D2s_v5"] == (4, 0.4)
    assert lines(many)["Private endpoint"] == (1, 0.02)
    assert one["for_lease"] == one["per_hour"]
    assert many["for_lease"] == pytest.approx(many["per_hour"] * 1.5)


@pytest.mark.parametrize(
    ("name", "gone"),
    [
        ("existing-egress", {"NAT gateway", "Public IP address"}),
        ("existing-subnets", {"NAT gateway", "Public IP address"}),
        ("existing-zone", {"Private DNS zone"}),
        ("existing-subnets-and-zone", {"NAT gateway", "Public IP address", "Private DNS zone"}),
    ],
)
def test_what_exists_already_is_not_counted(name: str, gone: set[str]) -> None:
    walkthrough, found = lines(cost(spec())), lines(cost(spec(corps=landing_zones()[name])))
    assert set(walkthrough) - set(found) == gone


@pytest.mark.parametrize(
    ("wish", "unknown"),
    [
        ({"vm_size": "Standard_X1"}, {"VM Standard_X1", "Licence Red Hat Enterprise Linux, Standard_X1"}),
        ({"vm_size": "Standard_D4s_v5"}, {"VM Standard_D4s_v5", "Licence Red Hat Enterprise Linux, 4 vCPU"}),
        ({"image": "SomeBody:box:1:latest"}, {"OS disk of an image of somebody", "Licence image of somebody, 2 vCPU"}),
    ],
)
def test_what_is_not_known_is_told_and_never_nothing(wish: dict[str, Any], unknown: set[str]) -> None:
    found = cost(spec(**wish))
    assert {meter for meter, (_, price) in lines(found).items() if price is None} == unknown
    assert not found["complete"]
    assert found["per_hour"] > 0
    assert all(line["for_lease"] is None for line in found["lines"] if line["per_hour"] is None)


def test_in_a_region_without_prices_nothing_is_known_but_what_has_one_price_everywhere() -> None:
    found = cost(spec(location="westeurope"))
    assert {meter for meter, (_, price) in lines(found).items() if price is not None} == {
        "Private DNS zone",
        "Licence Red Hat Enterprise Linux, 2 vCPU",
    }
    nothing = estimate(spec(), plan()["steps"], Prices("USD", "2026-01-02", None, {}))
    assert (nothing["per_hour"], nothing["for_lease"], nothing["complete"]) == (None, None, False)


def test_an_image_without_a_licence_has_none_to_pay_for() -> None:
    found = cost(spec(image="Canonical:ubuntu-24_04-lts:server:latest"))
    assert found["complete"]
    assert lines(found)["OS disk E4 LRS"] == (2, 0.01)
    assert not [meter for meter in lines(found) if meter.startswith("Licence")]


@pytest.mark.parametrize(
    ("size", "cores"),
    [
        ("Standard_D2s_v5", 2),
        ("Standard_D16ads_v5", 16),
        ("Standard_E4-2s_v5", 2),
        ("Standard_B2ms", 2),
        ("Standard_B1s", 1),
        ("Standard_F4s_v2", 4),
        ("Standard_NC6s_v3", 6),
        ("Standard_NV6ads_A10_v5", 6),
        ("Standard_DS3_v2", None),
        ("Standard_D3_v2", None),
        ("Standard_A2_v2", None),
        ("Basic_A1", None),
        ("Standard_D", None),
    ],
)
def test_cores_are_told_by_names_that_tell_them(size: str, cores: int | None) -> None:
    assert cores_of(size) == cores


def test_what_is_not_counted_is_said() -> None:
    told = " ".join(cost(spec())["not_counted"])
    for word in ("model", "by token", "Key Vault", "GB"):
        assert word in told


def test_every_meter_is_of_a_kind_of_step() -> None:
    assert set(METERS) <= set(BY_NAME)


def test_the_table_in_the_repository_covers_the_walkthrough_and_says_how_old_it_is() -> None:
    table = json.loads(TABLE.read_text())
    found = estimate(spec(), plan()["steps"], prices())
    assert found["complete"]
    assert (found["prices_written"], found["prices_refreshed"]) == (table["written"], table["refreshed"])
    assert table["refreshed"] is not None or "never refreshed" in table["about"]
    assert all(price > 0 for meters in table["regions"].values() for price in meters.values())
