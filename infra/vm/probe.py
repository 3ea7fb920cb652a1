"""The provider's probe: how the account's name looks from inside, and whether the provider's node is up.

Reads its request as JSON from standard input, prints one JSON document, exits with 0 if no check failed.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from vm import (
    NotYetError,
    asked_of_network,
    failed,
    get,
    node_state,
    not_checked,
    on_this_network,
    passed,
    patiently,
    report,
)

Check = dict[str, str]
ANSWERS = frozenset({200, 401})
"""What the account says at its private endpoint to a caller without a key; at its public address it says 403."""


def main() -> None:
    request: dict[str, Any] = json.load(sys.stdin)
    deadline = time.monotonic() + request["deadline_seconds"]
    checks = [provider_enrolled(deadline)]
    if on_this_network(request["own_address"]):
        checks += [private_name(request, deadline), private_answer(request, deadline)]
    else:
        reason = "this machine can't give the VM a network of its own"
        checks += [not_checked(identifier, reason) for identifier in ("private_name", "private_answer")]
    report(checks)


def provider_enrolled(deadline: float) -> Check:
    """The node is up with its relay, which only the ticket's attribute allows."""

    def look() -> str:
        state = node_state()
        relays, outlets = state.get("relays") or [], state.get("outlets") or []
        if not outlets:
            raise NotYetError("the node runs and has no outlet")
        down = [relay for relay in relays if "connection_status" in relay and relay["connection_status"] != "Up"]
        if down:
            raise NotYetError(f"the relay is {down[0]['connection_status']}")
        return "node running, outlet and relay up"

    try:
        return passed("provider_enrolled", patiently(look, deadline))
    except NotYetError as error:
        return failed("provider_enrolled", str(error))


def private_name(request: dict[str, Any], deadline: float) -> Check:
    """The private DNS zone leads to the private endpoint and to nothing else."""
    wanted = [request["endpoint_address"]]

    def look() -> list[str]:
        addresses = asked_of_network(request["host"])
        if addresses != wanted:
            raise NotYetError(f"{request['host']} leads to {', '.join(addresses) or 'nothing'}, not to {wanted[0]}")
        return addresses

    try:
        patiently(look, deadline)
    except NotYetError as error:
        return failed("private_name", str(error))
    return passed("private_name", f"{request['host']} is {wanted[0]}")


def private_answer(request: dict[str, Any], deadline: float) -> Check:
    """The account itself answers there, by a name that this VM resolves as any program would."""

    def look() -> str:
        try:
            status, _ = get(request["host"], f"/openai/models?api-version={request['api_version']}", {})
        except OSError as error:
            raise NotYetError(f"{type(error).__name__}: {error}") from None
        evidence = f"{request['host']} answered {status} to a caller without a key"
        if status not in ANSWERS:
            raise NotYetError(evidence)
        return evidence

    try:
        return passed("private_answer", patiently(look, deadline))
    except NotYetError as error:
        return failed("private_answer", str(error))


if __name__ == "__main__":
    main()
