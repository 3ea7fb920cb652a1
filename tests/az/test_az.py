"""Whatever Isthmus makes, the stock Azure CLI lists and shows: what people look with looks at the local cloud too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from activities.records import Life
from isthmus.graph import GRAPH
from tests.az.command import Az
from tests.localazure.engine import Engine

pytestmark = pytest.mark.az

IN_GROUP = "--resource-group {group}"
SHOW = {
    "resource_group": "group show --name {group}",
    "network_security_group": f"network nsg show {IN_GROUP} --name {{name}}",
    "public_ip": f"network public-ip show {IN_GROUP} --name {{name}}",
    "nat_gateway": f"network nat gateway show {IN_GROUP} --name {{name}}",
    "virtual_network": f"network vnet show {IN_GROUP} --name {{name}}",
    "vm_identity": f"identity show {IN_GROUP} --name {{name}}",
    "network_interface": f"network nic show {IN_GROUP} --name {{name}}",
    "virtual_machine": f"vm show {IN_GROUP} --name {{name}}",
    "openai_account": f"cognitiveservices account show {IN_GROUP} --name {{name}}",
    "private_endpoint": f"network private-endpoint show {IN_GROUP} --name {{name}}",
    "private_dns_zone": f"network private-dns zone show {IN_GROUP} --name {{name}}",
    "dns_zone_link": f"network private-dns link vnet show {IN_GROUP} --zone-name {{name}} --name {{child}}",
    "dns_zone_group": (
        f"network private-endpoint dns-zone-group show {IN_GROUP} --endpoint-name {{name}} --name {{child}}"
    ),
    "model_deployment": (
        f"cognitiveservices account deployment show {IN_GROUP} --name {{name}} --deployment-name {{child}}"
    ),
    "probe_run": f"vm run-command show {IN_GROUP} --vm-name {{name}} --run-command-name {{child}} --instance-view",
    "client_run": f"vm run-command show {IN_GROUP} --vm-name {{name}} --run-command-name {{child}} --instance-view",
}
"""Kind of step that ARM keeps -> how az shows it."""

ELSEWHERE = {
    "reserved_ticket": "keyvault secret show --vault-name {vault} --name {secret}",
    "reserved_key": "keyvault secret show --vault-name {vault} --name {secret}",
    "ticket": "keyvault secret show --vault-name {vault} --name {secret}",
    "api_key": "keyvault secret show --vault-name {vault} --name {secret}",
    "secret_access": "role assignment list --scope {scope}",
    "key_access": "role assignment list --scope {scope}",
}
NOT_AZURES = {"proof"}

LISTS = {
    # How az lists -> how many there are in AI Corp's group, or everywhere.
    "group list --tag isthmus-environment=demo": 2,
    f"resource list {IN_GROUP}": 14,
    f"network nsg list {IN_GROUP}": 1,
    f"network nsg rule list {IN_GROUP} --nsg-name nodes": 5,
    f"network public-ip list {IN_GROUP}": 1,
    f"network nat gateway list {IN_GROUP}": 1,
    f"network vnet list {IN_GROUP}": 1,
    f"network vnet subnet list {IN_GROUP} --vnet-name network": 1,
    f"network nic list {IN_GROUP}": 2,
    f"identity list {IN_GROUP}": 1,
    f"vm list {IN_GROUP} --show-details": 1,
    f"vm run-command list {IN_GROUP} --vm-name node": 1,
    f"disk list {IN_GROUP}": 1,
    f"cognitiveservices account list {IN_GROUP}": 1,
    f"cognitiveservices account deployment list {IN_GROUP} --name {{account}}": 1,
    "network private-endpoint-connection list --id {account_id}": 1,
    f"network private-endpoint list {IN_GROUP}": 1,
    f"network private-endpoint dns-zone-group list {IN_GROUP} --endpoint-name openai": 1,
    f"network private-dns zone list {IN_GROUP}": 1,
    f"network private-dns link vnet list {IN_GROUP} --zone-name privatelink.openai.azure.com": 1,
    f"network private-dns record-set a list {IN_GROUP} --zone-name privatelink.openai.azure.com": 1,
    "keyvault list": 1,
    "keyvault secret list --vault-name {vault}": 3,
    "cognitiveservices account list-deleted": 0,
}


def names(engine: Engine, step: Mapping[str, Any]) -> dict[str, str]:
    """What stands in the commands' braces."""
    vault = str(engine.cloud.settings.vault_id)
    parts = str(step["resource"] or "").strip("/").split("/")
    found = dict(zip(("group", "name", "child"), [*parts[3:4], *parts[7::2]], strict=False))
    wanted = step["wanted"]
    return found | {
        "vault": vault.rsplit("/", 1)[1],
        "secret": str(wanted.get("secret", "")),
        "scope": str(wanted.get("scope", "")),
    }


def steps_of(plan: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    return [step for step in plan["steps"] if step["kind"] == kind]


def said(words: str, named: Mapping[str, str]) -> list[str]:
    return [word.format(**named) for word in words.split()]


@pytest.mark.parametrize("kind", SHOW)
def test_az_shows_each_resource_by_its_id_and_tags(az: Az, engine: Engine, plan: dict[str, Any], kind: str) -> None:
    for step in steps_of(plan, kind):
        shown = az(*said(SHOW[kind], names(engine, step)))
        assert shown["id"].lower() == step["resource"].lower()
        if wanted := step["wanted"].get("tags"):
            assert shown["tags"].items() >= wanted.items()


@pytest.mark.parametrize("kind", [kind for kind, words in ELSEWHERE.items() if words.startswith("keyvault")])
def test_az_shows_each_secret(az: Az, engine: Engine, plan: dict[str, Any], kind: str) -> None:
    for step in steps_of(plan, kind):
        shown = az(*said(ELSEWHERE[kind], names(engine, step)))
        assert shown["name"] == step["wanted"]["secret"]
        assert shown["contentType"] == ("api-key" if "key" in kind else "ticket")
        assert shown["tags"]["isthmus-environment"] == "demo"


@pytest.mark.parametrize("kind", [kind for kind, words in ELSEWHERE.items() if words.startswith("role")])
def test_az_lists_who_may_read_each_secret_by_name(az: Az, engine: Engine, plan: dict[str, Any], kind: str) -> None:
    for step in steps_of(plan, kind):
        (shown,) = az(*said(ELSEWHERE[kind], names(engine, step)))
        assert shown["scope"].lower() == step["wanted"]["scope"].lower()
        assert shown["roleDefinitionName"] == "Key Vault Secrets User"
        assert (shown["principalType"], shown["principalName"] != "") == ("ServicePrincipal", True)


@pytest.mark.parametrize("words", LISTS)
def test_az_lists_what_there_is_and_no_more(az: Az, engine: Engine, plan: dict[str, Any], words: str) -> None:
    (account,) = steps_of(plan, "openai_account")
    named = names(engine, account)
    listed = az(*said(words, named | {"account": named["name"], "account_id": account["resource"]}))
    assert len(listed) == LISTS[words]


def test_az_says_what_the_probe_saw(az: Az, engine: Engine, plan: dict[str, Any]) -> None:
    (step,) = steps_of(plan, "probe_run")
    view = az(*said(SHOW["probe_run"], names(engine, step)))["instanceView"]
    assert (view["executionState"], view["exitCode"]) == ("Succeeded", 0)


def test_az_has_a_word_for_every_kind_of_step() -> None:
    assert {kind.name for kind in GRAPH} == {*SHOW, *ELSEWHERE, *NOT_AZURES}


def test_the_apps_own_identity_can_log_in_and_sees_what_it_made(
    engine: Engine, plan: dict[str, Any], python: Path, tmp_path: Path
) -> None:
    own = Az(python, engine, tmp_path)
    own("login", "--identity", "--client-id", engine.azure.settings()["AZURE_CLIENT_ID"])
    assert len(own("group", "list", "--tag", "isthmus-environment=demo")) == len(plan["corps"])


def test_after_the_teardown_az_finds_nothing(az: Az, engine: Engine, life: Life) -> None:
    """The last of the file: what the others look at is gone after it."""
    engine.delete(life)
    engine.run()
    engine.settle()
    vault = engine.cloud.settings.vault_id.rsplit("/", 1)[1]
    assert az("group", "list", "--tag", "isthmus-environment=demo") == []
    assert az("cognitiveservices", "account", "list-deleted") == []
    assert az("keyvault", "secret", "list", "--vault-name", vault) == []
    assert az("keyvault", "secret", "list-deleted", "--vault-name", vault) == []
