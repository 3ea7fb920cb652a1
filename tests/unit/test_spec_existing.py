"""What exists already and is named in a request: where it may stand, and what does not go together."""

from __future__ import annotations

from typing import Any

import pytest

from isthmus.names import PRIVATE_ZONE
from isthmus.spec import Corp, recorded
from tests.unit.samples import AI, HEALTH, SUBSCRIPTION, document, found, pointers, spec

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/spokes/providers/Microsoft.Network"
SUBNET = f"{GROUP}/virtualNetworks/spoke/subnets/nodes"
ZONE = f"{GROUP}/privateDnsZones/{PRIVATE_ZONE}"
BARE = {"name": "ai-corp", "role": "provider"}
THERE = BARE | {"existing_subnet": SUBNET}
ASKER = {"name": "health-corp", "role": "consumer"}


@pytest.mark.parametrize(
    "corp",
    [
        THERE,
        THERE | {"egress": "existing"},
        THERE | {"existing_subnet": SUBNET.replace("resourceGroups", "resourcegroups").upper()},
        AI | {"egress": "existing"},
        AI | {"existing_private_dns_zone": ZONE},
        THERE | {"existing_private_dns_zone": ZONE.upper()},
        AI | {"existing_subnet": None},
    ],
)
def test_these_are_taken(corp: dict[str, Any]) -> None:
    assert found(document(corps=[corp, HEALTH])) == []


@pytest.mark.parametrize(
    ("corp", "pointer", "said"),
    [
        (BARE, "address_space", "in which network"),
        (AI | {"existing_subnet": SUBNET}, "address_space", "ranges of its own"),
        (THERE | {"subnet": "10.0.0.0/24"}, "subnet", "ranges of its own"),
        (THERE | {"egress": "nat"}, "egress", "its own way out"),
        (THERE | {"existing_subnet": "nodes"}, "existing_subnet", "no such ARM id"),
        (THERE | {"existing_subnet": SUBNET + "/x"}, "existing_subnet", "no such ARM id"),
        (THERE | {"existing_subnet": SUBNET + "?x=1"}, "existing_subnet", "no such ARM id"),
        (THERE | {"existing_subnet": SUBNET.rsplit("/", 2)[0]}, "existing_subnet", "no such ARM id"),
        (THERE | {"existing_subnet": SUBNET.replace("spokes", "..%2f..")}, "existing_subnet", "no such ARM id"),
        (THERE | {"existing_subnet": SUBNET + "\n"}, "existing_subnet", "no such ARM id"),
        (
            THERE | {"existing_subnet": SUBNET.replace("spokes", "Isthmus-demo-abc234-ai-corp")},
            "existing_subnet",
            "that Isthmus made",
        ),
        (AI | {"existing_private_dns_zone": PRIVATE_ZONE}, "existing_private_dns_zone", "no such ARM id"),
        (
            AI | {"existing_private_dns_zone": f"{GROUP}/privateDnsZones/privatelink.blob.core.windows.net"},
            "existing_private_dns_zone",
            "is called privatelink.blob",
        ),
    ],
)
def test_these_are_refused_with_a_way_to_mend_them(corp: dict[str, Any], pointer: str, said: str) -> None:
    (finding,) = found(document(corps=[corp, HEALTH]))
    assert finding.pointer == f"/corps/0/{pointer}"
    assert said in finding.detail
    assert finding.mend


def test_there_are_two_ways_out() -> None:
    assert "/corps/0/egress" in pointers(document(corps=[AI | {"egress": "firewall"}, HEALTH]))


def test_a_consumer_has_no_zone() -> None:
    (finding,) = found(document(corps=[AI, HEALTH | {"existing_private_dns_zone": ZONE}]))
    assert finding.pointer == "/corps/1/existing_private_dns_zone"


def test_provider_and_consumer_stand_in_networks_of_their_own() -> None:
    asker = ASKER | {"existing_subnet": SUBNET.replace("/nodes", "/others").upper()}
    assert pointers(document(corps=[THERE, asker])) == ["/corps/1/existing_subnet"]
    apart = ASKER | {"existing_subnet": SUBNET.replace("/spoke/", "/other/")}
    assert found(document(corps=[THERE, apart])) == []


def test_consumers_may_share_a_subnet() -> None:
    askers = [{"name": f"corp-{n}", "role": "consumer", "existing_subnet": SUBNET} for n in (1, 2)]
    assert found(document(corps=[AI, *askers])) == []


def test_everything_wrong_with_corps_is_told_at_once() -> None:
    corps = [THERE | {"egress": "nat", "subnet": "x"}, HEALTH | {"existing_private_dns_zone": "x"}]
    assert pointers(document(corps=corps, lease_minutes=1)) == [
        "/lease_minutes",
        "/corps/0/subnet",
        "/corps/0/egress",
        "/corps/1/existing_private_dns_zone",
        "/corps/1/existing_private_dns_zone",
    ]


@pytest.mark.parametrize(
    ("corp", "existing"),
    [
        (AI, set()),
        (AI | {"egress": "existing"}, {"egress"}),
        (THERE, {"subnet", "egress"}),
        (THERE | {"existing_private_dns_zone": ZONE}, {"subnet", "egress", "zone"}),
    ],
)
def test_what_is_there_already_is_known(corp: dict[str, Any], existing: set[str]) -> None:
    assert Corp.model_validate(corp).existing == existing


def test_a_recorded_request_is_the_request_again() -> None:
    wish = spec(corps=[THERE | {"existing_private_dns_zone": ZONE}, HEALTH])
    again = recorded(wish.public())
    assert (again, again.digest()) == (wish, wish.digest())


def test_a_record_of_before_these_fields_is_still_read() -> None:
    old = spec().public()
    for corp in old["corps"]:
        for field in ("egress", "existing_subnet", "existing_private_dns_zone"):
            del corp[field]
    del old["tags"]
    assert recorded(old) == spec()
