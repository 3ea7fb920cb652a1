"""Whatever is asked, no answer is a fault of ours, none differs from the OpenAPI document, none has a secret in it.

Single requests are asked of an app with environments in several phases; stories follow the document's links, from a
creation over whatever may be done with it to its end, while virtual time goes by.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, CheckFunction, GenerationMode, Response
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi import checks
from werkzeug.test import Client

from isthmus.openapi import OPERATIONS, Operation
from isthmus.requests import Retry
from isthmus.spec import Spec
from localcloud.azure.faults import Fault
from tests.api.secrecy import MISPLACED, SHORTEST, TICKET, fitting, forms, hidden
from tests.api.served import HUB_KEY, KEY, Served
from tests.localazure.engine import Engine

HEADERS = {"x-functions-key": KEY}
SINGLE, STORIES, STEPS = 12, 5, 8
"""Examples of each operation and mode; stories, and the most steps of each."""
FEWEST = 6
"""So many operations must have had something to do: stories of nothing but refusals prove little."""
BOUNDED = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    stateful_step_count=STEPS,
)
NOT_ASKED = [
    # What concerns several fields can't be said in a schema: two providers are a 400 of a body that fits it.
    checks.positive_data_acceptance,
    # An environment that is gone is shown for 30 days.
    checks.use_after_free,
]
SLOWLY = 0.5
"""Virtual seconds a request: what is being built stays so while single requests are asked."""
NAMES = ("being-built", "is-ready", "has-failed", "is-gone", "never-was")

REFUSED = Fault(method="PUT", path="natGateways", status=403, code="RequestDisallowedByPolicy", count=1)


class Api:
    """The app of an engine, as schemathesis sees it. `answers`: how often each operation answered with each status."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.answers: Counter[tuple[str, int]] = Counter()
        self.schema: BaseSchema = schemathesis.openapi.from_wsgi("/api/openapi.json", self, headers=HEADERS)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return self.served(environ, start_response)

    def strategy(self, operation: Operation, mode: GenerationMode) -> st.SearchStrategy[Case[Any]]:
        found: st.SearchStrategy[Case[Any]] = self.schema[operation.path][operation.method].as_strategy(
            generation_mode=mode
        )
        return found

    def judge(self, response: Response, case: Case[Any], *unasked: CheckFunction) -> None:
        """Fails the test where an answer differs from the document, is a fault of ours, or has a secret in it."""
        self.answers[case.operation.label, response.status_code] += 1
        if "" in (case.query or {}).values():
            unasked += (checks.negative_data_rejection,)  # the host leaves out words without a value
        case.validate_response(response, excluded_checks=[*NOT_ASKED, *unasked], headers=HEADERS)
        text = f"{response.headers} {response.text}"
        assert not [secret for secret in self._secrets(case, response) if any(form in text for form in forms(secret))]
        assert self.served.engine.bugs == []

    def _secrets(self, case: Case[Any], response: Response) -> Iterator[str]:
        """What may stand nowhere in this answer."""
        yield TICKET
        yield KEY
        if (case.operation.label, response.status_code) != ("POST /api/environments", 202):
            yield HUB_KEY
        yield from (secret for secret in self.served.engine.azure.cloud.canaries if len(secret) >= SHORTEST)


def prepared(case: Case[Any]) -> None:
    """Tickets that it brings are canaries."""
    case.body = hidden(case.body)
    if is_good(case):
        case.body = fitting(case.body)


def is_good(case: Case[Any]) -> bool:
    """It was made to fit the document."""
    return case.meta is None or case.meta.generation.mode.is_positive


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    """An app with an environment in each phase that lasts."""
    with Engine(REFUSED, blobs=True) as engine, Served(engine, SLOWLY) as served:
        http = Client(served)
        for name, tickets in (("has-failed", "request"), ("is-gone", "ockam"), ("is-ready", "ockam")):
            body = fitting({"name": name, "on_failure": "keep", "tickets": {"source": tickets}})
            assert http.post("/api/environments", json=body, headers=HEADERS).status_code == 202
            engine.run()
        http.delete("/api/environments/is-gone", headers=HEADERS)
        engine.run()
        http.post("/api/environments", json={"name": "being-built"}, headers=HEADERS)
        engine.pass_by(20)
        listed = http.get("/api/environments", headers=HEADERS).get_json()["environments"]
        assert {one["name"]: one["phase"] for one in listed} == {
            "being-built": "building",
            "has-failed": "failed",
            "is-gone": "gone",
            "is-ready": "ready",
        }
        yield Api(served)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_a_single_request_is_answered_as_the_document_says(
    api: Api, operation: Operation, mode: GenerationMode
) -> None:
    @settings(BOUNDED, max_examples=SINGLE)
    @given(case=api.strategy(operation, mode), name=st.sampled_from(NAMES), tickets=st.sampled_from(MISPLACED))
    def ask(case: Case[Any], name: str, tickets: Any) -> None:
        prepared(case)
        if operation.body in (Spec, Retry) and not is_good(case):
            case.body = (case.body if isinstance(case.body, dict) else {}) | {"tickets": tickets}
        if "name" in case.path_parameters and is_good(case):
            case.path_parameters["name"] = name
        api.judge(case.call(headers=HEADERS), case)

    ask()


def test_the_single_requests_reached_what_they_ask_about(api: Api) -> None:
    """Runs after them: a request that only ever meets a 404 proves nothing."""
    reached = {label for label, status in api.answers if status < 400 or status == 409}
    assert {f"{one.method.upper()} {one.path}" for one in OPERATIONS} <= reached
    assert TICKET in api.served.engine.azure.cloud.canaries


@pytest.mark.parametrize("failing", [False, True], ids=["being-built", "has-failed"])
def test_a_story_is_told_as_the_document_says(failing: bool) -> None:
    told: Counter[tuple[str, int]] = Counter()
    with Engine(blobs=True) as engine, Served(engine) as served:
        api = Api(served)
    machine: Any = api.schema.as_state_machine()

    class Story(machine):  # type: ignore[misc]
        """One app with an environment, and what a caller does by following the links."""

        def setup(self) -> None:
            self.engine = Engine(*([REFUSED] if failing else []), blobs=True)
            self.served = api.served = Served(self.engine).__enter__()
            self.names = ["first"]
            tickets = {"source": "request" if failing else "ockam"}
            body = fitting({"name": "first", "on_failure": "keep", "tickets": tickets})
            Client(self.served).post("/api/environments", json=body, headers=HEADERS)
            self.engine.pass_by(300 if failing else 0)

        def teardown(self) -> None:
            self.served.__exit__(None, None, None)
            self.engine.__exit__()

        def before_call(self, case: Case[Any]) -> None:
            prepared(case)
            known = self.names[0] if case.operation.path.endswith("/retry") else self.names[-1]
            if is_good(case) and case.path_parameters.get("name", known) not in self.names:
                case.path_parameters["name"] = known

        def get_call_kwargs(self, case: Case[Any]) -> dict[str, Any]:
            return {"headers": HEADERS}

        def validate_response(self, response: Response, case: Case[Any], *_more: Any, **_named: Any) -> None:
            # A link makes a good request of one that was bad for its name alone.
            api.judge(response, case, checks.negative_data_rejection)
            told[case.operation.definition.raw["operationId"], response.status_code] += 1
            if response.status_code == 202 and "name" in response.json():
                self.names.append(response.json()["name"])

    Story.run(settings=settings(BOUNDED, max_examples=STORIES))
    done = {name for name, status in told if status < 400}
    assert {"createEnvironment", "deleteEnvironment"} <= done
    assert len(done) >= FEWEST, told
