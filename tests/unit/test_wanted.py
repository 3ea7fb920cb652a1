"""References, hashes, and "is it as wanted?" in ARM's terms."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus import names
from isthmus.wanted import differences, digest, output, references, resolve

KEYS = st.text("abcde", max_size=4)
"""ARM doesn't tell keys apart by their case, so keys that differ in it alone are no JSON of ARM's."""
VALUES = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def test_every_reference_is_replaced_wherever_it_stands() -> None:
    wanted = {"a": [{"b": output("corp/x", "id")}], "c": output("corp/y", "address"), "d": 1}
    found = {"corp/x": {"id": "X"}, "corp/y": {"address": "10.0.0.4"}}
    assert resolve(wanted, found) == {"a": [{"b": "X"}], "c": "10.0.0.4", "d": 1}
    assert set(references(wanted)) == {("corp/x", "id"), ("corp/y", "address")}


@pytest.mark.parametrize(("found", "named"), [({}, "corp/x"), ({"corp/x": {}}, "id")])
def test_a_missing_output_is_named(found: dict[str, dict[str, Any]], named: str) -> None:
    with pytest.raises(KeyError, match=named):
        resolve(output("corp/x", "id"), found)


@given(VALUES)
def test_without_references_nothing_changes(value: Any) -> None:
    assert resolve(value, {}) == value
    assert list(references(value)) == []


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_the_digest_is_of_the_content_and_not_of_its_order(value: dict[str, Any]) -> None:
    turned = dict(reversed(value.items()))
    assert digest(value) == digest(turned) == digest(json.loads(json.dumps(value)))


@given(VALUES, VALUES)
def test_different_states_have_different_digests(one: Any, other: Any) -> None:
    assert (digest(one) == digest(other)) == (json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True))


def test_a_renewed_lease_makes_nothing_different() -> None:
    before, after = ({"tags": {names.TAG_EXPIRES_AT: date, "a": "b"}} for date in ("2026-01-01", "2027-01-01"))
    assert digest(before) == digest(after)
    assert differences(before, after) == []


@given(VALUES)
def test_what_is_as_it_was_put_is_as_wanted(value: Any) -> None:
    assert differences(value, value) == []


SUBNET = "/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/virtualNetworks/V"


@pytest.mark.parametrize(
    ("want", "have"),
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": 1}, {"A": 1}),
        ({"id": SUBNET}, {"id": SUBNET.upper()}),
        ({"location": "eastus"}, {"location": "East US"}),
        ({"sku": {"name": "Standard"}}, {"sku": {"name": "standard", "tier": "Regional"}}),
        ({"r": [{"name": "x", "p": 1}, {"name": "y"}]}, {"r": [{"name": "Y"}, {"name": "x", "p": 1}]}),
        ({"prefixes": ["10.0.0.0/16"]}, {"prefixes": ["10.0.0.0/16"]}),
        ({"a": None}, {}),
        ({"identities": {SUBNET: {}}}, {"identities": {SUBNET.lower(): {"clientId": "c"}}}),
    ],
)
def test_what_arm_adds_or_respells_is_no_difference(want: Any, have: Any) -> None:
    assert differences(want, have) == []


@pytest.mark.parametrize(
    ("want", "have", "where"),
    [
        ({"a": 1}, {"a": 2}, ["a"]),
        ({"a": 1}, {}, ["a"]),
        ({"a": False}, {"a": True}, ["a"]),
        ({"a": {"b": {"c": "x"}}}, {"a": {"b": {"c": "y"}}}, ["a.b.c"]),
        ({"a": {"b": 1}}, {"a": None}, ["a"]),
        ({"a": {"b": 1}}, {"a": "text"}, ["a"]),
        ({"a": [1, 2]}, {"a": [1]}, ["a"]),
        ({"a": [1]}, {"a": [1, 2]}, ["a"]),
        ({"a": [1]}, {"a": None}, ["a"]),
        ({"a": [{"name": "x", "p": 1}]}, {"a": [{"name": "x", "p": 2}]}, ["a[].p"]),
        ({"a": [{"name": "x"}]}, {"a": [{"name": "z"}]}, ["a[]"]),
        ({"a": [{"name": "x"}]}, {"a": ["x"]}, ["a[]"]),
        ({"tags": {names.TAG_SPEC: "1"}}, {"tags": {names.TAG_SPEC: "2"}}, [f"tags.{names.TAG_SPEC}"]),
        ({"a": 1, "b": 1}, {"a": 2, "b": 2}, ["a", "b"]),
        ({"a": 1}, [], ["."]),
    ],
)
def test_a_difference_is_told_by_its_path(want: Any, have: Any, where: list[str]) -> None:
    assert differences(want, have) == where


def test_what_arm_never_gives_back_is_not_missed() -> None:
    want = {"properties": {"osProfile": {"customData": "x", "adminUsername": "a"}}}
    have = {"properties": {"osProfile": {"adminUsername": "a"}}}
    assert differences(want, have) == ["properties.osProfile.customData"]
    assert differences(want, have, frozenset({"properties.osProfile.customData"})) == []
