"""The table of prices is refreshed as a whole or not at all; what is no price of ours is not taken for one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.tools.pricelist import PriceList
from tools.refresh_prices import TABLE, main

OLD = {
    "about": "typed in",
    "currency": "USD",
    "written": "2026-01-02",
    "refreshed": None,
    "regions": {
        "eastus": {
            "VM Standard_D2s_v5": 1.0,
            "OS disk E6 LRS": 1.0,
            "NAT gateway": 1.0,
            "Public IP address": 1.0,
            "Private endpoint": 1.0,
        },
        "global": {"Private DNS zone": 1.0, "Licence Red Hat Enterprise Linux, 2 vCPU": 1.0},
    },
}


def item(price: float, unit: str = "1 Hour", **more: Any) -> dict[str, Any]:
    whole = {
        "currencyCode": "USD",
        "retailPrice": price,
        "tierMinimumUnits": 0.0,
        "unitOfMeasure": unit,
        "priceType": "Consumption",
        "armRegionName": "eastus",
        "effectiveStartDate": "2026-01-01T00:00:00Z",
    }
    return whole | more


def machine(price: float, size: str = "Standard_D2s_v5", sku: str = "D2s v5", **more: Any) -> dict[str, Any]:
    fields = {"serviceName": "Virtual Machines", "armSkuName": size, "skuName": sku, "meterName": sku}
    return item(price, **({"productName": "Virtual Machines Dsv5 Series"} | fields | more))


def network(price: float, **more: Any) -> dict[str, Any]:
    return item(price, **({"serviceName": "Virtual Network"} | more))


ITEMS = [
    machine(0.2, productName="Virtual Machines Dsv5 Series Windows"),
    machine(0.02, sku="D2s v5 Spot"),
    machine(0.03, sku="D2s v5 Low Priority"),
    machine(0.07, priceType="DevTestConsumption"),
    machine(0.05, effectiveStartDate="2024-01-01T00:00:00Z"),
    machine(0.096),
    machine(0.115, armRegionName="westeurope"),
    item(
        4.8,
        "1/Month",
        serviceName="Storage",
        productName="Standard SSD Managed Disks",
        skuName="E6 LRS",
        meterName="E6 LRS Disk",
    ),
    item(
        9.6,
        "1/Month",
        serviceName="Storage",
        productName="Standard SSD Managed Disks",
        skuName="E6 ZRS",
        meterName="E6 ZRS Disk",
    ),
    item(0.045, serviceName="NAT Gateway", skuName="Standard", meterName="Standard Gateway", armRegionName="Global"),
    item(0.045, "1 GB", serviceName="NAT Gateway", skuName="Standard", meterName="Standard Data Processed"),
    network(0.005, productName="IP Addresses", meterName="Standard IPv4 Static Public IP"),
    network(0.004, productName="IP Addresses", meterName="Basic IPv4 Dynamic Public IP"),
    network(0.01, productName="Virtual Network Private Link", meterName="Standard Private Endpoint"),
    item(0.5, "1", serviceName="Azure DNS", meterName="Private Zone", skuName="Private", armRegionName="Zone 1"),
    item(
        0.1,
        "1",
        serviceName="Azure DNS",
        meterName="Private Zone",
        skuName="Private",
        armRegionName="Zone 1",
        tierMinimumUnits=25.0,
    ),
    item(
        0.0288,
        serviceName="Virtual Machines Licenses",
        productName="Red Hat Enterprise Linux",
        skuName="2 vCPU VM",
        armRegionName="",
    ),
]
NEW = {
    "eastus": {
        "VM Standard_D2s_v5": 0.096,
        "OS disk E6 LRS": round(4.8 / 730, 6),
        "NAT gateway": 0.045,
        "Public IP address": 0.005,
        "Private endpoint": 0.01,
    },
    "global": {"Private DNS zone": round(0.5 / 730, 6), "Licence Red Hat Enterprise Linux, 2 vCPU": 0.0288},
}


@pytest.fixture
def prices() -> Iterator[PriceList]:
    found = PriceList([dict(one) for one in ITEMS])
    yield found
    found.close()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "prices.json"
    path.write_text(json.dumps(OLD))
    return path


def run(prices: PriceList, table: Path, *more: str) -> int:
    return main(["--url", prices.url, "--table", str(table), *more])


def test_every_price_is_found_over_all_pages_and_the_table_says_when(prices: PriceList, table: Path) -> None:
    before = datetime.now(UTC).date().isoformat()
    assert run(prices, table) == 0
    new = json.loads(table.read_text())
    assert new["regions"] == NEW
    assert new["refreshed"] in (before, datetime.now(UTC).date().isoformat())
    assert (new["currency"], new["written"]) == ("USD", "2026-01-02")
    assert "typed in" not in new["about"]
    assert any("$skip" in query for query in prices.asked)
    assert list(table.parent.iterdir()) == [table]


def test_another_region_has_its_own_prices_and_what_is_missing_there_is_told(
    prices: PriceList, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(prices, table, "--region", "westeurope") == 1
    assert json.loads(table.read_text()) == OLD
    told = capsys.readouterr()
    assert "westeurope: Public IP address: no price" in told.out
    assert "Nothing was written" in told.err
    assert run(prices, table, "--region", "westeurope", "--drop-missing") == 0
    regions = json.loads(table.read_text())["regions"]
    assert regions["westeurope"] == {"VM Standard_D2s_v5": 0.115, "NAT gateway": 0.045}


def test_a_price_that_is_told_twice_is_not_guessed(
    prices: PriceList, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prices.items.append(machine(0.097))
    assert run(prices, table) == 1
    assert "VM Standard_D2s_v5: several prices (0.096, 0.097)" in capsys.readouterr().out
    assert json.loads(table.read_text()) == OLD


def test_an_unknown_size_and_a_strange_unit_are_no_price(prices: PriceList, table: Path) -> None:
    prices.items.append(machine(9.0, "Standard_X1", "X1", unitOfMeasure="1 Year"))
    assert run(prices, table, "--size", "Standard_X1", "--size", "Standard_D2s_v5") == 1
    assert run(prices, table, "--size", "Standard_X1", "--size", "Standard_D2s_v5", "--drop-missing") == 0
    assert "VM Standard_X1" not in json.loads(table.read_text())["regions"]["eastus"]


def test_another_currency_is_asked_for_and_written_down(prices: PriceList, table: Path) -> None:
    assert run(prices, table, "--currency", "EUR") == 0
    assert json.loads(table.read_text())["currency"] == "EUR"
    assert {query["currencyCode"][0] for query in prices.asked if "currencyCode" in query} == {"'EUR'"}


@pytest.mark.parametrize("broken", [(500, "{}"), (429, "{}"), (200, "not json"), (200, "[]"), (200, '{"Items": 1}')])
def test_a_list_that_is_not_to_be_had_changes_nothing(
    prices: PriceList, table: Path, broken: tuple[int, str], capsys: pytest.CaptureFixture[str]
) -> None:
    prices.broken = broken
    assert run(prices, table) == 1
    assert json.loads(table.read_text()) == OLD
    assert "Nothing was written: http://127.0.0.1" in capsys.readouterr().err


def test_a_link_to_another_host_is_not_followed(
    prices: PriceList, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prices.elsewhere = "elsewhere.invalid"
    assert run(prices, table) == 1
    assert "leads to another host: elsewhere.invalid" in capsys.readouterr().err
    assert json.loads(table.read_text()) == OLD


def test_the_table_in_the_repository_asks_for_what_an_environment_has() -> None:
    assert set(json.loads(TABLE.read_text())["regions"]["eastus"]) >= set(NEW["eastus"])
