"""Lifecycle events on virtual time: what is told, signed and repeated, and that nobody waits for a receiver."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from activities import bookkeeping
from activities.records import Life
from isthmus.events import PAUSES
from isthmus.status import status_document
from isthmus.telemetry import EVENTS_UNDELIVERED
from localcloud.azure.faults import Fault
from tests.localazure.engine import ORIGIN, Engine
from tests.unit.telemetry import told

URL = "https://hooks.events.example/isthmus"
TOPIC = "https://builds.eastus-1.eventgrid.azure.net/api/events"
KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
LIFE_TOLD = ["requested", "corp.built", "corp.built", "ready", "gone"]


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine(blobs=True) as running:
        running.cloud.secrets.set_secret("webhook-signing", SECRET)
        yield running


def got(engine: Engine) -> list[dict[str, Any]]:
    """The events that were taken, in their order."""
    return [json.loads(one["body"]) for one in engine.azure.front.receivers.got]


def kinds(engine: Engine) -> list[str]:
    return [event["type"].removeprefix("isthmus.environment.") for event in got(engine)]


def sending(engine: Engine, every: float = 30.0, until: float = 3600.0) -> None:
    """The timer runs, so often and so long."""
    for number in range(1, int(until / every) + 1):
        engine.hub.at(engine.hub.seconds + number * every, engine.send_events)


def later(engine: Engine, seconds: float) -> None:
    engine.pass_by(seconds)
    engine.send_events()


def delivery(engine: Engine, life: Life) -> Any:
    return status_document(engine.record(life), {})["events"]


def broken(engine: Engine, count: int = 0, **rule: Any) -> None:
    """The receiver misbehaves so many times; 0: always."""
    engine.azure.front.faults.append(Fault(method="POST", path="events.example", count=count, **rule))


def whole_life(engine: Engine, **wish: Any) -> Life:
    life = engine.ask(**wish)
    sending(engine)
    engine.run()
    engine.delete(life)
    sending(engine)
    engine.run()
    return life


def test_a_life_is_told_from_its_beginning_to_its_end_in_order_and_once(engine: Engine) -> None:
    life = whole_life(engine, events={"url": URL})
    assert kinds(engine) == LIFE_TOLD
    assert [event["sequence"] for event in got(engine)] == [f"{number:08}" for number in range(1, 6)]
    assert len({event["id"] for event in got(engine)}) == 5
    assert {event["data"].get("corp") for event in got(engine)[1:3]} == {"ai-corp", "health-corp"}
    assert got(engine)[3]["data"]["proof"] == "passed"
    assert delivery(engine, life) == {"url": URL, "sent": 5, "waiting": 0, "given_up": 0, "error": None}


def test_an_event_is_a_cloudevent_that_standard_webhooks_signs(engine: Engine) -> None:
    engine.ask(events={"url": URL})
    engine.send_events()
    sent = engine.azure.front.receivers.got[0]
    event, headers = json.loads(sent["body"]), sent["headers"]
    assert headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert event["specversion"] == "1.0"
    assert all(isinstance(event[name], str) and event[name] for name in ("id", "source", "type", "subject", "time"))
    assert datetime.fromisoformat(event["time"]).tzinfo is not None
    assert all(name.isalnum() and name.islower() for name in event)
    content = f"{event['id']}.{headers['webhook-timestamp']}.{sent['body']}".encode()
    signature = base64.b64encode(hmac.new(KEY, content, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{signature}"
    assert headers["webhook-id"] == event["id"]
    assert int(headers["webhook-timestamp"]) == int(engine.hub.now)


def test_no_secret_is_told(engine: Engine) -> None:
    whole_life(engine, events={"url": URL})
    told = json.dumps(engine.azure.front.receivers.got)
    assert not [secret for secret in [*engine.azure.cloud.canaries, *engine.administrator.tickets()] if secret in told]


def test_a_receiver_that_is_down_delays_nothing_and_gets_everything_later_in_order(engine: Engine) -> None:
    life = engine.ask(events={"url": URL})
    engine.run()
    alone = engine.hub.seconds
    with Engine(blobs=True) as other:
        other.cloud.secrets.set_secret("webhook-signing", SECRET)
        broken(other, status=503)
        life = other.ask(events={"url": URL})
        sending(other, until=alone)
        other.run()
        assert other.phase(life) == "ready"
        assert other.hub.seconds == pytest.approx(alone, abs=30)
        assert kinds(other) == []
        assert delivery(other, life)["error"] == "the receiver answered 503"
        assert delivery(other, life)["waiting"] == 4
        other.azure.front.faults.clear()
        for pause in PAUSES:
            later(other, pause)
        assert kinds(other)[:4] == LIFE_TOLD[:4]


@pytest.mark.parametrize("effect", ["lost", "half"])
def test_an_event_whose_answer_was_lost_comes_again_with_the_same_id(engine: Engine, effect: str) -> None:
    broken(engine, effect=effect, count=1)
    engine.ask(events={"url": URL})
    engine.send_events()
    later(engine, PAUSES[0])
    assert effect == "half" or [event["id"] for event in got(engine)[:2]] == [got(engine)[0]["id"]] * 2
    assert kinds(engine)[0] == "requested"


@pytest.mark.parametrize("effect", ["hang", "reset"])
def test_a_receiver_that_does_not_answer_is_tried_again(engine: Engine, effect: str) -> None:
    broken(engine, effect=effect, count=1)
    life = engine.ask(events={"url": URL})
    engine.send_events()
    assert delivery(engine, life)["error"] == "the receiver could not be reached"
    later(engine, PAUSES[0])
    assert kinds(engine)[0] == "requested"


def test_after_the_last_try_an_event_is_given_up_and_the_next_one_goes(engine: Engine) -> None:
    broken(engine, status=500, count=len(PAUSES) + 1)
    life = engine.ask(events={"url": URL})
    engine.run()
    with told() as kept:
        engine.send_events()
        for pause in PAUSES:
            later(engine, pause)
    assert delivery(engine, life)["given_up"] == 1
    assert delivery(engine, life)["error"] == "the receiver answered 500"
    assert kept.values(EVENTS_UNDELIVERED.name)[EVENTS_UNDELIVERED.name] == [({}, 1)]
    assert kinds(engine)[:3] == LIFE_TOLD[1:4]


def test_a_receiver_that_is_gone_is_not_tried_again(engine: Engine) -> None:
    broken(engine, status=410, count=1)
    life = engine.ask(events={"url": URL})
    with told() as kept:
        engine.send_events()
    assert kept.values(EVENTS_UNDELIVERED.name)[EVENTS_UNDELIVERED.name] == [({}, 1)]
    assert delivery(engine, life)["given_up"] == 1


def test_a_receiver_may_ask_for_time(engine: Engine) -> None:
    broken(engine, status=429, headers={"Retry-After": "600"}, count=1)
    engine.ask(events={"url": URL})
    engine.send_events()
    later(engine, 590)
    assert kinds(engine) == []
    later(engine, 20)
    assert kinds(engine)[0] == "requested"


def test_a_redirect_is_not_followed(engine: Engine) -> None:
    broken(engine, status=307, headers={"Location": "https://other.events.example/"}, count=1)
    life = engine.ask(events={"url": URL})
    engine.send_events()
    assert (kinds(engine), delivery(engine, life)["error"]) == ([], "the receiver answered 307")


def test_that_a_lease_ends_soon_is_told_once_and_again_when_it_was_renewed(engine: Engine) -> None:
    life = engine.ask(events={"url": URL})
    engine.run()
    engine.send_events()

    def until_end(lead: timedelta) -> None:
        ends = datetime.fromisoformat(engine.record(life)["expires_at"]) - lead
        later(engine, (ends - engine.now()).total_seconds())

    until_end(timedelta(minutes=61))
    assert "expiring" not in kinds(engine)
    until_end(timedelta(minutes=59))
    until_end(timedelta(minutes=30))
    assert kinds(engine)[4:] == ["expiring"]
    bookkeeping.renew(engine.records, life, 480, engine.now())
    until_end(timedelta(minutes=61))
    assert kinds(engine)[4:] == ["expiring"]
    until_end(timedelta(minutes=59))
    assert kinds(engine)[4:] == ["expiring", "expiring"]
    assert got(engine)[-1]["data"]["expires_at"] == engine.record(life)["expires_at"]


def test_a_short_lease_is_told_of_at_its_half(engine: Engine) -> None:
    engine.ask(events={"url": URL}, lease_minutes=30)
    engine.run()
    engine.send_events()
    assert "expiring" not in kinds(engine)
    later(engine, 16 * 60)
    assert kinds(engine)[-1] == "expiring"


def test_a_failure_and_its_rollback_are_told(engine: Engine) -> None:
    engine.azure.front.faults.append(
        Fault(method="PUT", path="natGateways", status=403, code="RequestDisallowedByPolicy")
    )
    engine.ask(events={"url": URL})
    sending(engine)
    engine.run()
    assert [kind for kind in kinds(engine) if kind != "corp.built"] == ["requested", "failed", "gone"]
    failed = next(event for event in got(engine) if event["type"].endswith("failed"))
    assert failed["data"]["error"]["code"] == "RequestDisallowedByPolicy"


def test_an_event_grid_topic_gets_a_token_and_no_signature(engine: Engine) -> None:
    whole_life(engine, events={"url": TOPIC})
    assert kinds(engine) == LIFE_TOLD
    assert not [one for one in engine.azure.front.receivers.got if "webhook-signature" in one["headers"]]


def test_a_token_goes_to_event_grid_and_nowhere_else(engine: Engine) -> None:
    seen: dict[str, list[str]] = {}

    def note(incoming: Any, serve: Callable[[], Any]) -> Any:
        if incoming.headers.get("Authorization"):
            seen.setdefault(incoming.host, []).append(incoming.method)
        return serve()

    engine.session.around = note
    engine.ask(events={"url": URL})
    engine.ask("def567", name="other", events={"url": TOPIC})
    engine.send_events()
    assert set(kinds(engine)) == {"requested"}
    assert "hooks.events.example" not in seen
    assert "builds.eastus-1.eventgrid.azure.net" in seen


def test_whom_a_request_names_must_say_that_it_wants_events(engine: Engine) -> None:
    engine.azure.front.faults.append(Fault(method="OPTIONS", path="events.example", status=405, count=1))
    life = engine.ask(events={"url": URL})
    engine.send_events()
    assert kinds(engine) == []
    assert delivery(engine, life)["error"] == "the receiver does not say that it wants events of this app"
    later(engine, PAUSES[0])
    asked = [entry["method"] for entry in engine.requests() if entry["host"] == "hooks.events.example"]
    assert asked[:2] == ["OPTIONS", "OPTIONS"]
    later(engine, PAUSES[0])
    asked = [entry["method"] for entry in engine.requests() if entry["host"] == "hooks.events.example"]
    assert asked.count("OPTIONS") == 2


@pytest.mark.parametrize(("allowed", "taken"), [("*", True), (ORIGIN, True), ("someone.example", False), ("", False)])
def test_what_a_receiver_says_in_the_handshake_counts(engine: Engine, allowed: str, taken: bool) -> None:
    rule = Fault(
        method="OPTIONS", path="events.example", status=200, headers={"WebHook-Allowed-Origin": allowed}, count=1
    )
    engine.azure.front.faults.append(rule)
    engine.ask(events={"url": URL})
    engine.send_events()
    assert bool(kinds(engine)) is taken


def test_whom_the_settings_name_needs_no_handshake_and_gets_what_names_nobody(engine: Engine) -> None:
    engine.settings = {"ISTHMUS_EVENTS_URL": "https://ops.events.example/", "ISTHMUS_EVENTS_SECRET": "webhook-ops"}
    engine.cloud.secrets.set_secret("webhook-ops", SECRET)
    engine.ask()
    engine.send_events()
    assert kinds(engine) == ["requested"]
    assert "OPTIONS" not in [entry["method"] for entry in engine.requests()]


def test_without_a_receiver_nothing_is_kept_or_looked_at(engine: Engine) -> None:
    life = engine.ask()
    engine.run()
    assert engine.record(life).get("outbox") == []
    assert list(engine.records.reminders(engine.now())) == []
    assert delivery(engine, life) is None


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "Key Vault has no secret webhook-mine"), ("whsec_short", "is no signing key"), ("no key", "is no signing")],
)
def test_without_a_signing_key_nothing_is_sent_and_the_status_says_why(
    engine: Engine, value: str | None, words: str
) -> None:
    if value:
        engine.cloud.secrets.set_secret("webhook-mine", value)
    life = engine.ask(events={"url": URL, "secret": "webhook-mine"})
    engine.send_events()
    assert kinds(engine) == []
    assert words in delivery(engine, life)["error"]
    assert (value or "no value") not in json.dumps(engine.record(life))


def test_when_all_is_told_nothing_is_looked_at_any_more(engine: Engine) -> None:
    life = whole_life(engine, events={"url": URL})
    later(engine, 24 * 3600)
    assert list(engine.records.reminders(engine.now() + timedelta(days=400))) == []
    looks = engine.record(life)["outbox_looks"]
    later(engine, 24 * 3600)
    assert engine.record(life)["outbox_looks"] == looks


def test_a_sender_that_dies_after_the_receiver_took_an_event_sends_it_again(engine: Engine) -> None:
    life = engine.ask(events={"url": URL})

    def dies(incoming: Any, serve: Callable[[], Any]) -> Any:
        if incoming.host.endswith("blob.core.windows.net") and incoming.method == "PUT" and got(engine):
            raise SystemExit
        return serve()

    engine.session.around = dies
    with pytest.raises(SystemExit):
        engine.send_events()
    engine.session.around = lambda incoming, serve: serve()
    engine.send_events()
    assert kinds(engine) == ["requested", "requested"]
    assert len({event["id"] for event in got(engine)}) == 1
    assert delivery(engine, life)["sent"] == 1


def test_a_receiver_that_hangs_is_waited_for_once_a_run_and_the_others_get_theirs(engine: Engine) -> None:
    engine.azure.front.faults.append(Fault(method="POST", path="hooks.events.example", effect="hang", count=0))
    lives = [engine.ask(f"aaaaa{number}", name=f"env-{number}", events={"url": URL}) for number in "234"]
    engine.ask("bbbbb2", name="other", events={"url": TOPIC})
    engine.send_events()
    assert kinds(engine) == ["requested"]
    asked = [entry["method"] for entry in engine.requests() if entry["host"] == "hooks.events.example"]
    assert asked.count("POST") == 1
    engine.azure.front.faults.clear()
    for pause in PAUSES[:2]:
        later(engine, pause)
    assert [delivery(engine, life)["sent"] >= 1 for life in lives] == [True] * 3


def test_a_life_with_several_reminders_is_looked_at_once_and_none_is_left_over(engine: Engine) -> None:
    life = engine.ask(events={"url": URL})
    for seconds in (-60, -30):
        engine.records.remind(life, engine.now() + timedelta(seconds=seconds))
    broken(engine, status=503, count=1)
    engine.send_events()
    assert engine.record(life)["outbox_looks"] == 1
    assert len(list(engine.records.reminders(engine.now() + timedelta(days=1)))) == 1


def test_while_a_receiver_is_down_reminders_do_not_pile_up(engine: Engine) -> None:
    engine.azure.front.faults.append(Fault(method="POST", path="hooks.events.example", effect="hang", count=0))
    for number in "234":
        engine.ask(f"aaaaa{number}", name=f"env-{number}", events={"url": URL})
    engine.send_events()
    assert len(list(engine.records.reminders(engine.now() + timedelta(days=1)))) == 3
