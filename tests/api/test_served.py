"""An environment's life over the API, in process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import Client

from localcloud.azure.faults import Fault
from tests.api.served import KEY, Served
from tests.localazure.engine import Engine

HEADERS = {"x-functions-key": KEY}


@pytest.fixture
def served() -> Iterator[Served]:
    with Engine(blobs=True) as engine, Served(engine) as running:
        yield running


def test_an_environment_is_built_watched_and_taken_down_over_http(served: Served) -> None:
    http = Client(served)
    asked = http.post("/api/environments", json={"name": "demo"}, headers=HEADERS)
    assert (asked.status_code, asked.get_json()["phase"]) == (202, "requested")
    phases = [http.get("/api/environments/demo", headers=HEADERS).get_json()["phase"] for _ in range(40)]
    assert list(dict.fromkeys(phases)) == ["building", "verifying", "ready"]
    assert http.delete("/api/environments/demo", headers=HEADERS).status_code == 202
    phases = [http.get("/api/environments/demo", headers=HEADERS).get_json()["phase"] for _ in range(40)]
    assert list(dict.fromkeys(phases)) == ["deleting", "gone"]
    assert served.engine.bugs == []


def test_who_has_no_key_is_sent_away(served: Served) -> None:
    assert Client(served).get("/api/environments").status_code == 401
    assert Client(served).get(f"/api/environments?code={KEY}").status_code == 200


def test_everything_that_the_app_needs_answers(served: Served) -> None:
    assert Client(served).get("/api/health", headers=HEADERS).get_json()["status"] == "ok"


TICKETS = {"source": "request", "values": {"ai-corp": "first-ticket", "health-corp": "second-ticket"}}
FAULT = Fault(method="PUT", path="natGateways", status=403, code="RequestDisallowedByPolicy", count=1)


def kept(http: Client, engine: Engine, **more: Any) -> None:
    """An environment that failed and was kept."""
    engine.azure.front.faults.append(replace(FAULT))
    http.post("/api/environments", json={"name": "demo", "on_failure": "keep"} | more, headers=HEADERS)
    engine.run()
    assert http.get("/api/environments/demo", headers=HEADERS).get_json()["phase"] == "failed"


def secrets(engine: Engine) -> dict[str, str]:
    """What stands in the vault."""
    listed = engine.cloud.secrets.list_properties_of_secrets()
    enabled = [secret.name for secret in listed if secret.enabled]
    return {name: engine.cloud.secrets.get_secret(name).value for name in enabled}


def test_tickets_of_a_retry_that_fit_nobody_are_refused_and_none_is_kept(served: Served) -> None:
    http = Client(served)
    kept(http, served.engine, tickets=TICKETS)
    before = secrets(served.engine)
    brought = {"source": "request", "values": {"nobody/at all": "x", "health-corp": ""}}
    refused = http.post("/api/environments/demo/retry", json={"tickets": brought}, headers=HEADERS)
    assert refused.status_code == 400
    assert [one["pointer"] for one in refused.get_json()["errors"]] == [
        "/tickets/values/health-corp",
        "/tickets/values/nobody~1at all",
    ]
    assert secrets(served.engine) == before


def test_tickets_for_what_issues_its_own_are_refused(served: Served) -> None:
    http = Client(served)
    kept(http, served.engine)
    before = secrets(served.engine)
    refused = http.post("/api/environments/demo/retry", json={"tickets": TICKETS}, headers=HEADERS)
    assert (refused.status_code, refused.get_json()["errors"][0]["pointer"]) == (400, "/tickets")
    assert secrets(served.engine) == before


def test_tickets_of_a_retry_that_is_not_taken_are_not_kept(served: Served) -> None:
    http = Client(served)
    http.post("/api/environments", json={"name": "demo", "tickets": TICKETS}, headers=HEADERS)
    http.delete("/api/environments/demo", headers=HEADERS)
    served.engine.run()
    refused = http.post("/api/environments/demo/retry", json={"tickets": TICKETS}, headers=HEADERS)
    assert refused.status_code == 409
    assert secrets(served.engine) == {}


def test_new_tickets_of_a_retry_stand_in_place_of_the_old_ones(served: Served) -> None:
    http = Client(served)
    kept(http, served.engine, tickets=TICKETS)
    brought = {"source": "request", "values": {"health-corp": "third-ticket"}}
    taken = http.post("/api/environments/demo/retry", json={"tickets": brought}, headers=HEADERS)
    assert taken.status_code == 202
    assert {"first-ticket", "third-ticket"} <= set(secrets(served.engine).values())
    assert "second-ticket" not in secrets(served.engine).values()


@pytest.mark.parametrize("where", ["environments", "environments/page"])
@pytest.mark.parametrize("word", ["prefix", "after"])
def test_a_list_is_not_asked_for_names_that_nobody_can_bear(served: Served, where: str, word: str) -> None:
    refused = Client(served).get(f"/api/{where}", query_string={word: "\n\x17"}, headers=HEADERS)
    assert (refused.status_code, refused.get_json()["errors"][0]["pointer"]) == (400, f"/{word}")
