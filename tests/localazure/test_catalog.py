"""What is on offer is a state of the local cloud: lists, preflight's looks and creations all see the same."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.azure.catalog import Catalog
from tests.localazure.direct import Direct
from tests.localazure.resources import build, examples
from tests.localazure.world import World

MACHINES = "Microsoft.Compute/virtualMachines"


def refused(direct: Direct, change: dict[str, Any], kind: str) -> tuple[int, str]:
    """How the creation of the example of that type is refused after the change."""
    arm = direct.arm()
    whole = examples(arm.groups)
    for name, example in whole.items():
        if name == kind:
            break
        arm.put(*example)
    direct.azure.cloud.catalog.change(change)
    return arm.refused("PUT", *whole[kind])


@pytest.mark.parametrize(
    ("change", "kind", "refusal"),
    [
        ({"gone": ["standard_b2s"]}, MACHINES, (409, "SkuNotAvailable")),
        ({"gone": ["redhat:rhel:8-lvm-gen2"]}, MACHINES, (400, "PlatformImageNotFound")),
        ({"limits": {"cores": 1}}, MACHINES, (409, "OperationNotAllowed")),
        ({"limits": {"cores of a family": 1}}, MACHINES, (409, "OperationNotAllowed")),
        (
            {"limits": {"publicIPAddresses": 0}},
            "Microsoft.Network/publicIPAddresses",
            (400, "PublicIPCountLimitReached"),
        ),
        ({"limits": {"resource groups": 1}}, "Microsoft.Resources/resourceGroups", (409, "ResourceGroupQuotaExceeded")),
    ],
)
def test_what_is_not_on_offer_is_refused(
    direct: Direct, change: dict[str, Any], kind: str, refusal: tuple[int, str]
) -> None:
    assert refused(direct, change, kind) == refusal


def test_what_is_there_already_stays_and_can_be_written_again(direct: Direct) -> None:
    arm = direct.arm()
    whole = build(arm)
    direct.azure.cloud.catalog.change({"gone": ["standard_b2s", "redhat:rhel:8-lvm-gen2"], "limits": {"cores": 0}})
    assert arm.call("PUT", *whole[MACHINES]).status_code == 200


def test_a_change_over_the_control_api_is_seen_in_lists(world: World) -> None:
    arm = world.arm()
    models = f"/subscriptions/{arm.subscription}/providers/Microsoft.CognitiveServices/locations/eastus/models"

    def names() -> set[str]:
        return {item["model"]["name"] for item in arm.get(models)["value"]}

    assert "gpt-5-mini" in names()
    assert world.control("PUT", "catalog", {"gone": ["GPT-5-mini"]})["gone"] == ["gpt-5-mini"]
    assert "gpt-5-mini" not in names()
    assert world.control("PUT", "catalog", {"gone": []})["gone"] == []
    assert "gpt-5-mini" in names()


def test_a_retired_model_stays_listed_with_its_date() -> None:
    catalog = Catalog()
    catalog.change({"retired": {"gpt-5-mini": "2026-01-01"}})
    model = catalog.model("gpt-5-mini", None)
    assert model is not None
    assert {date for _, date in model.skus} == {"2026-01-01"}


@pytest.mark.parametrize("wrong", [{"speling": 1}, {"limits": {"speling": 1}}])
def test_an_unknown_word_is_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="speling"):
        Catalog().change(wrong)
