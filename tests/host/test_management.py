"""The management API, by durable-functions-http-api of Microsoft's documentation, and the SDK's client against it."""

from __future__ import annotations

import pytest

from tests.host.driver import MANAGEMENT, Host, fresh, until

URIS = {
    "statusQueryGetUri",
    "sendEventPostUri",
    "terminatePostUri",
    "purgeHistoryDeleteUri",
    "restartPostUri",
    "suspendPostUri",
    "resumePostUri",
}


def client(host: Host, method: str, instance: str, *arguments: object) -> object:
    """Calls a method of the SDK's DurableOrchestrationClient inside the app."""
    answer = host.call("POST", f"/api/client/{method}/{instance}", list(arguments))
    assert answer.status == 200, answer.text
    return answer.json()


def test_start_answers_202_with_the_urls_of_the_instance(host: Host) -> None:
    answer = host.manage("POST", "/orchestrators/nothing_to_wait_for")
    assert answer.status == 202
    body = answer.json()
    assert set(body) >= URIS
    assert answer.headers["Location"] == body["statusQueryGetUri"]
    assert answer.headers["Retry-After"] == "10"
    assert host.settled(body["id"])["runtimeStatus"] == "Completed"


def test_start_with_an_id_uses_it(host: Host) -> None:
    instance = fresh()
    assert host.manage("POST", f"/orchestrators/nothing_to_wait_for/{instance}").json()["id"] == instance


def test_start_of_an_id_that_is_running_is_409(host: Host) -> None:
    instance = host.start("waits")
    until(lambda: host.status(instance)["runtimeStatus"] == "Running")
    answer = host.manage("POST", f"/orchestrators/waits/{instance}")
    assert answer.status == 409
    assert answer.json()["Message"] == "An Orchestration instance with the status Running already exists."


def test_start_of_an_id_that_is_over_replaces_it(host: Host) -> None:
    instance = host.start("hello", "first")
    host.settled(instance)
    host.start("hello", "second", instance)
    assert host.settled(instance)["output"] == "second"


def test_start_of_an_unknown_function_is_400_and_names_it(host: Host) -> None:
    answer = host.manage("POST", "/orchestrators/nobody")
    assert answer.status == 400
    assert "The function 'nobody' doesn't exist" in answer.json()["ExceptionMessage"]


def test_status_is_202_while_it_runs_and_200_when_it_is_over(host: Host) -> None:
    instance = host.start("waits")
    while_running = host.manage("GET", f"/instances/{instance}")
    assert while_running.status == 202
    assert while_running.headers["Retry-After"] == "5"
    assert MANAGEMENT in while_running.headers["Location"]
    host.manage("POST", f"/instances/{instance}/raiseEvent/go", 1)
    host.settled(instance)
    assert host.manage("GET", f"/instances/{instance}").status == 200


def test_status_has_exactly_the_documented_fields(host: Host) -> None:
    status = host.ran("hello", {"a": 1})
    assert set(status) == {
        "name",
        "instanceId",
        "runtimeStatus",
        "input",
        "customStatus",
        "output",
        "createdTime",
        "lastUpdatedTime",
    }
    assert status["createdTime"].endswith("Z")
    assert len(status["createdTime"]) == len("2026-01-01T00:00:00Z")


def test_status_without_input_shows_none(host: Host) -> None:
    instance = host.start("hello", "private")
    host.settled(instance)
    assert host.status(instance, "?showInput=false")["input"] is None


def test_status_of_a_failure_is_500_on_request_only(host: Host) -> None:
    instance = host.start("breaks")
    host.settled(instance)
    assert host.manage("GET", f"/instances/{instance}").status == 200
    assert host.manage("GET", f"/instances/{instance}?returnInternalServerErrorOnFailure=true").status == 500


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/instances/nobody"),
        ("DELETE", "/instances/nobody"),
        ("POST", "/instances/nobody/terminate"),
        ("POST", "/instances/nobody/suspend"),
        ("POST", "/instances/nobody/resume"),
        ("POST", "/instances/nobody/raiseEvent/go"),
        ("POST", "/instances/nobody/rewind"),
    ],
)
def test_an_unknown_instance_is_404(host: Host, method: str, path: str) -> None:
    assert host.manage(method, path, {} if method == "POST" else None).status == 404


@pytest.mark.parametrize("action", ["terminate", "suspend", "resume", "raiseEvent/go", "rewind"])
def test_nothing_can_be_done_to_an_instance_that_has_completed(host: Host, action: str) -> None:
    instance = host.start("nothing_to_wait_for")
    host.settled(instance)
    assert host.manage("POST", f"/instances/{instance}/{action}", {}).status == 410


def test_terminate_ends_it_with_the_reason_as_output(host: Host) -> None:
    instance = host.start("waits")
    assert host.manage("POST", f"/instances/{instance}/terminate?reason=enough").status == 202
    status = host.settled(instance)
    assert (status["runtimeStatus"], status["output"]) == ("Terminated", "enough")


def test_a_suspended_instance_keeps_its_events_until_it_is_resumed(host: Host) -> None:
    instance = host.start("waits")
    host.manage("POST", f"/instances/{instance}/suspend?reason=wait")
    until(lambda: host.status(instance)["runtimeStatus"] == "Suspended")
    host.manage("POST", f"/instances/{instance}/raiseEvent/go", "late")
    assert host.status(instance)["runtimeStatus"] == "Suspended"
    host.manage("POST", f"/instances/{instance}/resume?reason=go")
    assert host.settled(instance)["output"] == "late"


def test_a_suspended_instance_can_be_terminated(host: Host) -> None:
    instance = host.start("waits")
    host.manage("POST", f"/instances/{instance}/suspend?reason=wait")
    until(lambda: host.status(instance)["runtimeStatus"] == "Suspended")
    host.manage("POST", f"/instances/{instance}/terminate?reason=enough")
    assert host.settled(instance)["runtimeStatus"] == "Terminated"


def test_an_event_that_is_no_json_is_400(host: Host) -> None:
    instance = host.start("waits")
    path = f"/instances/{instance}/raiseEvent/go"
    assert host.manage("POST", path, b"word", headers={"Content-Type": "text/plain"}).status == 400
    assert host.manage("POST", path, b"{no json").status == 400


def test_purge_forgets_an_instance_that_is_over_and_no_other(host: Host) -> None:
    waiting, over = host.start("waits"), host.start("nothing_to_wait_for")
    host.settled(over)
    assert host.manage("DELETE", f"/instances/{waiting}").status == 412
    assert host.manage("DELETE", f"/instances/{over}").json() == {"instancesDeleted": 1}
    assert host.manage("GET", f"/instances/{over}").status == 404


def test_purge_of_many_wants_a_time_to_begin_with(host: Host) -> None:
    assert host.manage("DELETE", "/instances/").status == 400
    assert host.manage("DELETE", "/instances/?createdTimeFrom=2999-01-01T00:00:00Z").status == 404


def test_the_list_filters_and_pages(host: Host) -> None:
    family = fresh()
    for n in range(5):
        host.settled(host.start("nothing_to_wait_for", None, f"{family}-{n}"))
    waiting = host.start("waits", None, f"{family}-waits")
    base = f"/instances/?instanceIdPrefix={family}"
    assert len(host.manage("GET", base).json()) == 6
    completed = host.manage("GET", f"{base}&runtimeStatus=Completed,Failed").json()
    assert waiting not in [one["instanceId"] for one in completed]
    assert len(completed) == 5
    seen, token = [], None
    while True:
        headers: dict[str, str] = {"x-ms-continuation-token": token} if token else {}
        page = host.manage("GET", f"{base}&top=2", headers=headers)
        seen += [one["instanceId"] for one in page.json()]
        token = page.headers.get("x-ms-continuation-token")
        if not token:
            break
    assert sorted(seen) == sorted([*(f"{family}-{n}" for n in range(5)), waiting])
    future = host.manage("GET", f"{base}&createdTimeFrom=2999-01-01T00:00:00Z").json()
    assert future == []


def test_restart_runs_it_again_with_the_same_input(host: Host) -> None:
    instance = host.start("hello", "again")
    host.settled(instance)
    renewed = host.manage("POST", f"/instances/{instance}/restart")
    assert renewed.status == 202
    assert renewed.json()["id"] != instance
    assert host.settled(renewed.json()["id"])["output"] == "again"
    same = host.manage("POST", f"/instances/{instance}/restart?restartWithNewInstanceId=false")
    assert same.json()["id"] == instance
    assert host.manage("POST", "/instances/nobody/restart").status == 400


def test_rewind_replays_a_failure_from_its_last_success(host: Host, spot: str) -> None:
    """durable-functions-instance-management#rewind-instances-preview"""
    instance = host.start("retried_child", spot)
    host.settled(instance)
    for _ in range(2):
        assert host.status(instance)["runtimeStatus"] == "Failed"
        assert host.manage("POST", f"/instances/{instance}/rewind?reason=again").status == 202
        until(lambda: host.status(instance)["runtimeStatus"] in ("Completed", "Failed"))
    assert host.settled(instance)["output"] == "at last"


def test_the_sdks_client_speaks_to_it(host: Host) -> None:
    """Every method of DurableOrchestrationClient that concerns orchestrations."""
    instance = host.start("waits")
    assert client(host, "get_status", instance)["runtimeStatus"] in ("Pending", "Running")  # type: ignore[index]
    client(host, "suspend", instance, "wait")
    until(lambda: host.status(instance)["runtimeStatus"] == "Suspended")
    client(host, "resume", instance, "go")
    client(host, "raise_event", instance, "go", {"by": "client"})
    # The client encodes an event's value once more than the API does: it arrives as text.
    assert host.settled(instance)["output"] == '{"by": "client"}'
    again = client(host, "restart", instance)["id"]  # type: ignore[index]
    until(lambda: host.status(again)["runtimeStatus"] == "Running")
    client(host, "terminate", again, "enough")
    assert host.settled(again)["runtimeStatus"] == "Terminated"
    purged = client(host, "purge_instance_history", again)
    assert 1 in purged.values()  # type: ignore[attr-defined]
    assert host.manage("GET", f"/instances/{again}").status == 404


def test_the_host_says_that_it_is_there(host: Host) -> None:
    assert host.call("GET", "/admin/host/ping").status == 200
    assert host.call("GET", "/admin/host/status").json()["state"] == "Running"
