"""The main job, end to end, as a pipeline would ask for it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from isthmus.graph import GRAPH
from localcloud.client import call
from localcloud.conductor import LocalCloud
from localcloud.demo import left_over
from tests.e2e.arm import arm
from tests.e2e.environment import ask, build, census, checks, delete, puts_to_arm, settle, spec, status
from tests.unit import landing_zone

pytestmark = pytest.mark.world


@pytest.fixture(scope="module")
def both(cloud: LocalCloud) -> list[dict[str, Any]]:
    """Two environments with the same address spaces, built at the same time; one was asked for four times at once."""
    posts = [threading.Thread(target=ask, args=(cloud, spec(name))) for name in ("ready-one", *["twins"] * 4)]
    for post in posts:
        post.start()
    for post in posts:
        post.join()
    documents = [settle(cloud, name) for name in ("ready-one", "twins")]
    assert [document["phase"] for document in documents] == ["ready", "ready"], [d["error"] for d in documents]
    return documents


@pytest.fixture(scope="module")
def ready(both: list[dict[str, Any]]) -> dict[str, Any]:
    """One environment that is ready, for the tests that look at it."""
    return both[0]


def test_the_client_gets_its_answer_and_every_check_of_the_proof_passes(
    cloud: LocalCloud, ready: dict[str, Any]
) -> None:
    if cloud.network_mode == "loopback":
        pytest.skip("this machine allows no namespaces: isolation can't be checked")
    assert {check["state"] for check in ready["proof"]["checks"]} == {"passed"}
    assert "razor" in ready["proof"]["answer"].lower()


def test_the_proof_really_sent_packets(cloud: LocalCloud, ready: dict[str, Any]) -> None:
    if cloud.network_mode == "loopback":
        pytest.skip("this machine allows no namespaces: isolation can't be checked")
    found = checks(ready)
    assert "timed out" in found["endpoint_unreachable", "health-corp"]["evidence"]
    assert "403" in found["public_refused", "health-corp"]["evidence"]
    assert "203.0.113." in found["public_name", "health-corp"]["evidence"]


def test_every_step_of_the_graph_was_taken(ready: dict[str, Any]) -> None:
    steps = [step for corp in ready["corps"] for step in corp["steps"]]
    assert {step["kind"] for step in steps} == {kind.name for kind in GRAPH}
    assert {step["state"] for step in steps} == {"ready"}


def test_corps_are_built_at_the_same_time(ready: dict[str, Any]) -> None:
    spans = []
    for corp in ready["corps"]:
        machine = next(step for step in corp["steps"] if step["kind"] == "virtual_machine")
        group = next(step for step in corp["steps"] if step["kind"] == "resource_group")
        spans.append((group["started"], machine["ended"]))
    assert spans[0][0] < spans[1][1]
    assert spans[1][0] < spans[0][1]


def test_the_same_request_again_is_the_same_environment(cloud: LocalCloud, ready: dict[str, Any]) -> None:
    again = ask(cloud, spec("ready-one"))
    assert again.status == 202
    assert again.json()["generation"] == ready["generation"]


def test_another_request_for_a_taken_name_is_refused(cloud: LocalCloud, ready: dict[str, Any]) -> None:
    refused = ask(cloud, spec("ready-one", question="Who was Ockham?"))
    assert refused.status == 409
    assert "another specification" in refused.json()["detail"]


def test_the_same_request_at_once_is_one_environment(cloud: LocalCloud, both: list[dict[str, Any]]) -> None:
    groups = [item for item in census(cloud)["Microsoft.Resources/resourceGroups"] if "isthmus-twins-" in item]
    assert len(groups) == 2
    taken = puts_to_arm(cloud, f"-twins-{both[1]['generation']}-")
    assert sorted(set(taken)) == sorted(taken)


def test_two_environments_with_the_same_addresses_dont_see_each_other(
    cloud: LocalCloud, both: list[dict[str, Any]]
) -> None:
    for document in both:
        assert checks(document)["endpoint_unreachable", "health-corp"]["state"] == (
            "not_checked" if cloud.network_mode == "loopback" else "passed"
        )
    answers = [checks(document)["answer", "health-corp"]["evidence"] for document in both]
    assert answers[0] != answers[1], "each run asks for a code of its own"


def test_down_and_up_again_meets_nothing_of_the_first_life(cloud: LocalCloud, both: list[dict[str, Any]]) -> None:
    life = f"twins-{both[1]['generation']}"
    assert call("DELETE", f"{cloud.url}/api/environments/twins").status == 202
    second = build(cloud, "twins")
    assert second["phase"] == "ready"
    assert second["generation"] != both[1]["generation"]
    assert delete(cloud, "twins")["phase"] == "gone"
    deadline = 600
    while (left := [line for line in left_over({}, census(cloud)) if life in line]) and deadline:
        deadline -= 1
        status(cloud, "twins")
    assert left == []


def test_delete_while_building_ends_clean(cloud: LocalCloud) -> None:
    before = census(cloud)
    assert ask(cloud, spec("short-lived")).status == 202
    settle(cloud, "short-lived", ("building", "verifying", "ready"))
    assert delete(cloud, "short-lived")["phase"] == "gone"
    assert left_over(before, census(cloud)) == []


def test_an_unknown_environment_is_a_problem_not_a_crash(cloud: LocalCloud) -> None:
    for method in ("GET", "DELETE"):
        answer = call(method, f"{cloud.url}/api/environments/nobody")
        assert answer.status == 404
        assert answer.headers["Content-Type"].startswith("application/problem+json")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": "fine", "colour": "red"}, "/colour"),
        ({"name": "Not Fine"}, "/name"),
        ({"name": "fine", "lease_minutes": -5}, "/lease_minutes"),
        ({"name": "fine", "tickets": {"source": "moon"}}, "/tickets"),
        (b"{not json", ""),
        (b" " * 5_000_000, ""),
        (
            {"name": "fine", "corps": [{"name": "one", "role": "consumer", "address_space": "10.0.0.0/16"}] * 2},
            "/corps",
        ),
    ],
)
def test_a_bad_request_is_refused_with_its_findings(cloud: LocalCloud, body: Any, pointer: str) -> None:
    answer = ask(cloud, body)
    assert answer.status == 400
    assert pointer in [finding["pointer"] for finding in answer.json()["errors"]]


def test_no_resource_was_put_twice_without_need(cloud: LocalCloud, ready: dict[str, Any]) -> None:
    taken = puts_to_arm(cloud, f"-ready-one-{ready['generation']}-")
    assert taken
    assert sorted(set(taken)) == sorted(taken)


def test_in_a_landing_zone_it_is_proved_by_packets_and_leaves_all_as_it_was(cloud: LocalCloud) -> None:
    """Both corps in subnets that exist and route out by themselves, the record in a zone that exists."""
    azure = arm(cloud)
    given = landing_zone.bodies(azure.subscription, azure.subscription, "ai-corp")
    for path, body in given:
        azure.put(path, body)

    def as_it_is() -> dict[str, Any]:
        return {path: azure.get(path) for path, _ in given}

    before, census_before = as_it_is(), census(cloud)
    corps = landing_zone.wish(azure.subscription, azure.subscription, subnets="ai-corp health-corp", zone=True)
    document = build(cloud, "landed", corps=corps)
    assert document["phase"] == "ready", document["error"]
    found = checks(document)
    assert found["no_inbound_rule", "ai-corp"]["state"] == "passed"
    assert "10.20.1." in found["no_public_address", "ai-corp"]["evidence"]
    assert as_it_is() != before
    if cloud.network_mode != "loopback":
        assert {check["state"] for check in found.values()} == {"passed"}
        assert "10.20.1." in found["private_name", "ai-corp"]["evidence"]
        assert "timed out" in found["endpoint_unreachable", "health-corp"]["evidence"]
    assert delete(cloud, "landed")["phase"] == "gone"
    assert as_it_is() == before
    assert left_over(census_before, census(cloud)) == []
