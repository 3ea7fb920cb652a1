"""Who is told of lifecycle events: a webhook, signed as Standard Webhooks says, or an Event Grid topic.

What is refused, and why: anything but https, since events tell of private networks; credentials, queries and
fragments, since the URL is shown in status and records; addresses of the app's own machine and its surroundings, since
a request must not make the app speak to what only the app can reach.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import re
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel, ConfigDict, Field

from isthmus.problems import Finding

SECRET_PREFIX = "webhook-"  # noqa: S105 - a name
TOPIC_HOST = re.compile(r"[a-z0-9-]+\.[a-z0-9-]+\.eventgrid\.azure\.net")
TOPIC_SCOPE = "https://eventgrid.azure.net/.default"
TOPIC_PATH, TOPIC_VERSION = "/api/events", "2018-01-01"
LOCAL_NAMES = ("localhost", ".localhost", ".local", ".internal")
WIRE_SERVER = ipaddress.ip_address("168.63.129.16")
"""Azure's own address for what is on a host: DNS, and more."""
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""IPv6 addresses that stand for IPv4 ones."""
KEY_PREFIX = "whsec_"
SHORTEST_KEY = 24
"""Bytes of a signing key, as Standard Webhooks has it."""


class Receiver(BaseModel):
    """Where lifecycle events go, as CloudEvents 1.0."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(
        max_length=2000,
        pattern=r"^https://[^\s?#@\\]+$",
        description="A webhook's https URL, or the endpoint of an Event Grid topic "
        "(`https://NAME.REGION-1.eventgrid.azure.net/api/events`), which is known by its host. Without credentials, "
        "query or fragment.",
    )
    secret: str = Field(
        f"{SECRET_PREFIX}signing",
        max_length=100,
        pattern=rf"^{SECRET_PREFIX}[a-z0-9-]+$",
        description="Name of the Key Vault secret that a webhook's events are signed with; an administrator puts it "
        "there. Of no meaning for Event Grid.",
    )


def is_topic(url: str) -> bool:
    """An Event Grid topic: the app's own identity is shown to these hosts and to no other."""
    return TOPIC_HOST.fullmatch((urlsplit(url).hostname or "").lower()) is not None


def findings(pointer: str, url: str) -> Iterator[Finding]:
    """What is wrong with a receiver's URL, as far as can be said without looking its name up."""
    try:
        parts = urlsplit(url)
        host, _ = (parts.hostname or "").lower().rstrip("."), parts.port
    except ValueError:
        yield Finding(pointer, "This is no URL.", "Write https://HOST/PATH.")
        return
    if not host:
        yield Finding(pointer, "It names no host.", "Write https://HOST/PATH.")
    elif is_here(host):
        yield Finding(pointer, f"{host} is the app's own machine or what surrounds it.", "Name a host of your own.")
    if host.endswith(".eventgrid.azure.net"):
        yield from _topic(pointer, parts)


def _topic(pointer: str, parts: SplitResult) -> Iterator[Finding]:
    if not is_topic(parts.geturl()) or parts.path != TOPIC_PATH or parts.port not in (None, 443):
        form = f"https://NAME.REGION-1.eventgrid.azure.net{TOPIC_PATH}"
        yield Finding(pointer, "This is no endpoint of an Event Grid topic.", f"Write {form}.")


def is_here(host: str) -> bool:
    """A name or address that leads to the machine itself or its surroundings, whatever any setting says."""
    if host == LOCAL_NAMES[0] or host.endswith(LOCAL_NAMES[1:]):
        return True
    try:
        return not may_be_reached(host, private=True)
    except ValueError:
        # Resolvers take 2130706433, 0x7f.1 and the like for addresses.
        return re.fullmatch(r"(0x[0-9a-f]+|\d+)(\.(0x[0-9a-f]+|\d+))*\.?", host) is not None


def may_be_reached(address: str, *, private: bool) -> bool:
    """Whether events may be sent to that IP address. `private`: to private ranges too. Raises ValueError."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if found in TRANSLATED:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return may_be_reached(str(inner), private=private)
    if found.is_loopback or found.is_link_local or found.is_multicast or found.is_unspecified or found == WIRE_SERVER:
        return False
    return found.is_global or (private and found.is_private and not found.is_reserved)


def signing_key(secret: str) -> bytes | None:
    """The key in a secret's value, `whsec_` and base64; None where it is none or too short to be one."""
    try:
        key = base64.b64decode(secret.strip().removeprefix(KEY_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if secret.strip().startswith(KEY_PREFIX) and len(key) >= SHORTEST_KEY else None


def signature_headers(key: bytes, identifier: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Standard Webhooks: HMAC-SHA256 over id, timestamp (seconds since 1970) and body."""
    content = f"{identifier}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": identifier,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
    }
