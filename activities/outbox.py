"""Sends what stands in the outboxes of the records: at least once, in order, and never in an environment's way.

A reminder in the records says when which outbox is to be looked at. Whoever changes a record sets one before the
write; here it is taken away after the record was written once more: a change that was under way meanwhile then fails,
reads again, and sets another. So no event waits unheard of.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import requests
from azure.core.exceptions import AzureError, ResourceNotFoundError

from activities import telemetry
from activities.cloud import Cloud, code_of, retry_after
from activities.records import Document, Life, Records, Reminder
from activities.web import RefusedAddressError
from isthmus import events, receivers
from isthmus.plan import utc
from isthmus.telemetry import EVENTS_UNDELIVERED

log = telemetry.logger("events")
TIMEOUT = (5.0, 15.0)
"""Seconds to connect, and between two bytes of the answer."""
GONE = 410
"""The receiver wants no more of this."""
MOST = 200
"""Events of one life in one go."""
RUBBISH = timedelta(hours=1)
"""A reminder of a life that has no record after so long is of a creation that never came to be."""


@dataclass(frozen=True)
class Sender:
    """One run. `origin`: the name that the app has in the handshake with a webhook; `lead`: how long before a lease's
    end it is told of; `enough`: when to stop and leave the rest to the next run; `down`: receivers that nothing was
    heard of in this run: nobody else waits for them again."""

    cloud: Cloud
    records: Records
    web: Any
    origin: str
    lead: timedelta
    now: Callable[[], datetime]
    enough: Callable[[], bool] = lambda: False
    down: set[str] = field(default_factory=set)

    def run(self) -> None:
        """Everything that is due."""
        lives: dict[Life, list[Reminder]] = {}
        for reminder in self.records.reminders(self.now()):
            lives.setdefault(reminder.life, []).append(reminder)
        with ThreadPoolExecutor(self.cloud.at_once) as pool:
            list(pool.map(self._look, lives, lives.values()))

    def _look(self, life: Life, reminders: list[Reminder]) -> None:
        """One outbox that can't be read must not stop the others."""
        if self.enough():
            return
        with telemetry.about({"environment": life[0], "generation": life[1]}):
            try:
                self._life(life, reminders)
            except Exception:
                log.exception("its outbox could not be looked at")

    def _life(self, life: Life, reminders: list[Reminder]) -> None:
        record = self._change(life, self._looked)
        if record is None:
            self._forget([one for one in reminders if self.now() - one.set > RUBBISH])
            return
        for _ in range(MOST):
            entry = events.due(record, self.now())
            if entry is None or record["receiver"]["url"] in self.down:
                break
            record = self._try(life, record, entry)
        following = events.next_due(record, self.now(), self.lead)
        if following and following <= self.now():
            return  # its reminders stay
        if following:
            self.records.remind(life, following)
        self._forget(reminders)

    def _forget(self, reminders: list[Reminder]) -> None:
        for reminder in reminders:
            self.records.forget_reminder(reminder)

    def _looked(self, document: Document) -> Document:
        """Changes the record in any case, so that a write that is under way fails and sets its reminder once more."""
        looks = document.get("outbox_looks", 0) + 1
        return events.expiring(document, self.now(), self.lead) | {"outbox_looks": looks}

    def _change(self, life: Life, change: Callable[[Document], Document]) -> Document | None:
        return self.records.change(life, change, quietly=True)

    def _try(self, life: Life, record: Document, entry: Document) -> Document:
        error, pause, final = self._send(life, record, entry)
        number = entry["number"]
        if error:
            log.warning("event %s was not taken: %s", number, error)

        def note(document: Document) -> Document:
            if error is None:
                return events.sent(document, number, utc(self.now()))
            return events.tried(document, number, self.now(), error, pause, final)

        noted = self._change(life, note) or record
        if error and events.is_given_up(noted, number):
            telemetry.count(EVENTS_UNDELIVERED)
        return noted

    def _send(self, life: Life, record: Document, entry: Document) -> tuple[str | None, float | None, bool]:
        """What went wrong (None: nothing), how long the receiver asked to wait, and whether to give up."""
        receiver = record["receiver"]
        event = events.cloud_event(record, entry, source(self.cloud, life[0]))
        body = json.dumps(event).encode()
        try:
            if not self._agreed(life, receiver):
                return "the receiver does not say that it wants events of this app", None, False
            url, headers = self._addressed(receiver, event["id"], body)
            response = self._request("POST", url, {"Content-Type": events.CONTENT_TYPE} | headers, body)
        except _NotReadyError as error:
            return str(error), None, False
        except RefusedAddressError as error:
            return str(error), None, False
        except requests.RequestException:
            self.down.add(receiver["url"])
            return "the receiver could not be reached", None, False
        except AzureError as error:
            return f"{code_of(error) or type(error).__name__} from a service that sending needs", None, False
        if 200 <= response.status_code < 300:
            return None, None, False
        return f"the receiver answered {response.status_code}", _asked(response), response.status_code == GONE

    def _agreed(self, life: Life, receiver: Mapping[str, Any]) -> bool:
        """A webhook that a request named must have said that it wants events: else anybody who may ask for an
        environment could have strangers called. What an administrator named needs not."""
        if receiver["named_by"] != "request" or receiver.get("agreed") or receivers.is_topic(receiver["url"]):
            return True
        asked = {"WebHook-Request-Origin": self.origin}
        response = self._request("OPTIONS", receiver["url"], asked, b"")
        allowed = response.headers.get("WebHook-Allowed-Origin", "").strip().lower()
        if not 200 <= response.status_code < 300 or allowed not in ("*", self.origin.lower()):
            return False
        self._change(life, lambda document: document | {"receiver": document["receiver"] | {"agreed": True}})
        return True

    def _addressed(self, receiver: Mapping[str, Any], identifier: str, body: bytes) -> tuple[str, dict[str, str]]:
        """URL and the headers by which the receiver knows whose event it is."""
        url = receiver["url"]
        if receivers.is_topic(url):
            token = self.cloud.credential.get_token(receivers.TOPIC_SCOPE).token
            return f"{url}?api-version={receivers.TOPIC_VERSION}", {"Authorization": f"Bearer {token}"}
        try:
            secret = self.cloud.secrets.get_secret(receiver["secret"])
        except ResourceNotFoundError as error:
            raise _NotReadyError(f"Key Vault has no secret {receiver['secret']} to sign with") from error
        key = receivers.signing_key(str(secret.value))
        if key is None:
            raise _NotReadyError(f"the secret {receiver['secret']} is no signing key (whsec_ and base64)")
        return url, receivers.signature_headers(key, identifier, int(self.now().timestamp()), body)

    def _request(self, method: str, url: str, headers: dict[str, str], body: bytes) -> requests.Response:
        response: requests.Response = self.web.request(
            method, url, headers=headers, data=body, timeout=TIMEOUT, allow_redirects=False, stream=True
        )
        response.close()  # what it says beside status and headers is of no meaning
        return response


class _NotReadyError(Exception):
    """Something that sending needs is not there yet; the message is for the status."""


def source(cloud: Cloud, environment: str) -> str:
    """The events' `source`: with `id`, unique in the world."""
    return f"/subscriptions/{cloud.settings.subscription}/isthmus/environments/{environment}"


def _asked(response: requests.Response) -> float | None:
    try:
        return retry_after(response.headers)
    except (TypeError, ValueError):
        return None
