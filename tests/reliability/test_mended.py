"""What these runs once found the app to do wrong, one run each."""

from __future__ import annotations

import pytest

from tests.reliability.faults import Cell, cells
from tests.reliability.trouble import AtOnce, Denied, InARow

MENDED = {
    "a secret deleted twice in a row is purged": InARow(),
    "a secret deleted twice at once is seen as gone": AtOnce(2, True),
    "an operation that failed by Azure's own fault is tried again": (
        "build: PUT Microsoft.Network/natGateways: operation fails once"
    ),
    "a group's delete that failed by Azure's own fault is tried again": (
        "teardown: DELETE resourcegroups: operation fails once"
    ),
    "a secret's purge whose answer was lost is seen as done": "teardown: DELETE deletedsecrets/*: done, answer lost",
    "a second teardown ends what the first one began": "teardown: GET deletedsecrets/*: 500 always",
    "an unknown code comes with a hint": "build: PUT Microsoft.Compute/virtualMachines: operation fails always",
    "one 503 at the probe's door takes nothing down": "build: GET openai/models: 503",
    "a purge tells why it failed": (
        "teardown: DELETE Microsoft.CognitiveServices/locations/resourceGroups/deletedAccounts: operation fails always"
    ),
}


@pytest.mark.parametrize("run", MENDED.values(), ids=MENDED)
def test_it_is_as_it_must_be(run: InARow | AtOnce | str) -> None:
    judgement = (cell(run) if isinstance(run, str) else run).live()
    assert judgement.wrong == []


PREFLIGHT_TELLS = {
    "every permission is used": Denied("Microsoft.Network/natGateways/delete", "subscription"),
    "a missing right to approve is named": Denied(
        "Microsoft.CognitiveServices/accounts/privateEndpointConnectionsApproval/action", "subscription"
    ),
    "a refusal names the missing action": Denied("Microsoft.Network/virtualNetworks/join/action", "subscription"),
}


@pytest.mark.parametrize("run", PREFLIGHT_TELLS.values(), ids=PREFLIGHT_TELLS)
def test_a_missing_permission_is_named_before_anything_is_built(run: Denied) -> None:
    assert run.live().wrong == []


def test_preflight_that_cannot_see_is_given_up() -> None:
    always = "build: GET Microsoft.CognitiveServices/locations/models list: 500 always"
    assert cell(always).live().wrong == []


def cell(name: str) -> Cell:
    return next(cell for cell in cells() if str(cell) == name)
