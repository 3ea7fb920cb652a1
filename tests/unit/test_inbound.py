"""What rules let in, in Azure's order: the first that denies everything ends it."""

from __future__ import annotations

from typing import Any

import pytest

from isthmus.inbound import inbound


def rule(name: str, priority: int, access: str = "Allow", direction: str = "Inbound", **more: str) -> dict[str, Any]:
    whole = dict.fromkeys(
        ("protocol", "sourceAddressPrefix", "sourcePortRange", "destinationAddressPrefix", "destinationPortRange"), "*"
    )
    return {"name": name, "properties": whole | {"priority": priority, "access": access, "direction": direction} | more}


DEFAULTS = [
    rule("AllowVnetInBound", 65000, sourceAddressPrefix="VirtualNetwork"),
    rule("DenyAllInBound", 65500, "Deny"),
]
SHUT = rule("shut", 4096, "Deny")


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ([], ([], None)),
        (DEFAULTS, (["AllowVnetInBound"], "DenyAllInBound")),
        ([*DEFAULTS, SHUT], ([], "shut")),
        ([*DEFAULTS, SHUT, rule("late", 4097)], ([], "shut")),
        ([*DEFAULTS, SHUT, rule("bastion", 100)], (["bastion"], "shut")),
        ([*DEFAULTS, rule("out", 100, direction="Outbound"), SHUT], ([], "shut")),
        ([SHUT, rule("out", 200, "Deny", "Outbound")], ([], "shut")),
        ([*DEFAULTS, rule("tcp", 4000, "Deny", protocol="Tcp")], (["AllowVnetInBound"], "DenyAllInBound")),
        ([*DEFAULTS, rule("port", 4000, "Deny", destinationPortRange="22")], (["AllowVnetInBound"], "DenyAllInBound")),
        (
            [*DEFAULTS, rule("one", 4000, "Deny", sourceAddressPrefix="Internet")],
            (["AllowVnetInBound"], "DenyAllInBound"),
        ),
        ([rule("any", 4000, "Deny", sourceAddressPrefix="0.0.0.0/0"), *DEFAULTS], ([], "any")),
    ],
)
def test_what_stands_before_the_door_is_shut_is_open(rules: list[Any], found: tuple[list[str], str | None]) -> None:
    assert inbound(rules) == found


def test_rules_that_name_several_places_deny_no_everything() -> None:
    many = rule("many", 4000, "Deny") | {}
    many["properties"] = {k: v for k, v in many["properties"].items() if k != "sourceAddressPrefix"}
    many["properties"]["sourceAddressPrefixes"] = ["10.0.0.0/8"]
    assert inbound([many]) == ([], None)
