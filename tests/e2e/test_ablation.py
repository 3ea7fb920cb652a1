"""Every step kind is load-bearing: leave it out, and provisioning or the proof fails where it should."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from isthmus.graph import GRAPH
from localcloud.conductor import LocalCloud
from tests.e2e.environment import ask, settle, spec

pytestmark = pytest.mark.world
PATIENCE = 240.0
APP = Path(__file__).parent / "ablation_app"

# Kind that is left out -> the steps of which the first to be tried fails for want of it.
STEPS: dict[str, set[str]] = {
    "reserved_ticket": {"ticket"},
    "reserved_key": {"api_key"},
    "resource_group": {"network_security_group", "public_ip", "vm_identity", "openai_account", "private_dns_zone"},
    "network_security_group": {"virtual_network"},
    "public_ip": {"nat_gateway"},
    "nat_gateway": {"virtual_network"},
    "virtual_network": {"network_interface", "private_endpoint", "dns_zone_link"},
    "vm_identity": {"virtual_machine", "secret_access", "key_access"},
    "network_interface": {"virtual_machine"},
    "virtual_machine": {"probe_run", "client_run"},
    "openai_account": {"private_endpoint", "model_deployment", "api_key"},
    "private_endpoint": {"dns_zone_group"},
    "private_dns_zone": {"dns_zone_link", "dns_zone_group"},
}
# Kind that is left out -> checks of the proof that fail. Without its link the zone is not looked at, and the name leads
# to the public address, which shows its certificate and says 403; without its record the name leads nowhere.
CHECKS: dict[str, set[str]] = {
    "secret_access": {"answer", "certificate", "enrolled", "provider_enrolled"},
    "ticket": {"answer", "certificate", "enrolled", "provider_enrolled"},
    "dns_zone_link": {"answer", "private_name", "private_answer"},
    "dns_zone_group": {"answer", "certificate", "private_name", "private_answer"},
    "model_deployment": {"answer"},
    "api_key": {"answer", "key_in_vault_only"},
    "key_access": {"answer"},
    "probe_run": {"private_name", "private_answer", "provider_enrolled"},
    "client_run": {"answer", "certificate", "public_name", "endpoint_unreachable", "public_refused", "enrolled"},
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
    assert sorted([*STEPS, *CHECKS, "proof"]) == sorted(kind.name for kind in GRAPH)


@pytest.mark.parametrize("kind", sorted(STEPS))
def test_without_this_step_another_fails_for_want_of_it(cloud: LocalCloud, kind: str) -> None:
    document = settle(cloud, name_of(kind), seconds=PATIENCE)
    failed = {step["kind"] for corp in document["corps"] for step in corp["steps"] if step["state"] == "failed"}
    assert document["phase"] == "failed"
    assert failed
    assert failed <= STEPS[kind]


@pytest.mark.parametrize("kind", sorted(CHECKS))
def test_without_this_step_the_proof_fails_at_these_checks(cloud: LocalCloud, kind: str) -> None:
    document = settle(cloud, name_of(kind), seconds=PATIENCE)
    assert document["phase"] == "failed"
    assert document["error"]["code"] == "ProofFailed"
    assert {check["id"] for check in document["proof"]["checks"] if check["state"] == "failed"} == CHECKS[kind]


def test_without_a_proof_nothing_is_ready(cloud: LocalCloud) -> None:
    document = settle(cloud, name_of("proof"), seconds=PATIENCE)
    assert document["phase"] == "failed"
    assert document["error"]["code"] == "NoProof"
