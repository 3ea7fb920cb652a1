"""Where the page meets HTTP: what is carried along, whose forms are taken, what a button does."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import pytest

from activities.records import Records
from isthmus.pages import HEADERS
from isthmus.requests import Listing
from tests.unit.fakes import Container
from tests.unit.samples import LIFE, plan, record
from triggers.pages import act, carried, from_here, overview, page

HOST = "https://isthmus.example"
URL = f"{HOST}/api/environments/demo/page"
FORM = {"content-type": "application/x-www-form-urlencoded", "origin": HOST, "host": "isthmus.example"}


@dataclass
class Actions:
    """What the API's actions would do; notes what was asked of them."""

    problem: Any = None
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        async def action(*given: Any) -> Any:
            self.asked.append((name, given[-1]))
            return SimpleNamespace(status=409 if self.problem else 202, body={}, problem=self.problem)

        return action


def store() -> Records:
    kept = Records(Container())
    kept.claim(*LIFE, None)
    kept.create(LIFE, record(phase="building", plan=plan()))
    return kept


def request(method: str = "GET", body: str = "", name: str = "demo", **headers: str) -> func.HttpRequest:
    return func.HttpRequest(
        method,
        URL,
        headers={key.replace("_", "-"): value for key, value in headers.items()},
        params={"code": "k&y", "phase": "ready"},
        route_params={"name": name},
        body=body.encode(),
    )


def post(body: str, actions: Actions, **more: str) -> func.HttpResponse:
    headers = {key: value for key, value in ({**FORM, **more}).items() if value}
    return asyncio.run(act(actions, SimpleNamespace(), store(), request("POST", body, **headers)))


def test_a_page_is_html_with_its_policy_and_in_no_cache() -> None:
    answer = page(store(), request())
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "no-store" in answer.headers["Cache-Control"]


def test_an_environment_that_never_was_has_no_page() -> None:
    assert page(store(), request(name="other")).status_code == 404


def test_the_key_is_carried_along_and_nothing_else() -> None:
    assert carried(request()) == "?code=k%26y"
    assert b'href="../page?code=k%26y"' in page(store(), request()).get_body()


def test_the_list_shows_what_the_records_have() -> None:
    body = overview(store(), request(), Listing.model_validate({})).get_body().decode()
    assert "demo/page?code=k%26y" in body
    assert "building" in body


@pytest.mark.parametrize("action", ["renew", "cancel", "retry"])
def test_a_button_does_its_action_and_goes_back(action: str) -> None:
    actions = Actions()
    answer = post(f"action={action}", actions)
    assert actions.asked == [(action, "demo")]
    assert (answer.status_code, answer.headers["Location"]) == (303, "page?code=k%26y")


def test_a_deletion_is_done_when_it_is_confirmed_only() -> None:
    actions = Actions()
    assert post("action=delete", actions).status_code == 400
    assert actions.asked == []
    assert post("action=delete&confirm=yes", actions).status_code == 303
    assert actions.asked == [("delete", "demo")]


def test_what_could_not_be_done_is_told_on_the_page() -> None:
    answer = post("action=cancel", Actions(problem=SimpleNamespace(detail="Nothing is <being> built.")))
    assert answer.status_code == 409
    assert "Not done: Nothing is &lt;being&gt; built." in answer.get_body().decode()


@pytest.mark.parametrize(
    "more",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": f"{HOST}.evil.example"},
        {"origin": "https://isthmus.example:8443"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site", "origin": ""},
    ],
)
def test_a_form_from_elsewhere_is_refused(more: dict[str, str]) -> None:
    actions = Actions()
    assert post("action=renew", actions, **more).status_code == 403
    assert actions.asked == []


@pytest.mark.parametrize(
    "more",
    [
        {"origin": "http://isthmus.example"},
        {"origin": "https://front.example", "x_forwarded_host": "front.example"},
        {"origin": ""},
        {"sec_fetch_site": "same-origin"},
    ],
)
def test_a_form_from_here_is_taken(more: dict[str, str]) -> None:
    headers = {key: value for key, value in {**FORM, **more}.items() if value}
    assert from_here(request("POST", **headers))


@pytest.mark.parametrize("body", ["", "action=", "action=explode", "action=__class__", "x" * 5000])
def test_what_is_no_form_of_ours_is_refused(body: str) -> None:
    actions = Actions()
    assert post(body, actions).status_code == 400
    assert actions.asked == []


def test_another_content_type_is_refused() -> None:
    actions = Actions()
    headers = FORM | {"content-type": "text/plain"}
    answer = asyncio.run(act(actions, SimpleNamespace(), store(), request("POST", "action=renew", **headers)))
    assert (answer.status_code, actions.asked) == (400, [])
