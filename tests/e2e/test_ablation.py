"""Every step kind is load-bearing: leave it out, and provisioning or the proof fails where it should."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from isthmus.graph import GRAPH
from localcloud.conductor import LocalCloud
from tests.e2e.environment import ask, settle, spec

pytestmark = [pytest.mark.world, pytest.mark.xdist_group("ablation")]
APP = Path(__file__).parent / "ablation_app"

# Kind that is left out -> the step that fails for want of it, or the checks of the proof.
FAILS_AT: dict[str, str | set[str]] = {
    "reserved_ticket": "ticket",
    "reserved_key": "api_key",
    "resource_group": "network_security_group",
    "network_security_group": "virtual_network",
    "public_ip": "nat_gateway",
    "nat_gateway": "virtual_network",
    "virtual_network": "network_interface",
    "vm_identity": "virtual_machine",
    "secret_access": {"answer", "enrolled"},
    "network_interface": "virtual_machine",
    "ticket": {"answer", "enrolled"},
    "virtual_machine": "client_run",
    "openai_account": "private_endpoint",
    "private_endpoint": "dns_zone_group",
    "private_dns_zone": "dns_zone_link",
    "dns_zone_link": {"answer", "private_name"},
    "dns_zone_group": {"answer", "private_name"},
    "model_deployment": {"answer"},
    "api_key": {"answer", "key_in_vault_only"},
    "key_access": {"answer"},
    "probe_run": {"private_name", "private_answer"},
    "client_run": {"answer", "certificate"},
    "proof": "",
}


def name_of(kind: str) -> str:
    return ("no-" + kind.replace("_", "-"))[:24]


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    """One world in which an environment is asked for without each kind, all at the same time."""
    with LocalCloud(app=APP) as running:
        for kind in GRAPH:
            answer = ask(running, spec(name_of(kind.name)))
            assert answer.status == 202, answer.text
        yield running


def test_every_kind_of_the_graph_is_left_out_once() -> None:
    assert set(FAILS_AT) == {kind.name for kind in GRAPH}


@pytest.mark.parametrize("kind", sorted(FAILS_AT))
def test_without_this_step_it_fails_where_it_should(cloud: LocalCloud, kind: str) -> None:
    document = settle(cloud, name_of(kind), seconds=240)
    assert document["phase"] == "failed"
    expected = FAILS_AT[kind]
    if isinstance(expected, set):
        failed = {check["id"] for check in document["proof"]["checks"] if check["state"] == "failed"}
        assert expected <= failed
    elif expected:
        steps = [step for corp in document["corps"] for step in corp["steps"]]
        assert expected in {step["kind"] for step in steps if step["state"] == "failed"}
    else:
        assert document["error"]["code"] == "NoProof"
