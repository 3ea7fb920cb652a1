"""Secrets that must never come back, and the search for them in every form in which somebody may write them down."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any
from urllib.parse import quote

TICKET = f"{hashlib.sha256(b'ticket').hexdigest()}/+&"
"""Stands where a request has tickets. Its last characters look different in each form. Not written out here:
hypothesis sends what constants it finds in the code."""
MISPLACED: tuple[Any, ...] = (
    TICKET,
    [TICKET],
    {"source": TICKET},
    {"source": "ockam", "values": {"ai-corp": TICKET}},
    {"source": "request", "values": TICKET},
    {"source": "request", "values": {"ai-corp": [TICKET]}},
    {"source": "request", "values": {"ai-corp": {"value": TICKET}}, "value": TICKET},
)
"""What somebody may write where tickets belong."""
SHORTEST = 20
"""Characters of the vault's values that are secrets; the word in reserved places is none."""


def forms(secret: str) -> set[str]:
    """How a secret may look: raw, base64 at any offset, URL, JSON."""
    found = {secret, quote(secret, safe=""), json.dumps(secret)[1:-1]}
    for offset in range(3):
        encoded = base64.b64encode(b"x" * offset + secret.encode()).decode().rstrip("=")
        # The first and last characters of a base64 run depend on the neighbours.
        found.add(encoded[4 if offset else 0 : -4])
    return found


def hidden(body: Any) -> Any:
    """A request's body in which every ticket, and whatever else stands in a ticket's place, is the canary."""
    if not isinstance(body, dict) or "tickets" not in body:
        return body
    return body | {"tickets": _replaced(body["tickets"])}


def _replaced(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {name: inner for name, inner in value.items() if name == "source" and inner in ("ockam", "request")}
        return {name: _replaced(inner) for name, inner in value.items()} | kept
    if isinstance(value, list):
        return [_replaced(inner) for inner in value]
    return TICKET if isinstance(value, str) else value


def fitting(body: Any) -> Any:
    """The same with what no schema can say of several fields: each corp has a network of its own or one that exists;
    there is a ticket for each of its corps, where the request brings tickets: of a spec its own, of a retry those of an
    environment that has named none."""
    if not isinstance(body, dict):
        return body
    if body.get("corps"):
        body = body | {"corps": [_networked(corp) for corp in body["corps"]]}
    if (body.get("tickets") or {}).get("source") != "request":
        return body
    corps = [corp["name"] for corp in body.get("corps", ())] or ["ai-corp", "health-corp"]
    return body | {"tickets": {"source": "request", "values": dict.fromkeys(corps, TICKET)}}


def _networked(corp: dict[str, Any]) -> dict[str, Any]:
    spare = {"address_space", "subnet", "egress"} if corp.get("existing_subnet") else {"existing_subnet"}
    spare |= {"existing_private_dns_zone"} if corp["role"] == "consumer" else set()
    own = {} if corp.get("existing_subnet") else {"address_space": corp.get("address_space") or "10.0.0.0/16"}
    return {name: value for name, value in corp.items() if name not in spare} | own
