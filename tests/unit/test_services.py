"""What is special to a service: whose a group is, an endpoint's approval, a program's report, a purge."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace
from typing import Any

import pytest

from activities import cognitiveservices, compute, network, resources
from isthmus import names
from isthmus.outcomes import Outcome
from tests.unit.fakes import Answer, Cloud, Group, request
from tests.unit.samples import plan, spec, step_of
from tests.unit.vault import Secrets

PLAN = plan()
OURS = {names.TAG_ENVIRONMENT: "demo", names.TAG_GENERATION: "abc234"}
FOUND = {step["id"]: {"client_id": "c", "principal_id": "p", "address": "10.0.0.9"} for step in PLAN["steps"]}

KEY = "0123456789abcdef-the-api-key"


def of(step_id: str, cloud: Any = None) -> Any:
    return request(step_of(PLAN, step_id), cloud or Cloud(), outputs=FOUND)


@pytest.mark.parametrize(
    ("tags", "word"),
    [
        (OURS, None),
        (OURS | {"more": "x"}, None),
        (None, "somebody else"),
        ({}, "somebody else"),
        (OURS | {names.TAG_ENVIRONMENT: "other"}, "somebody else"),
        (OURS | {names.TAG_GENERATION: "zzzzzz"}, "somebody else"),
        (OURS | {names.TAG_KEEP: ""}, names.TAG_KEEP),
    ],
)
def test_a_group_is_deleted_only_if_its_tags_say_that_it_is_this_lifes(tags: Any, word: str | None) -> None:
    refused = resources.KINDS["resource_group"].allowed(of("ai-corp/resource_group"), {"tags": tags})
    assert (refused is None) if word is None else (word in str(refused))


def test_a_group_that_is_not_named_as_ours_is_never_deleted() -> None:
    step = step_of(PLAN, "ai-corp/resource_group") | {"resource": "/subscriptions/s/resourceGroups/production"}
    assert resources.KINDS["resource_group"].allowed(request(step, Cloud()), {"tags": OURS})


def endpoint(status: str, interface: Any = None) -> Outcome | None:
    have = {
        "properties": {
            "privateLinkServiceConnections": [
                {"properties": {"privateLinkServiceConnectionState": {"status": status, "description": "why"}}}
            ],
            "networkInterfaces": [{"id": "/subscriptions/s/resourceGroups/g/providers/M/networkInterfaces/nic"}],
        }
    }
    cloud = Cloud(network=SimpleNamespace(network_interfaces=Group([interface])))
    return network.KINDS["private_endpoint"].finish(of("ai-corp/private_endpoint", cloud), have)


def test_an_endpoint_is_ready_with_the_address_of_its_interface() -> None:
    address = {"properties": {"ipConfigurations": [{"properties": {"privateIPAddress": "10.0.0.5"}}]}}
    outcome = endpoint("Approved", address)
    assert outcome is not None
    assert outcome["state"] == "ready"
    assert outcome["outputs"] == {"address": "10.0.0.5"}


@pytest.mark.parametrize(
    ("status", "state"), [("Pending", "pending"), ("Rejected", "failed"), ("Disconnected", "failed")]
)
def test_an_endpoint_that_is_not_approved_is_not_ready(status: str, state: str) -> None:
    outcome = endpoint(status)
    assert outcome is not None
    assert outcome["state"] == state


def test_an_endpoint_whose_interface_is_not_there_yet_is_waited_for() -> None:
    outcome = endpoint("Approved")
    assert outcome is not None
    assert outcome["state"] == "pending"


def report(**view: Any) -> Any:
    """What is made of a client's run, with an API key in the vault."""
    have = {"properties": {"instanceView": view}} if view else {"properties": {}}
    step = of("health-corp/client_run")
    vault = Secrets()
    place = step.step["wanted"]["properties"]["source"]["request"]["key_secret"]
    vault.set_secret(place, KEY, content_type="api-key", enabled=True)
    step.cloud.secrets = vault
    return compute.KINDS["client_run"].finish(step, have)


@pytest.mark.parametrize("state", ["Pending", "Running", "Unknown", ""])
def test_a_program_that_runs_is_waited_for_whatever_its_provisioning_state(state: str) -> None:
    assert report(executionState=state, output="{}")["state"] == "pending"


def test_a_program_without_a_view_is_waited_for() -> None:
    assert report()["state"] == "pending"


def test_a_report_is_read_even_where_the_program_says_that_checks_failed() -> None:
    outcome = report(executionState="Failed", exitCode=1, output='{"checks": []}')
    assert outcome == {"state": "ready", "outputs": {"report": {"checks": []}, "exit_code": 1}, "wrote": False}


@pytest.mark.parametrize("where", ["output", "error"])
def test_what_a_program_printed_is_dropped_when_the_api_key_is_in_it(where: str) -> None:
    outcome = report(**{"executionState": "Succeeded", "output": "{}", where: f"look: {KEY}"})
    assert (outcome["state"], outcome["code"]) == ("failed", "SecretInOutput")
    assert KEY not in str(outcome)


@pytest.mark.parametrize("output", ["", "Traceback", "[]", '"words"', '{"cut', None])
def test_a_program_without_a_report_has_failed(output: str | None) -> None:
    outcome = report(executionState="Succeeded", exitCode=127, output=output, error="not found")
    assert (outcome["state"], outcome["code"], outcome["retryable"]) == ("failed", "RunCommandFailed", True)
    assert "127" in outcome["message"]


@pytest.mark.parametrize("step", ["health-corp/client_run", "ai-corp/probe_run"])
def test_a_programs_request_goes_to_its_standard_input_as_ascii_json(step: str) -> None:
    body = compute.KINDS[step.split("/")[1]].prepare(of(step))
    lines = body["properties"]["source"]["script"].splitlines()
    assert lines[0].startswith("/opt/isthmus/run ")
    assert lines[1].isascii()
    assert json.loads(lines[1])["own_address"] == "10.0.0.9"
    assert lines[0].endswith(f"<<'{lines[2]}'")


def test_a_question_can_not_end_the_programs_input() -> None:
    whole = plan(spec(question="x\nISTHMUS_REQUEST\nrm -rf /"))
    step = step_of(whole, "health-corp/client_run")
    body = compute.KINDS["client_run"].prepare(request(step, Cloud(), outputs=FOUND))
    assert len(body["properties"]["source"]["script"].splitlines()) == 3


def test_a_machines_custom_data_is_rendered_and_the_plan_is_left_as_it_is() -> None:
    body = compute.KINDS["virtual_machine"].prepare(of("ai-corp/virtual_machine"))
    text = base64.b64decode(body["properties"]["osProfile"]["customData"]).decode()
    assert text.startswith("#cloud-config\n")
    assert isinstance(step_of(PLAN, "ai-corp/virtual_machine")["wanted"]["properties"]["osProfile"]["customData"], dict)


class Deleted(Group):
    def begin_purge(self, *names: Any, polling: Any) -> None:
        self.calls.append(("purge", names))
        self._answered(Answer(202, None, {"Retry-After": "30"}), polling)


def test_a_deleted_account_is_purged_where_it_was() -> None:
    deleted = Deleted([{"id": "x"}])
    cloud = Cloud(cognitive=SimpleNamespace(deleted_accounts=deleted))
    asked = of("ai-corp/openai_account", cloud)
    outcome = cognitiveservices.KINDS["openai_account"].afterwards(asked)
    assert outcome is not None
    assert (outcome["state"], outcome["wrote"]) == ("pending", True)
    assert deleted.calls[1] == ("purge", ("eastus", *asked.names))


def test_an_account_of_which_nothing_is_kept_is_gone() -> None:
    cloud = Cloud(cognitive=SimpleNamespace(deleted_accounts=Deleted([None])))
    assert cognitiveservices.KINDS["openai_account"].afterwards(of("ai-corp/openai_account", cloud)) is None
