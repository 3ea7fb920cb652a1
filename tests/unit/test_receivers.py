"""Receivers of lifecycle events: which URLs and addresses are refused, and how events are signed."""

from __future__ import annotations

import base64

import pytest

from isthmus.receivers import Receiver, findings, is_topic, may_be_reached, signature_headers, signing_key
from tests.unit.samples import document, found, pointers


def refused(url: str) -> bool:
    return bool(found(document(events={"url": url})))


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example/isthmus",
        "https://hooks.example:8443/a/b",
        "https://xn--bcher-kva.example/",
        "https://10.1.2.3/",  # whether private ranges may be reached, the setting says when it is sent
        "https://builds.westeurope-1.eventgrid.azure.net/api/events",
    ],
)
def test_a_receiver_with_https_is_taken(url: str) -> None:
    assert not refused(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/",
        "ftp://hooks.example/",
        "hooks.example",
        "https://",
        "https:///path",
        "https://user:word@hooks.example/",
        "https://hooks.example/?sig=abc",
        "https://hooks.example/#part",
        "https://hooks.example\\@10.0.0.1/",
        "https://hooks.example:port/",
        "https://[::1",
        "https://localhost/",
        "https://localhost./",
        "https://127.0.0.1./",
        "https://a.localhost/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0.0.0.0/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://169.254.169.254/metadata",
        "https://168.63.129.16/",
        "https://[fe80::1]/",
        "https://metadata.internal/",
        "https://x.eventgrid.azure.net/api/events",
        "https://builds.westeurope-1.eventgrid.azure.net/",
        "https://builds.westeurope-1.eventgrid.azure.net:8443/api/events",
    ],
)
def test_what_is_no_receiver_is_refused_at_its_place(url: str) -> None:
    assert set(pointers(document(events={"url": url}))) == {"/events/url"}


@pytest.mark.parametrize("secret", ["isthmus-demo-abc234-ai-corp-ticket", "", "webhook-", "webhook-A", "other"])
def test_a_request_names_no_secret_that_is_not_for_signing(secret: str) -> None:
    assert pointers(document(events={"url": "https://hooks.example/", "secret": secret})) == ["/events/secret"]


@pytest.mark.parametrize(
    ("address", "public", "private"),
    [
        ("93.184.216.34", True, True),
        ("2606:2800:220:1::1", True, True),
        ("10.0.0.4", False, True),
        ("172.20.0.1", False, True),
        ("192.168.1.1", False, True),
        ("fd00::1", False, True),
        ("::ffff:10.0.0.4", False, True),
        ("64:ff9b::a00:4", False, True),
        ("100.64.0.1", False, False),
        ("127.0.0.1", False, False),
        ("::1", False, False),
        ("::ffff:127.0.0.1", False, False),
        ("169.254.169.254", False, False),
        ("fe80::1%eth0", False, False),
        ("168.63.129.16", False, False),
        ("2002:7f00:1::", False, False),
        ("64:ff9b::7f00:1", False, False),
        ("224.0.0.1", False, False),
        ("0.0.0.0", False, False),
        ("240.0.0.1", False, False),
    ],
)
def test_an_address_is_reached_where_it_is_public_or_private_ones_are_allowed(
    address: str, public: bool, private: bool
) -> None:
    assert (may_be_reached(address, private=False), may_be_reached(address, private=True)) == (public, private)


def test_only_event_grids_own_hosts_are_topics() -> None:
    assert is_topic("https://builds.westeurope-1.eventgrid.azure.net/api/events")
    for host in ("eventgrid.azure.net.evil.example", "a.b.eventgrid.azure.net.evil.example", "a.eventgrid.azure.net"):
        assert not is_topic(f"https://{host}/api/events")


def test_a_signature_is_the_one_of_the_specification() -> None:
    """The example of the Standard Webhooks specification's own libraries."""
    key = signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert key is not None
    headers = signature_headers(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    "secret",
    ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_***", "whsec_" + base64.b64encode(b"short").decode()],
)
def test_what_is_no_signing_key_is_none(secret: str) -> None:
    assert signing_key(secret) is None


def test_a_receiver_has_a_secret_of_its_own_or_the_usual_one() -> None:
    assert Receiver.model_validate({"url": "https://hooks.example/"}).secret == "webhook-signing"
    assert list(findings("/url", "https://hooks.example/")) == []
