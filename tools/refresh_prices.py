"""Refreshes isthmus/prices.json from Azure's public price list (the Retail Prices API, which asks for no sign-in).

    make prices ARGS="--region eastus --region westeurope --size Standard_D2s_v5"

Without arguments: the regions and sizes that the table has. Nothing is written while a price is missing or told
twice, so that the date in the table holds for all of it; `--drop-missing` leaves such meters out: they are "not known".
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from isthmus.cost import DISKS, EVERYWHERE, HOURS_A_MONTH, LICENCES

URL = "https://prices.azure.com/api/retail/prices"
API_VERSION = "2023-01-01-preview"
TABLE = Path(__file__).resolve().parents[1] / "isthmus" / "prices.json"
MOST_PAGES = 200
"""Of one query; a page has a hundred or a thousand prices."""
HOURS = {"1 hour": 1, "1/hour": 1, "1 month": HOURS_A_MONTH, "1/month": HOURS_A_MONTH}
"""Azure's unit of measure -> hours."""
WORLD = ("", "global", "zone 1")
"""What Azure calls the place of what has one price in the world, or in the zone of America and Europe."""
Item = Mapping[str, Any]


class RefreshError(Exception):
    """The price list could not be read; the message says what came back."""


@dataclass(frozen=True)
class Query:
    """One question to the price list. `where`: OData, with {region} where prices are asked for by region;
    `fields`: field -> pattern that the whole of it must match; `meter`: the table's name, from those patterns' groups;
    `units`: more units of measure than `HOURS` has"""

    where: str
    meter: str
    fields: Mapping[str, str]
    units: Mapping[str, int] = field(default_factory=dict)

    @property
    def regional(self) -> bool:
        return "{region}" in self.where

    def found_in(self, item: Item) -> str | None:
        """The meter that an item is the price of; None if it is of something else."""
        groups: dict[str, str] = {}
        for name, pattern in self.fields.items():
            match = re.fullmatch(pattern, str(item.get(name) or ""))
            if match is None:
                return None
            groups |= match.groupdict()
        return self.meter.format(**groups)

    def an_hour(self, item: Item) -> float | None:
        """Its price of an hour; None where that can't be told."""
        hours = (HOURS | dict(self.units)).get(str(item.get("unitOfMeasure")).lower())
        price = item.get("retailPrice")
        if hours is None or not isinstance(price, int | float) or item.get("tierMinimumUnits"):
            return None
        return round(price / hours, 6)


def queries(sizes: Iterable[str]) -> list[Query]:
    """What the table is made of. Names of Azure's meters as its documents and public examples have them."""
    wanted = " or ".join(f"armSkuName eq '{size}'" for size in sizes)
    disks = "|".join(sorted(set(DISKS.values())))
    return [
        Query(
            f"serviceName eq 'Virtual Machines' and armRegionName eq '{{region}}' and ({wanted})",
            "VM {size}",
            # Not Windows, not Spot, not Low Priority.
            {
                "armSkuName": r"(?P<size>\w[\w-]*)",
                "productName": r"(?!.*(Windows|Cloud ?Services)).*",
                "skuName": r"(?!.*(Spot|Low Priority)).*",
            },
        ),
        Query(
            "serviceName eq 'Storage' and armRegionName eq '{region}' and productName eq 'Standard SSD Managed Disks'",
            "OS disk {disk} LRS",
            {"skuName": rf"(?P<disk>{disks}) LRS", "meterName": r"E\d+ LRS Disks?"},
        ),
        Query(
            "serviceName eq 'NAT Gateway'",
            "NAT gateway",
            {"meterName": r"Standard Gateway|Gateway", "skuName": r"Standard"},
        ),
        Query(
            "serviceName eq 'Virtual Network' and productName eq 'IP Addresses'",
            "Public IP address",
            {"meterName": r"Standard IPv4 Static Public IP"},
        ),
        Query(
            "serviceName eq 'Virtual Network' and productName eq 'Virtual Network Private Link'",
            "Private endpoint",
            {"meterName": r"Standard Private Endpoint"},
        ),
        Query(
            "serviceName eq 'Azure DNS'",
            "Private DNS zone",
            {"meterName": r"Private Zones?"},
            {"1": HOURS_A_MONTH},
        ),
        *(
            Query(
                f"serviceName eq 'Virtual Machines Licenses' and productName eq '{licence}'",
                f"Licence {licence}, {{cores}} vCPU",
                {"skuName": r"(?P<cores>1|2|4|8) vCPU VM"},
            )
            for licence in LICENCES.values()
        ),
    ]


def ask(client: httpx.Client, url: str, query: Query, region: str, currency: str) -> Iterator[Item]:
    """Every price that the list has for a question, over all its pages. Raises RefreshError."""
    where = query.where.format(region=region) + " and priceType eq 'Consumption'"
    following: str | None = str(
        httpx.URL(url, params={"api-version": API_VERSION, "currencyCode": f"'{currency}'", "$filter": where})
    )
    for _ in range(MOST_PAGES):
        if not following:
            return
        page = _page(client, following)
        yield from page["Items"]
        following = page.get("NextPageLink")
        if following and urlsplit(following).hostname != urlsplit(url).hostname:
            raise RefreshError(f"the price list leads to another host: {urlsplit(following).hostname}")
    raise RefreshError(f"more than {MOST_PAGES} pages for: {where}")


def _page(client: httpx.Client, url: str) -> Mapping[str, Any]:
    try:
        answer = client.get(url)
        answer.raise_for_status()
        page = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise RefreshError(f"{url.partition('?')[0]}: {type(error).__name__}: {error}") from error
    if not isinstance(page, dict) or not isinstance(page.get("Items"), list):
        raise RefreshError(f"{url.partition('?')[0]} answered no page of prices")
    return page


def collect(items: Iterable[Item], query: Query, region: str) -> dict[str, set[float]]:
    """Meter -> the prices that the newest items name for the region, or else for the world."""
    here: dict[str, list[tuple[str, float]]] = {}
    world: dict[str, list[tuple[str, float]]] = {}
    for item in items:
        meter, price = query.found_in(item), query.an_hour(item)
        place = str(item.get("armRegionName") or "").lower()
        if meter is None or price is None or (place != region and place not in WORLD):
            continue
        kept = here if place == region else world
        kept.setdefault(meter, []).append((str(item.get("effectiveStartDate")), price))
    return {meter: _newest(prices) for meter, prices in (world | here).items()}


def _newest(prices: list[tuple[str, float]]) -> set[float]:
    last = max(date for date, _ in prices)
    return {price for date, price in prices if date == last}


def refresh(
    table: Mapping[str, Any], found: Mapping[str, Mapping[str, set[float]]], today: str
) -> tuple[Any, list[str]]:
    """The table with new prices, and what is wrong with them: missing or told twice."""
    wrong: list[str] = []
    regions: dict[str, dict[str, float]] = {}
    for region, meters in found.items():
        regions[region] = {}
        for meter, prices in sorted(meters.items()):
            if len(prices) == 1:
                regions[region][meter] = next(iter(prices))
            else:
                told = f"several prices ({', '.join(map(str, sorted(prices)))})" if prices else "no price"
                wrong.append(f"{region}: {meter}: {told}")
    about = "Prices of an hour, pay as you go, before taxes and discounts, from Azure's Retail Prices API."
    return dict(table) | {"about": about, "refreshed": today, "regions": regions}, wrong


def wanted(table: Mapping[str, Any], regions: list[str], sizes: list[str]) -> tuple[dict[str, set[str]], list[str]]:
    """Region -> the meters that it must have; and the sizes of VMs to ask for."""
    known = table["regions"]
    regions = regions or [region for region in known if region != EVERYWHERE]
    shared = {
        meter for region in known for meter in known[region] if not meter.startswith("VM ") and region != EVERYWHERE
    }
    sizes = sizes or sorted({meter[3:] for meters in known.values() for meter in meters if meter.startswith("VM ")})
    needed = {region: shared | {f"VM {size}" for size in sizes} for region in regions}
    return needed | {EVERYWHERE: set(known.get(EVERYWHERE, {}))}, sizes


def look_up(
    client: httpx.Client, url: str, needed: Mapping[str, set[str]], sizes: list[str], currency: str
) -> dict[str, dict[str, set[float]]]:
    """Region -> meter -> the prices that were found; an empty set where none was. Raises RefreshError."""
    found: dict[str, dict[str, set[float]]] = {region: {meter: set() for meter in needed[region]} for region in needed}
    for query in queries(sizes):
        once = None if query.regional else list(ask(client, url, query, "", currency))
        for region, meters in found.items():
            if query.regional and region == EVERYWHERE:
                continue
            items = ask(client, url, query, region, currency) if once is None else once
            for meter, prices in collect(items, query, region).items():
                if meter in meters:
                    meters[meter] = prices
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make prices ARGS=...", description=__doc__)
    parser.add_argument("--region", action="append", default=[], help="Azure region; may be given several times")
    parser.add_argument("--size", action="append", default=[], help="VM size; may be given several times")
    parser.add_argument("--currency", default=None, help="such as USD or EUR; default: the table's")
    parser.add_argument("--drop-missing", action="store_true", help="write the table without what was not found")
    parser.add_argument("--url", default=URL, help=argparse.SUPPRESS)
    parser.add_argument("--table", type=Path, default=TABLE, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    table = json.loads(given.table.read_text())
    currency = given.currency or table["currency"]
    needed, sizes = wanted(table, given.region, given.size)
    try:
        with httpx.Client(timeout=60, follow_redirects=False) as client:
            found = look_up(client, given.url, needed, sizes, currency)
    except RefreshError as error:
        return _say(f"Nothing was written: {error}.", 1)
    new, wrong = refresh(table | {"currency": currency}, found, datetime.now(UTC).date().isoformat())
    for line in wrong:
        _say(line)
    if wrong and not given.drop_missing:
        return _say("Nothing was written. Look at these, or leave them out with --drop-missing.", 1)
    _replace(given.table, json.dumps(new, indent=1) + "\n")
    count = sum(len(meters) for meters in new["regions"].values())
    return _say(f"{given.table.name}: {count} prices in {currency}, {len(wrong)} left out.")


def _replace(path: Path, text: str) -> None:
    """In one move, so that no half of a table is ever there."""
    beside = path.with_suffix(".new")
    beside.write_text(text)
    beside.replace(path)


def _say(words: str, code: int = 0) -> int:
    print(words, file=sys.stderr if code else sys.stdout)
    return code


if __name__ == "__main__":
    sys.exit(main())
