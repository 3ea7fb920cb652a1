"""The proof: the evidence of clients and probe, and what Azure itself says of addresses, rules and the account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from azure.core.exceptions import AzureError

from activities import keyvault, landing, telemetry
from activities.arm import at
from activities.cloud import get, listed, outcome_of
from activities.steps import Request
from isthmus.errors import own_failure
from isthmus.inbound import inbound
from isthmus.landing import rules_of
from isthmus.outcomes import Outcome, ready
from isthmus.proof import judge
from isthmus.telemetry import VERIFICATION

Evidence = dict[tuple[str, str], Mapping[str, Any]]


def ensure_proof(request: Request) -> Outcome:
    """Ready with the proof when no check failed; else failed, with the proof as evidence."""
    wanted = request.wanted()
    try:
        found = _reported(request.outputs)
        for corp in wanted["corps"]:
            found |= _addresses(request, corp) | _rules(request, corp)
        found |= _account(request, wanted) | _key(request, wanted)
        proof = judge(wanted["corps"], found, _answer(request.outputs))
        telemetry.count(VERIFICATION, result=proof["result"])
        proof = keyvault.without_api_key(request.cloud, wanted["key"]["secret"], proof)
    except AzureError as error:
        return outcome_of(error)
    if proof["result"] != "failed":
        return ready({"proof": proof})
    wrong = [f"{check['id']} ({check['corp']})" for check in proof["checks"] if check["state"] == "failed"]
    refused = own_failure("ProofFailed", f"These checks failed: {', '.join(wrong)}.")
    refused["evidence"] = {"proof": proof}
    return refused


def remove_proof(request: Request) -> Outcome:
    """Nothing of it is in Azure; it stays in the record."""
    return ready()


def _reported(outputs: Mapping[str, Mapping[str, Any]]) -> Evidence:
    """What clients and probe said of their checks, by check and corp."""
    found: Evidence = {}
    for step_id, output in outputs.items():
        corp = step_id.split("/")[0]
        for check in (output.get("report") or {}).get("checks", []):
            found[(str(check.get("id")), corp)] = {"state": check.get("state"), "evidence": check.get("evidence", "")}
    return found


def _answer(outputs: Mapping[str, Mapping[str, Any]]) -> str:
    answers = ((output.get("report") or {}).get("answer") for output in outputs.values())
    return next((str(answer) for answer in answers if answer), "")


def _addresses(request: Request, corp: Mapping[str, Any]) -> Evidence:
    """No interface in the corp's group has a public address."""
    interfaces = listed(request.cloud.network.network_interfaces.list(corp["group"]))
    public = [
        interface["name"]
        for interface in interfaces
        for configuration in at(interface, "properties.ipConfigurations") or []
        if at(configuration, "properties.publicIPAddress")
    ]
    private = [
        str(at(configuration, "properties.privateIPAddress"))
        for interface in interfaces
        for configuration in at(interface, "properties.ipConfigurations") or []
    ]
    evidence = f"with a public address: {', '.join(public)}" if public else f"private only: {', '.join(private)}"
    return {("no_public_address", corp["name"]): _check(not public and bool(private), evidence)}


def _rules(request: Request, corp: Mapping[str, Any]) -> Evidence:
    """What the rules of the VM's subnet let in: of our own groups, or of the one that an existing subnet is under."""
    found = _existing_rules(request, corp["subnet"]) if corp.get("subnet") else _own_rules(request, corp)
    return {("no_inbound_rule", corp["name"]): found}


def _own_rules(request: Request, corp: Mapping[str, Any]) -> Mapping[str, Any]:
    groups = listed(request.cloud.network.network_security_groups.list(corp["group"]))
    guarded = any(at(group, "properties.subnets") for group in groups)
    return _let_in([rule for group in groups for rule in rules_of(group)], guarded)


def _existing_rules(request: Request, subnet_id: str) -> Mapping[str, Any]:
    subnet = landing.seen(lambda: landing.subnet_at(request.cloud, subnet_id))
    guard = landing.guard_of(subnet.found)
    group = landing.seen(lambda: landing.group_at(request.cloud, guard)) if guard else subnet
    if group.refused:
        what = f"the network security group {guard}" if guard else f"the subnet {subnet_id}"
        return {"state": "not_checked", "evidence": f"the app may not read {what}"}
    return _let_in(rules_of(group.found) if guard and group.found else [], bool(guard))


def _let_in(rules: list[Mapping[str, Any]], guarded: bool) -> Mapping[str, Any]:
    """Passed where one rule denies everything inbound and none before it lets anything in."""
    opened, shut = inbound(rules)
    evidence = f"allowed in: {', '.join(opened)}" if opened else f"denied: {shut or 'no rule says so'}"
    if not guarded:
        evidence += "; no subnet is under a security group"
    return _check(not opened and shut is not None and guarded, evidence)


def _account(request: Request, wanted: Mapping[str, Any]) -> Evidence:
    group, name = wanted["account"].split("/")[4], wanted["account"].rsplit("/", 1)[1]
    account = get(request.cloud.cognitive.accounts.get, group, name)
    access = at(account, "properties.publicNetworkAccess")
    default = at(account, "properties.networkAcls.defaultAction")
    shut = access == "Disabled" and default == "Deny"
    evidence = f"publicNetworkAccess {access}, default action {default}"
    return {("public_access_off", _provider(wanted)): _check(shut, evidence)}


def _key(request: Request, wanted: Mapping[str, Any]) -> Evidence:
    """The vault has the key, and nothing that Isthmus wrote down contains it."""
    secret = wanted["key"]["secret"]
    where = ("key_in_vault_only", _provider(wanted))
    if not keyvault.holds(request.cloud, secret, "api-key"):
        return {where: _check(False, f"Key Vault has no API key in {secret}")}
    written = {
        "record": request.records.load(request.life),
        "progress": request.records.parts(request.life),
        "what the programs in the VMs printed": request.outputs,
    }
    leaks = [
        name for name, document in written.items() if keyvault.api_key_in(request.cloud, secret, json.dumps(document))
    ]
    evidence = f"found in: {', '.join(leaks)}" if leaks else f"in Key Vault as {secret}; not in {', '.join(written)}"
    return {where: _check(not leaks, evidence)}


def _provider(wanted: Mapping[str, Any]) -> str:
    return next(str(corp["name"]) for corp in wanted["corps"] if corp["role"] == "provider")


def _check(passed: bool, evidence: str) -> Mapping[str, Any]:
    return {"state": "passed" if passed else "failed", "evidence": evidence}
