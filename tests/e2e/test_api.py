"""What people and pipelines do with an environment over HTTP, on the whole local cloud."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from isthmus.openapi import OPERATIONS
from localcloud.client import Answer, call
from localcloud.conductor import LocalCloud
from tests.e2e.environment import ask, census, settle, spec, until

pytestmark = pytest.mark.world


def api(cloud: LocalCloud, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return call(method, f"{cloud.url}/api/{path}", body, named)


WISH = spec("second-try", drift="repair")


@pytest.fixture(scope="module")
def retried(cloud: LocalCloud) -> dict[str, Any]:
    """It fails for want of a VM size, is kept, and goes on when it is asked to."""
    fault = {"method": "PUT", "path": "virtualMachines/[^/]+$", "status": 409, "code": "SkuNotAvailable"}
    assert call("POST", f"{cloud.control}/localcloud/faults", [fault]).status < 300
    planned = api(cloud, "POST", "plans", WISH).json()
    assert planned["ok"], planned["findings"]
    headers = {"X_Correlation_Id": "pull-request-17", "Idempotency_Key": "once"}
    asked = api(cloud, "POST", "environments", WISH, **headers)
    assert (asked.status, asked.headers["X-Correlation-Id"]) == (202, "pull-request-17")
    assert asked.json()["generation"] == planned["generation"]
    failed = settle(cloud, "second-try")
    assert (failed["phase"], failed["error"]["code"]) == ("failed", "SkuNotAvailable")
    assert failed["actions"] == {"cancel": False, "retry": True, "renew": True, "delete": True}
    before = len(call("GET", f"{cloud.control}/localcloud/requests").json()["requests"])
    assert api(cloud, "POST", "environments/second-try/retry").json()["attempt"] == 2
    document = settle(cloud, "second-try")
    after = call("GET", f"{cloud.control}/localcloud/requests").json()["requests"][before:]
    return document | {"planned": planned, "puts": [seen["path"] for seen in after if seen["method"] == "PUT"]}


def test_a_retry_goes_on_and_makes_only_what_is_missing(retried: dict[str, Any]) -> None:
    assert retried["phase"] == "ready", retried["error"]
    assert not [path for path in retried["puts"] if path.endswith("/natGateways/egress")]
    assert [entry["action"] for entry in retried["log"]] == ["create", "retry"]


def test_what_was_planned_is_what_was_built(retried: dict[str, Any]) -> None:
    steps = {step["id"]: step for corp in retried["corps"] for step in corp["steps"]}
    assert list(steps) == [step["id"] for step in sorted(retried["planned"]["steps"], key=lambda s: s["corp"])]
    for step in retried["planned"]["steps"]:
        if step["resource"]:
            assert steps[step["id"]]["portal"].endswith(step["resource"])


def test_the_correlation_id_stands_in_the_status_the_log_and_the_tags(
    cloud: LocalCloud, retried: dict[str, Any]
) -> None:
    assert retried["correlation_id"] == "pull-request-17"
    assert "pull-request-17" in (cloud.directory / "host.log").read_text()
    assert "pull-request-17" in call("GET", f"{cloud.control}/localcloud/bodies").text


def test_the_same_key_is_the_same_answer_and_another_request_under_it_is_refused(
    cloud: LocalCloud, retried: dict[str, Any]
) -> None:
    again = api(cloud, "POST", "environments", WISH, Idempotency_Key="once")
    assert (again.status, again.json()["generation"]) == (202, retried["generation"])
    other = api(cloud, "POST", "environments", spec("something-else"), Idempotency_Key="once")
    assert (other.status, other.json()["type"]) == (422, "urn:isthmus:problem:key-reused")


def test_who_has_the_status_already_is_told_so(cloud: LocalCloud, retried: dict[str, Any]) -> None:
    first = api(cloud, "GET", "environments/second-try")
    assert api(cloud, "GET", "environments/second-try", If_None_Match=first.headers["ETag"]).status == 304
    assert api(cloud, "GET", "environments/second-try", If_None_Match='"another"').status == 200


def test_a_lease_gets_longer_and_never_shorter(cloud: LocalCloud, retried: dict[str, Any]) -> None:
    longer = api(cloud, "POST", "environments/second-try/renew", {"lease_minutes": 2000}).json()["expires_at"]
    assert longer > retried["expires_at"]
    assert api(cloud, "POST", "environments/second-try/renew", {"lease_minutes": 5}).json()["expires_at"] == longer
    refused = api(cloud, "POST", "environments/second-try/renew", {"lease_minutes": 1, "more": 2})
    assert [finding["pointer"] for finding in refused.json()["errors"]] == ["/lease_minutes", "/more"]


def test_what_is_ready_can_neither_be_cancelled_nor_tried_again(cloud: LocalCloud, retried: dict[str, Any]) -> None:
    for action in ("cancel", "retry"):
        assert api(cloud, "POST", f"environments/second-try/{action}").status == 409


def test_a_cancelled_one_ends_in_a_clean_subscription(cloud: LocalCloud, retried: dict[str, Any]) -> None:
    before = census(cloud)
    assert ask(cloud, spec("cut-short")).status == 202
    settle(cloud, "cut-short", ("building", "verifying", "ready"))
    assert api(cloud, "POST", "environments/cut-short/cancel").status == 202
    document = settle(cloud, "cut-short", ("gone",))
    assert document["stop"]["why"] == "cancel"
    kept = ("blobs", "containers")
    assert {k: v for k, v in census(cloud).items() if k not in kept} == {
        k: v for k, v in before.items() if k not in kept
    }


def test_the_list_is_filtered_and_comes_in_pages(cloud: LocalCloud, retried: dict[str, Any]) -> None:
    def names(query: str) -> list[str]:
        return [line["name"] for line in api(cloud, "GET", f"environments?{query}").json()["environments"]]

    assert names("prefix=second") == ["second-try"]
    assert names("phase=failed") == []
    assert names("phase=ready") == ["second-try"]
    page = api(cloud, "GET", "environments?top=1").json()
    assert len(page["environments"]) == 1
    if page["next"]:
        assert page["next"] not in names(f"after={page['next']}")
    assert api(cloud, "GET", "environments?top=0&colour=red").status == 400


def test_a_sweep_can_be_looked_at_beforehand_asked_for_and_read_about(
    cloud: LocalCloud, retried: dict[str, Any]
) -> None:
    would = api(cloud, "POST", "cleanup?dry_run=true")
    assert (would.status, would.json()["dry_run"], would.json()["unseen"]) == (200, True, [])
    asked = api(cloud, "POST", "cleanup")
    assert asked.status == 202
    told = until(lambda: call("GET", asked.headers["Location"]).json()["sweeps"])
    assert told[0]["due"] == told[0]["taken_down"] == []
    assert told[0]["began_at"] <= told[0]["ended_at"]
    assert api(cloud, "POST", "cleanup?dry-run=yes").status == 400
    assert api(cloud, "GET", "environments/second-try").json()["phase"] == "ready"


def test_what_changes_outside_is_found_put_right_and_proved_anew(cloud: LocalCloud, retried: dict[str, Any]) -> None:
    steps = {step["id"]: step for corp in retried["corps"] for step in corp["steps"]}
    account = "/subscriptions/" + steps["ai-corp/openai_account"]["portal"].partition("/subscriptions/")[2]
    planted = {"id": account, "body": {"properties": {"publicNetworkAccess": "Enabled"}}}
    assert call("POST", f"{cloud.control}/localcloud/plant", planted).status == 200
    told = until(partial(_looked, cloud, _look(cloud)))
    assert [finding["step"] for finding in told["findings"]] == ["ai-corp/openai_account"]
    mended = until(partial(_repaired, cloud))
    assert mended["repair"]["error"] is None
    proof = api(cloud, "GET", "environments/second-try").json()["proof"]
    assert proof["result"] == retried["proof"]["result"]
    assert until(partial(_looked, cloud, _look(cloud)))["findings"] == []
    assert "Not as planned" not in api(cloud, "GET", "environments/second-try/page").text


def _look(cloud: LocalCloud) -> Any:
    """Has the timer look for drift; what was known of it before."""
    before = api(cloud, "GET", "environments/second-try").json()["drift"]
    assert call("POST", f"{cloud.url}/admin/functions/look_at_ready", {"input": ""}).status == 202
    return before


def _looked(cloud: LocalCloud, before: Any) -> Any:
    """What a look since then found."""
    now = api(cloud, "GET", "environments/second-try").json()["drift"]
    return now if now and now["looked_at"] != (before or {}).get("looked_at") else None


def _repaired(cloud: LocalCloud) -> Any:
    now = api(cloud, "GET", "environments/second-try").json()["drift"]
    return now if now["repair"] and now["repair"]["ended_at"] else None


def test_everything_that_the_app_needs_answers(cloud: LocalCloud) -> None:
    health = api(cloud, "GET", "health")
    assert (health.status, health.json()["status"]) == (200, "ok")


def test_health_says_which_service_fails(cloud: LocalCloud) -> None:
    fault = {"method": "GET", "path": "vault.azure.net/secrets", "status": 403, "code": "Forbidden", "count": 20}
    call("POST", f"{cloud.control}/localcloud/faults", [fault])
    health = api(cloud, "GET", "health")
    call("DELETE", f"{cloud.control}/localcloud/faults")
    assert health.status == 503
    assert [check["name"] for check in health.json()["checks"] if not check["ok"]] == ["key vault"]


def test_the_openapi_document_is_served_whole(cloud: LocalCloud) -> None:
    paths = api(cloud, "GET", "openapi.json").json()["paths"]
    told = {(method, path) for path, methods in paths.items() for method in methods}
    assert told == {(operation.method, operation.path) for operation in OPERATIONS}


def test_the_page_shows_it_and_its_buttons_do_what_the_api_does(cloud: LocalCloud, retried: dict[str, Any]) -> None:
    page = api(cloud, "GET", "environments/second-try/page")
    assert "second-try" in page.text
    assert "Private endpoint" in page.text
    assert "second-try" in api(cloud, "GET", "environments/page").text
    form = b"action=delete&confirm=yes"
    done = api(cloud, "POST", "environments/second-try/page", form, Content_Type="application/x-www-form-urlencoded")
    assert done.status in (200, 303)
    assert settle(cloud, "second-try", ("gone",))["phase"] == "gone"
    assert json.loads(api(cloud, "GET", f"environments/second-try?generation={retried['generation']}").text)["log"]
