"""Lifecycle events of the real app, over TLS, to a webhook and to an Event Grid topic of the local cloud."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from localcloud.client import call
from localcloud.conductor import LocalCloud
from tests.e2e.environment import ask, build, delete, spec, status, until

pytestmark = pytest.mark.world
WEBHOOK = "https://hooks.events.example/isthmus"
TOPIC = "https://builds.eastus-1.eventgrid.azure.net/api/events"
KEY = bytes(range(24))
TOLD = ["requested", "corp.built", "corp.built", "ready", "gone"]
SECONDS = 60.0


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud(settings={"ISTHMUS_EVENTS_URL": TOPIC}) as running:
        keep_signing_key(running)
        yield running


def keep_signing_key(cloud: LocalCloud) -> None:
    """What an administrator does."""
    assert cloud.world is not None
    settings: dict[str, str] = cloud.world.ready["settings"]
    token = requests.get(
        settings["IDENTITY_ENDPOINT"],
        {"resource": "https://vault.azure.net", "api-version": "2019-08-01", "client_id": settings["AZURE_CLIENT_ID"]},
        headers={"X-IDENTITY-HEADER": settings["IDENTITY_HEADER"]},
        proxies={"http": ""},
        timeout=10,
    ).json()["access_token"]
    vault = settings["ISTHMUS_KEY_VAULT_ID"].rsplit("/", 1)[-1]
    done = requests.put(
        f"https://{vault}.vault.azure.net/secrets/webhook-signing?api-version=7.5",
        json={"value": "whsec_" + base64.b64encode(KEY).decode()},
        headers={"Authorization": f"Bearer {token}"},
        proxies={"https": settings["HTTPS_PROXY"]},
        verify=settings["SSL_CERT_FILE"],
        timeout=10,
    )
    assert done.status_code == 200, done.text


def got(cloud: LocalCloud, host: str, name: str) -> list[dict[str, Any]]:
    """What that receiver was sent of that environment."""
    everything = call("GET", f"{cloud.control}/localcloud/events").json()["events"]
    return [one for one in everything if one["host"] == host and json.loads(one["body"])["subject"].startswith(name)]


def told(cloud: LocalCloud, host: str, name: str, last: str) -> list[str]:
    """The kinds of its events, in their order, when the last one of them has come."""

    def kinds() -> list[str]:
        types = [json.loads(one["body"])["type"] for one in got(cloud, host, name)]
        return [kind.removeprefix("isthmus.environment.") for kind in types]

    until(lambda: last in kinds(), SECONDS, lambda: f"{host} was told {kinds()}: {status(cloud, name)['events']}")
    return kinds()


def test_a_webhook_is_told_of_a_life_signed_and_in_order_though_it_failed_meanwhile(cloud: LocalCloud) -> None:
    fault = {"method": "POST", "path": "hooks.events.example", "status": 503, "count": 1}
    call("POST", f"{cloud.control}/localcloud/faults", [fault])
    document = build(cloud, "told", events={"url": WEBHOOK})
    assert document["phase"] == "ready", document["error"]
    delete(cloud, "told")
    assert told(cloud, "hooks.events.example", "told", "gone") == TOLD
    for one in got(cloud, "hooks.events.example", "told"):
        headers, event = one["headers"], json.loads(one["body"])
        signed = f"{event['id']}.{headers['webhook-timestamp']}.{one['body']}".encode()
        expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
    seen = call("GET", f"{cloud.control}/localcloud/requests").json()["requests"]
    assert [one["method"] for one in seen if one["host"] == "hooks.events.example"].count("OPTIONS") == 1


def test_the_topic_of_the_settings_is_told_where_the_request_names_nobody(cloud: LocalCloud) -> None:
    assert ask(cloud, spec("by-settings", lease_minutes=5)).status == 202
    assert told(cloud, "builds.eastus-1.eventgrid.azure.net", "by-settings", "ready") == TOLD[:4]
    assert status(cloud, "by-settings")["events"] == {
        "url": TOPIC,
        "sent": 4,
        "waiting": 0,
        "given_up": 0,
        "error": None,
    }
    delete(cloud, "by-settings")


def test_a_receiver_in_our_own_surroundings_is_refused(cloud: LocalCloud) -> None:
    for url in ("https://169.254.169.254/metadata", "https://localhost/", "http://hooks.events.example/"):
        refused = ask(cloud, spec("refused", events={"url": url}))
        assert (refused.status, refused.json()["errors"][0]["pointer"]) == (400, "/events/url")
