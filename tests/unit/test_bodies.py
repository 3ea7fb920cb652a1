"""What each step wants: bodies that ARM takes, and that leave every door shut."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from isthmus import names
from isthmus.bodies import RECIPES, client_run, network_security_group, node_configuration, openai_account, probe_run
from isthmus.graph import BY_NAME, GRAPH, kinds_of
from isthmus.wanted import REFERENCE, resolve
from localcloud.azure.bodies import ROLE_ASSIGNMENT
from localcloud.azure.shapes import clean
from localcloud.azure.table import BY_TYPE
from tests.unit.samples import AI, HEALTH, consumers, plan, site, spec, step_of

PLAN = plan()
ARM_STEPS = [step for step in PLAN["steps"] if BY_NAME[step["kind"]].azure.lower() in BY_TYPE]
ALL = pytest.mark.parametrize("step", PLAN["steps"], ids=[step["id"] for step in PLAN["steps"]])
FOUND = {"client_id": "c-1", "principal_id": "p-1", "address": "10.0.0.4"}


class Everything(dict[str, Any]):
    """Outputs of whatever step is asked for."""

    def __missing__(self, key: str) -> dict[str, str]:
        return FOUND


def asked_of_arm(step: dict[str, Any]) -> dict[str, Any]:
    """The body as the activity sends it: outputs put in, what it renders replaced by text."""
    body: dict[str, Any] = resolve(json.loads(json.dumps(step["wanted"])), Everything())
    if step["kind"] == "virtual_machine":
        body["properties"]["osProfile"]["customData"] = "rendered"
    if "source" in body.get("properties", {}):
        body["properties"]["source"] = {"script": "rendered"}
    return body


def walked(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key and value, however deep."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, inner
            yield from walked(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from walked(inner)


def test_every_kind_has_a_recipe_and_every_recipe_a_kind() -> None:
    assert set(RECIPES) == {kind.name for kind in GRAPH}


@pytest.mark.parametrize("step", ARM_STEPS, ids=[step["id"] for step in ARM_STEPS])
def test_a_body_is_one_that_arm_takes(step: dict[str, Any]) -> None:
    body = asked_of_arm(step)
    cleaned = clean(BY_TYPE[BY_NAME[step["kind"]].azure.lower()].shape, body)
    assert cleaned.get("properties", {}) == body.get("properties", {})


@pytest.mark.parametrize("step", ARM_STEPS, ids=[step["id"] for step in ARM_STEPS])
def test_the_id_is_of_the_type_that_the_graph_names(step: dict[str, Any]) -> None:
    if step["kind"] == "resource_group":
        assert step["resource"] == site().group_of(next(c for c in spec().corps if c.name == step["corp"]))
        return
    namespace, *rest = step["resource"].split("/providers/")[1].split("/")
    assert "/".join((namespace, *rest[::2])) == BY_NAME[step["kind"]].azure


@pytest.mark.parametrize("step", ARM_STEPS, ids=[step["id"] for step in ARM_STEPS])
def test_everything_lies_in_its_corps_group(step: dict[str, Any]) -> None:
    group = names.resource_group("demo", PLAN["generation"], step["corp"])
    assert step["resource"].split("/")[4] == group


def test_what_the_plan_makes_is_all_that_arm_is_asked_for() -> None:
    others = {kind.name for kind in GRAPH} - {step["kind"] for step in ARM_STEPS}
    assert others == {"reserved_ticket", "reserved_key", "ticket", "api_key", "secret_access", "key_access", "proof"}
    assert all(step["resource"] is None for step in PLAN["steps"] if step["kind"] in others)


@pytest.mark.parametrize("kind", ["secret_access", "key_access"])
def test_access_is_to_one_secret_with_the_least_role(kind: str) -> None:
    step = step_of(PLAN, f"health-corp/{kind}")
    wanted = resolve(step["wanted"], Everything())
    secret = site("consumer").ticket_secret if kind == "secret_access" else site().key_secret
    assert wanted["scope"].endswith(f"/vaults/keep/secrets/{secret}")
    assert wanted["role"].endswith(names.SECRETS_USER_ROLE)
    body = {"properties": {"roleDefinitionId": wanted["role"], "principalId": wanted["principal"]}}
    assert clean(ROLE_ASSIGNMENT, body) == body


@ALL
def test_the_same_site_gives_the_same_body(step: dict[str, Any]) -> None:
    assert step == step_of(plan(), step["id"])


@ALL
def test_a_body_is_plain_json(step: dict[str, Any]) -> None:
    assert json.loads(json.dumps(step["wanted"])) == step["wanted"]


@ALL
def test_a_body_has_no_password_and_no_secret(step: dict[str, Any]) -> None:
    keys = {key.lower() for key, _ in walked(step["wanted"])}
    assert not keys & {"adminpassword", "password", "ticketvalue", "apikey", "key1", "connectionstring", "sastoken"}
    assert "protectedParameters" not in json.dumps(step["wanted"])


@ALL
def test_no_interface_or_machine_has_a_public_address(step: dict[str, Any]) -> None:
    if step["kind"] not in ("public_ip", "nat_gateway"):
        assert "publicipaddress" not in json.dumps(step["wanted"]).lower()


def test_the_only_public_address_is_for_what_goes_out() -> None:
    users = [s["kind"] for s in PLAN["steps"] if "publicIPAddresses/egress" in json.dumps(s["wanted"])]
    assert users == ["nat_gateway"] * 2


@pytest.mark.parametrize("role", ["provider", "consumer"])
def test_nothing_is_let_in(role: str) -> None:
    rules = [rule["properties"] for rule in network_security_group(site(role))["properties"]["securityRules"]]
    inbound = [rule for rule in rules if rule["direction"] == "Inbound"]
    assert [rule["access"] for rule in inbound] == ["Deny"]
    assert {inbound[0][key] for key in ("sourceAddressPrefix", "destinationPortRange", "protocol")} == {"*"}


@pytest.mark.parametrize("role", ["provider", "consumer"])
def test_what_is_not_allowed_out_is_denied(role: str) -> None:
    rules = [rule["properties"] for rule in network_security_group(site(role))["properties"]["securityRules"]]
    outbound = [rule for rule in rules if rule["direction"] == "Outbound"]
    allowed = [rule for rule in outbound if rule["access"] == "Allow"]
    assert {rule["destinationPortRange"] for rule in allowed} == {"443", "4000-6252"}
    assert all(rule["priority"] < 4096 and rule["protocol"] == "Tcp" for rule in allowed)
    assert [rule["priority"] for rule in outbound if rule["access"] == "Deny"] == [4096]


def test_rules_have_priorities_of_their_own_in_each_direction() -> None:
    rules = [rule["properties"] for rule in network_security_group(site())["properties"]["securityRules"]]
    places = [(rule["direction"], rule["priority"]) for rule in rules]
    assert len(set(places)) == len(places)
    assert all(100 <= priority <= 4096 for _, priority in places)


@pytest.mark.parametrize("corp", ["ai-corp", "health-corp"])
def test_nobody_logs_in_with_a_password(corp: str) -> None:
    profile = step_of(PLAN, f"{corp}/virtual_machine")["wanted"]["properties"]["osProfile"]
    assert profile["linuxConfiguration"]["disablePasswordAuthentication"] is True
    assert len(profile["linuxConfiguration"]["ssh"]["publicKeys"]) == 1
    assert len(profile["computerName"]) <= 64


@pytest.mark.parametrize("corp", ["ai-corp", "health-corp"])
def test_the_machine_goes_with_all_that_is_its_own(corp: str) -> None:
    body = step_of(PLAN, f"{corp}/virtual_machine")["wanted"]
    assert body["properties"]["storageProfile"]["osDisk"]["deleteOption"] == "Delete"
    assert body["identity"]["type"] == "UserAssigned"
    assert len(body["identity"]["userAssignedIdentities"]) == 1


def test_the_account_is_shut_from_its_first_request() -> None:
    properties = openai_account(site())["properties"]
    assert properties["publicNetworkAccess"] == "Disabled"
    assert properties["networkAcls"]["defaultAction"] == "Deny"
    assert properties["customSubDomainName"] == site().account


def test_the_subnet_is_guarded_and_goes_out_over_the_nat_gateway() -> None:
    network = step_of(PLAN, "health-corp/virtual_network")["wanted"]["properties"]
    (subnet,) = network["subnets"]
    assert subnet["properties"]["networkSecurityGroup"]["id"].endswith("/networkSecurityGroups/nodes")
    assert subnet["properties"]["natGateway"]["id"].endswith("/natGateways/egress")
    assert subnet["properties"]["defaultOutboundAccess"] is False
    assert subnet["properties"]["addressPrefix"] == "192.168.0.0/24"


def test_nodes_know_names_of_secrets_and_no_values() -> None:
    wish = spec(tickets={"source": "request", "values": {"ai-corp": "CANARY", "health-corp": "CANARY"}})
    assert "CANARY" not in json.dumps(plan(wish))
    for role in ("provider", "consumer"):
        assert node_configuration(site(role, wish))["ticket_secret"] == site(role, wish).ticket_secret


def test_the_inlet_listens_where_only_its_own_machine_reaches_it() -> None:
    inlet = node_configuration(site("consumer"))["node"]["tcp-inlet"]
    assert inlet["from"].startswith("127.0.0.1:")
    assert "tls" not in inlet


def test_outlet_and_inlet_let_in_only_each_other() -> None:
    outlet, inlet = (node_configuration(site(role))["node"] for role in ("provider", "consumer"))
    tickets = {c: step_of(PLAN, f"{c}/ticket")["wanted"] for c in ("ai-corp", "health-corp")}
    assert outlet["tcp-outlet"]["allow"] == tickets["health-corp"]["attribute"]
    assert inlet["tcp-inlet"]["allow"] == tickets["ai-corp"]["attribute"]
    assert outlet["relay"] == inlet["tcp-inlet"]["via"] == tickets["ai-corp"]["relay"]
    assert tickets["health-corp"]["relay"] is None


def test_the_outlet_leads_to_the_account_and_nowhere_else() -> None:
    assert node_configuration(site())["node"]["tcp-outlet"]["to"] == f"{site().account}.openai.azure.com:443"


@pytest.mark.parametrize("run", [client_run(site("consumer")), probe_run(site())])
def test_runs_look_at_the_private_endpoint_of_the_provider(run: dict[str, Any]) -> None:
    asked = run["properties"]["source"]["request"]
    assert asked["endpoint_address"] == {REFERENCE: ["ai-corp/private_endpoint", "address"]}
    assert asked["host"] == site().host


@pytest.mark.parametrize("run", ["health-corp/client_run", "ai-corp/probe_run"])
def test_a_retry_asks_anew(run: str) -> None:
    first, second = (step_of(plan(attempt=n), run)["wanted"]["properties"]["source"]["request"] for n in (1, 2))
    assert first["nonce"] != second["nonce"]
    assert first | {"nonce": ""} == second | {"nonce": ""}


def test_every_consumer_is_asked_for_its_own_answer() -> None:
    whole = plan(spec(corps=[AI, *consumers(3)]))
    runs = [step for step in whole["steps"] if step["kind"] == "client_run"]
    assert len({step["wanted"]["properties"]["source"]["request"]["nonce"] for step in runs}) == 3


def test_a_provider_body_does_not_depend_on_who_asks() -> None:
    one = plan(spec(corps=[AI, HEALTH]))
    other = plan(spec(corps=[AI, *consumers(2)]))
    built = [kind.name for kind in kinds_of("provider") if kind.stage == "build"]
    for kind in built:
        assert step_of(one, f"ai-corp/{kind}")["wanted"] == step_of(other, f"ai-corp/{kind}")["wanted"]
