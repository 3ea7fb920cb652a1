"""The published app in Microsoft's own worker library, on a local Azure: indexed, called, replayed, at work."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from isthmus.lifecycle import whose
from isthmus.telemetry import operation_id
from localcloud.host.episode import Instance, run
from localcloud.host.events import seconds_of
from localcloud.host.management import Urls
from tests.host.test_refusals import ACCEPTED, REFUSED
from tests.host.test_refusals import app as written
from tests.localazure.world import World
from tests.rules.indexed import indexed
from tests.unit import samples
from tests.unit.driver import knows
from tests.unit.test_histories import MADE, episodes, recorded, shape
from tests.worker.conftest import BARE
from tests.worker.worker import RefusedError, Worker

ITS_OWN = {"call_http", "client's entities", "entity", "no function", "route", "schedule", "setting", "two names"}
"""What the local host refuses by itself: on Azure another part would, or it is not offered here."""
URL = "https://isthmus.azurewebsites.net/api"


@pytest.fixture(scope="module")
def worker(start: Callable[..., Worker]) -> Iterator[Worker]:
    with start() as running:
        yield running


class Extension:
    """The Durable extension as the SDK's client meets it: nothing runs yet, and whatever is started is kept."""

    def __init__(self) -> None:
        self.started: list[tuple[str, Any]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def binding(self) -> str:
        return Urls(f"http://127.0.0.1:{self._server.server_port}", "isthmus", "key", "inner").binding()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        extension = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(404, b"")

            def do_POST(self) -> None:
                text = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                given = json.loads(text)  # JSON within JSON, as the SDK sends it
                extension.started.append((self.path.partition("orchestrators/")[2].partition("?")[0], given))
                self._answer(202, json.dumps({"id": self.path.rsplit("/", 1)[1]}).encode())

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words: Any) -> None:
                """Nothing."""

        return Handler

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def extension() -> Iterator[Extension]:
    running = Extension()
    yield running
    running.close()


def test_every_function_is_indexed_as_the_local_host_indexes_it(worker: Worker) -> None:
    ours = {one.name: sorted(str(binding["type"]) for binding in one.bindings) for one in indexed().functions}
    theirs = {name: sorted(binding["type"] for binding in bindings) for name, bindings in worker.functions.items()}
    assert theirs == ours
    assert len(theirs) > 60


def test_a_call_over_http_asks_azure_and_answers(worker: Worker) -> None:
    headers = {"X-Correlation-Id": "a-request-1", "Content-Type": "application/json"}
    status, plan = worker.http("plan", "POST", f"{URL}/plans", {"name": "demo"}, headers=headers)
    assert status == 200, plan
    assert (plan["ok"], plan["findings"]) == (True, [])
    assert len(plan["steps"]) == 34


def test_what_is_wrong_with_a_request_is_told_in_its_answer(worker: Worker) -> None:
    status, problem = worker.http("plan", "POST", f"{URL}/plans", {"name": "Not A Name"})
    assert status == 400
    assert problem["errors"][0]["pointer"] == "/name"


def test_an_environment_is_asked_for_planned_and_begun(worker: Worker, world: World, extension: Extension) -> None:
    """Trigger, planning and a step, each called as the host calls it, on records and resources of a local Azure."""
    headers, client = {"X-Correlation-Id": "a-request-1"}, {"string": extension.binding}
    body = {"name": "asked"}
    status, answer = worker.http(
        "create_environment", "POST", f"{URL}/environments", body, headers=headers, client=client
    )
    assert status == 202, answer
    ((path, job),) = extension.started
    assert path == f"provision_environment/env-asked-{answer['generation']}"
    assert job["correlation_id"] == "a-request-1"
    planned = worker.activity("plan_environment", job)
    assert planned["state"] == "ready", planned
    step = samples.step_of(planned["outputs"]["plan"], "ai-corp/resource_group")
    made = worker.activity("ensure_resource_group", whose(job) | {"step": step, "outputs": {}, "writes": 0})
    assert made["state"] == "ready", made
    group = world.arm().get(step["resource"])
    assert group["tags"]["isthmus-correlation"] == "a-request-1"
    written = [entry for entry in world.azure.front.log if entry["method"] == "PUT"]
    sent = [entry for entry in written if entry["path"].lower() == step["resource"].lower()]
    assert {entry["correlation"] for entry in sent} == {str(operation_id(job))}
    status, document = worker.http("get_environment", "GET", f"{URL}/environments/asked", params={"name": "asked"})
    assert (status, document["phase"], document["progress"]["steps"]) == (200, "requested", 34)


@pytest.mark.parametrize("name", [name for name in recorded() if name.startswith("success/")])
def test_a_recorded_orchestration_does_the_same_in_every_episode(worker: Worker, name: str) -> None:
    told = recorded()[name]
    cut = episodes(told["history"])

    def orchestrate(context: str) -> str:
        answer = worker.invoke(told["name"], context={"string": context})
        assert answer["status"] == "Success", answer["exception"]
        return str(answer["value"].get("string") or answer["value"].get("json"))

    for number, (first, *rest) in enumerate(cut):
        before = [event for episode in cut[:number] for event in episode]
        new = [event for event in rest if event["EventType"] not in MADE]
        instance = Instance("recorded", "run", told["name"], "", "Running", told["input"], None)
        episode = run(instance, before, new, seconds_of(first["Timestamp"]), orchestrate, knows)
        assert shape(episode.events) == shape([event for event in rest if event["EventType"] in MADE])
    assert episode.status == "Completed"


def taken(python: Path, folder: Path, code: str) -> bool:
    try:
        with Worker(python, written(folder, code), BARE, folder / "log"):
            return True
    except RefusedError:
        return False


@pytest.mark.parametrize("name", sorted({*REFUSED} - ITS_OWN))
def test_what_the_local_host_says_that_the_worker_refuses_it_refuses(python: Path, tmp_path: Path, name: str) -> None:
    assert not taken(python, tmp_path, REFUSED[name][0])


@pytest.mark.parametrize("name", sorted(ACCEPTED))
def test_what_the_local_host_takes_the_worker_takes(python: Path, tmp_path: Path, name: str) -> None:
    assert taken(python, tmp_path, ACCEPTED[name])
