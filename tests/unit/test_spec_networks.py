"""Address spaces: what Azure takes, and what would spoil the proof."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.spec import Corp
from tests.unit.samples import AI, HEALTH, consumers, document, found, pointers

SPACE, SUBNET = "/corps/0/address_space", "/corps/0/subnet"


@pytest.mark.parametrize(
    "text",
    [
        *("10.0.0.0/30", "10.0.0.0/31", "10.0.0.0/32", "10.0.0.1", "0.0.0.0/0", "8.0.0.0/7"),
        *("10.0.0.1/16", "10.0.0.0/33", "10.0.0/24", "10.0.0.0/16 ", "fd00::/64", "ten", ""),
        *("127.0.0.0/16", "169.254.0.0/24", "168.63.129.0/24", "168.0.0.0/8", "224.0.0.0/8"),
    ],
)
def test_an_address_space_that_azure_refuses_is_a_finding(text: str) -> None:
    findings = found(document(corps=[AI | {"address_space": text}, HEALTH]))
    assert SPACE in [finding.pointer for finding in findings]
    assert all(finding.mend for finding in findings)


@pytest.mark.parametrize("text", ["10.0.0.0/29", "10.0.0.0/8", "172.16.0.0/12", "100.64.0.0/24", "10.255.255.248/29"])
def test_an_address_space_of_a_size_that_azure_takes_is_taken(text: str) -> None:
    assert found(document(corps=[AI | {"address_space": text}, HEALTH])) == []


@pytest.mark.parametrize("subnet", ["10.1.0.0/24", "10.0.0.0/15", "11.0.0.0/24", "10.0.0.0/30", "x", "10.0.0.9/24"])
def test_a_subnet_that_is_not_inside_its_space_or_no_subnet_is_a_finding(subnet: str) -> None:
    assert SUBNET in pointers(document(corps=[AI | {"subnet": subnet}, HEALTH]))


def test_a_subnet_as_large_as_its_space_is_taken() -> None:
    assert found(document(corps=[AI | {"subnet": "10.0.0.0/16"}, HEALTH])) == []


@pytest.mark.parametrize("space", ["10.0.0.0/16", "10.0.128.0/17", "10.0.0.0/8", "10.0.255.0/24"])
def test_a_consumer_that_overlaps_the_provider_is_refused_whichever_comes_first(space: str) -> None:
    consumer = HEALTH | {"address_space": space}
    assert pointers(document(corps=[AI, consumer])) == ["/corps/1/address_space"]
    assert pointers(document(corps=[consumer, AI])) == ["/corps/1/address_space"]


def test_consumers_may_overlap_each_other() -> None:
    assert found(document(corps=[AI, *consumers(5)])) == []


@pytest.mark.parametrize(
    ("space", "subnet", "prefix"),
    [
        ("10.0.0.0/16", None, "10.0.0.0/24"),
        ("10.0.0.0/24", None, "10.0.0.0/24"),
        ("10.0.0.0/28", None, "10.0.0.0/28"),
        ("10.0.0.0/16", "10.0.3.0/26", "10.0.3.0/26"),
    ],
)
def test_the_subnet_is_the_one_asked_for_or_the_first_24(space: str, subnet: str | None, prefix: str) -> None:
    assert Corp(name="corp", role="provider", address_space=space, subnet=subnet).subnet_prefix == prefix


@st.composite
def networks(draw: st.DrawFn) -> ipaddress.IPv4Network:
    length = draw(st.integers(0, 32))
    return ipaddress.IPv4Network((draw(st.integers(0, 2**32 - 1)), length), strict=False)


@given(networks(), networks())
def test_what_is_taken_never_overlaps_and_always_has_room(
    provider: ipaddress.IPv4Network, consumer: ipaddress.IPv4Network
) -> None:
    corps = [AI | {"address_space": str(provider)}, HEALTH | {"address_space": str(consumer)}]
    if found(document(corps=corps)):
        return
    assert not provider.overlaps(consumer)
    assert all(8 <= network.prefixlen <= 29 for network in (provider, consumer))


@given(networks())
def test_the_default_subnet_is_always_inside_the_space(space: ipaddress.IPv4Network) -> None:
    corp = Corp(name="corp", role="provider", address_space=str(space), subnet=None)
    assert ipaddress.IPv4Network(corp.subnet_prefix).subnet_of(space)
