"""The status document: right at any time, from records alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from isthmus.outcomes import failed
from isthmus.status import status_document
from tests.unit.samples import plan, record


def line(step_id: str, state: str = "ready", **more: Any) -> dict[str, Any]:
    return {"id": step_id, "state": state, "started": None, "ended": None, "attempts": 1, "error": None} | more


def steps(document: Any) -> dict[str, dict[str, Any]]:
    return {step["id"]: step for corp in document["corps"] for step in corp["steps"]}


def test_before_there_is_a_plan_there_are_no_steps_and_no_estimate() -> None:
    document = status_document(record(), {})
    assert document["phase"] == "requested"
    assert (document["corps"], document["estimate_seconds"], document["progress"]) == (
        [],
        None,
        {"ready": 0, "removed": 0, "steps": 0},
    )


def test_with_a_plan_every_step_waits() -> None:
    document = status_document(record(phase="building", plan=plan()), {})
    assert {step["state"] for step in steps(document).values()} == {"waiting"}
    assert document["progress"] == {"ready": 0, "removed": 0, "steps": len(plan()["steps"])}
    assert [corp["name"] for corp in document["corps"]] == ["ai-corp", "health-corp"]


def test_a_steps_line_is_shown_with_its_time_in_seconds() -> None:
    began, ended = "2026-05-04T12:00:00.000+00:00", "2026-05-04T12:00:02.500+00:00"
    seen = {"ai-corp": [line("ai-corp/resource_group", started=began, ended=ended, attempts=3)]}
    step = steps(status_document(record(plan=plan()), seen))["ai-corp/resource_group"]
    assert (step["state"], step["took"], step["attempts"]) == ("ready", 2.5, 3)
    assert step["title"] == "Resource group"
    assert step["portal"].endswith("/resourceGroups/isthmus-demo-abc234-ai-corp")


def test_a_failure_and_what_is_waited_for_are_shown() -> None:
    seen = {
        "ai-corp": [
            line("ai-corp/public_ip", "failed", error=failed("Quota", "none left", hint="Ask.")),
            line("ai-corp/nat_gateway", "pending", detail="creating"),
        ]
    }
    found = steps(status_document(record(plan=plan()), seen))
    assert found["ai-corp/public_ip"]["error"]["hint"] == "Ask."
    assert found["ai-corp/nat_gateway"]["waits_for"] == "creating"


def test_progress_counts_what_is_ready() -> None:
    seen = {
        "a": [line("ai-corp/public_ip"), line("ai-corp/nat_gateway", "pending")],
        "b": [line("health-corp/public_ip")],
    }
    assert status_document(record(plan=plan()), seen)["progress"]["ready"] == 2


def test_a_kind_that_is_no_longer_known_is_shown_by_its_name() -> None:
    old = plan()
    old["steps"][0]["kind"] = "retired_kind"
    found = steps(status_document(record(plan=old), {}))
    assert found[old["steps"][0]["id"]]["title"] == "retired_kind"


def test_lines_of_steps_that_the_plan_does_not_have_are_left_out() -> None:
    assert "ghost/step" not in json.dumps(status_document(record(plan=plan()), {"x": [line("ghost/step")]}))


def test_of_what_went_wrong_it_tells_the_four_things_that_help() -> None:
    outcome = failed("QuotaExceeded", "no cores", hint="Ask.", request_id="r-1") | {"evidence": {"proof": {}}}
    told = {"code": "QuotaExceeded", "message": "no cores", "hint": "Ask.", "request_id": "r-1"}
    assert status_document(record(error=outcome), {})["error"] == told
    teardown = {"left": ["a/b"], "error": outcome, "steps": 3, "tries": 2, "next_try": "2026-05-04T12:30:00+00:00"}
    assert status_document(record(teardown=teardown), {})["teardown"] == teardown | {"error": told}


def test_the_proof_is_passed_on() -> None:
    proof: Any = {"result": "passed", "answer": "42", "checks": []}
    assert status_document(record(proof=proof), {})["proof"] == proof


def test_the_document_is_json_and_holds_no_body_of_a_request() -> None:
    text = json.dumps(status_document(record(plan=plan()), {}))
    assert "customData" not in text
    assert "wanted" not in text


@pytest.mark.parametrize("corp", ["ai-corp", "zeta-corp"])
def test_what_was_removed_is_not_shown_as_ready(corp: str) -> None:
    step = f"{corp}/public_ip"
    whole = json.loads(json.dumps(plan()).replace("ai-corp", corp))
    seen = {corp: [line(step)], "teardown": [line(step)]}
    document = status_document(record(phase="gone", plan=whole), seen)
    assert steps(document)[step]["state"] != "ready"
    assert document["progress"]["ready"] == 0
