"""The proof's own eyes: addresses, rules, the account, and where the key is."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from activities import keyvault
from activities.verification import ensure_proof, remove_proof
from isthmus.proof import CHECKS
from isthmus.secretref import Secret
from tests.unit.fakes import Cloud, Group, records_with, request
from tests.unit.samples import LIFE, plan, step_of
from tests.unit.vault import Secrets

STEP = step_of(plan(), "ai-corp/proof")
KEY = "canary-of-the-key"


def item(name: str, **properties: Any) -> Any:
    return SimpleNamespace(as_dict=lambda: {"name": name, "properties": properties})


def interface(**more: Any) -> Any:
    return item("node", ipConfigurations=[{"properties": {"privateIPAddress": "10.0.0.4"} | more}])


def rule(access: str, direction: str = "Inbound", priority: int = 4096, port: str = "*") -> dict[str, Any]:
    properties: dict[str, Any] = {"access": access, "direction": direction, "priority": priority, "protocol": "*"}
    properties |= {"sourceAddressPrefix": "*", "sourcePortRange": "*"}
    properties |= {"destinationAddressPrefix": "*", "destinationPortRange": port}
    return {"name": f"{access}-{direction}", "properties": properties}


def guard(*rules: dict[str, Any], subnets: Any = ({"id": "x"},)) -> Any:
    return item("nodes", securityRules=list(rules), subnets=list(subnets))


OPEN = {"publicNetworkAccess": "Enabled", "networkAcls": {"defaultAction": "Allow"}}
SHUT = guard(rule("Deny"), rule("Allow", "Outbound"))


class World:
    """Everything as it should be, until a test changes it."""

    def __init__(self) -> None:
        self.interfaces: list[Any] = [interface()]
        self.guards: list[Any] = [SHUT]
        self.account: dict[str, Any] = {"publicNetworkAccess": "Disabled", "networkAcls": {"defaultAction": "Deny"}}
        self.secrets = Secrets()
        self.records = records_with(phase="verifying")
        self.reports: dict[str, Any] = {
            "health-corp/client_run": {"answer": "Yes.", "checks": self.passed("client")},
            "ai-corp/probe_run": {"checks": self.passed("probe")},
        }
        self.key("api-key")

    @staticmethod
    def passed(by: str) -> list[dict[str, Any]]:
        return [{"id": check.id, "state": "passed", "evidence": "seen"} for check in CHECKS if check.by == by]

    def key(self, content_type: Any) -> None:
        vault: Any = SimpleNamespace(secrets=self.secrets)
        keyvault.put(vault, STEP["wanted"]["key"]["secret"], Secret(KEY), content_type, {})

    def proof(self) -> Any:
        cloud = Cloud(
            network=SimpleNamespace(
                network_interfaces=SimpleNamespace(list=lambda group: self.interfaces),
                network_security_groups=SimpleNamespace(list=lambda group: self.guards),
            ),
            cognitive=SimpleNamespace(accounts=Group([{"properties": self.account}])),
            secrets=self.secrets,
        )
        outputs = {step: {"report": report} for step, report in self.reports.items()}
        return ensure_proof(request(STEP, cloud, self.records, outputs=outputs))

    def failed(self) -> set[str]:
        outcome = self.proof()
        if outcome["state"] == "ready":
            return set()
        return {check["id"] for check in outcome["evidence"]["proof"]["checks"] if check["state"] == "failed"}


def test_when_all_is_as_it_should_be_the_proof_is_passed_with_the_answer() -> None:
    outcome = World().proof()
    assert outcome["state"] == "ready"
    assert (outcome["outputs"]["proof"]["result"], outcome["outputs"]["proof"]["answer"]) == ("passed", "Yes.")
    assert KEY not in json.dumps(outcome)


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"interfaces": [interface(publicIPAddress={"id": "x"})]}, "no_public_address"),
        ({"interfaces": [interface(), interface(publicIPAddress={"id": "x"})]}, "no_public_address"),
        ({"interfaces": []}, "no_public_address"),
        ({"guards": [guard(rule("Deny"), rule("Allow", priority=300))]}, "no_inbound_rule"),
        ({"guards": [guard(rule("Allow", "Outbound"))]}, "no_inbound_rule"),
        ({"guards": [guard(rule("Deny"), subnets=[])]}, "no_inbound_rule"),
        ({"guards": []}, "no_inbound_rule"),
        (
            {"account": {"publicNetworkAccess": "Enabled", "networkAcls": {"defaultAction": "Deny"}}},
            "public_access_off",
        ),
        (
            {"account": {"publicNetworkAccess": "Disabled", "networkAcls": {"defaultAction": "Allow"}}},
            "public_access_off",
        ),
        ({"account": {}}, "public_access_off"),
        ({"secrets": Secrets()}, "key_in_vault_only"),
        ({"reports": {}}, "answer"),
    ],
)
def test_one_open_door_fails_the_proof_by_its_check(change: dict[str, Any], check: str) -> None:
    world = World()
    for name, value in change.items():
        setattr(world, name, value)
    assert check in world.failed()


def test_a_key_that_was_written_down_anywhere_fails_the_proof_and_is_not_written_again() -> None:
    world = World()
    world.records.save_part(LIFE, "ai-corp", [{"id": "x", "detail": f"oh {KEY}"}])
    assert world.failed() == {"key_in_vault_only"}
    assert KEY not in json.dumps(world.proof())


def test_a_key_that_a_vm_printed_fails_the_proof() -> None:
    world = World()
    world.reports["health-corp/client_run"]["answer"] = f"The key is {KEY}"
    assert "key_in_vault_only" in world.failed()


def test_a_key_that_a_vm_printed_is_not_written_into_the_proof() -> None:
    world = World()
    world.reports["health-corp/client_run"]["answer"] = f"The key is {KEY}"
    assert KEY not in json.dumps(world.proof())


def test_a_secret_that_is_only_reserved_holds_no_key() -> None:
    world = World()
    world.key("reserved")
    assert world.failed() == {"key_in_vault_only"}


def test_a_vm_can_not_vouch_for_what_the_app_looks_at_itself() -> None:
    world = World()
    world.interfaces = [interface(publicIPAddress={"id": "x"})]
    world.reports["health-corp/client_run"]["checks"] += world.passed("app")
    assert "no_public_address" in world.failed()


def test_the_failed_checks_are_named_and_the_proof_is_kept_as_evidence() -> None:
    world = World()
    world.account = {}
    outcome = world.proof()
    assert outcome["code"] == "ProofFailed"
    assert "public_access_off (ai-corp)" in outcome["message"]
    assert outcome["evidence"]["proof"]["result"] == "failed"


def test_what_could_not_be_checked_leaves_the_proof_incomplete_and_ready() -> None:
    world = World()
    world.reports["health-corp/client_run"]["checks"][3]["state"] = "not_checked"
    outcome = world.proof()
    assert outcome["state"] == "ready"
    assert outcome["outputs"]["proof"]["result"] == "incomplete"


def test_nothing_of_a_proof_is_in_azure() -> None:
    assert remove_proof(request(STEP, Cloud()))["state"] == "ready"
