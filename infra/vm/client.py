"""The consumer's client: asks the model through the portal, then tries every door that must be shut.

Reads its request as JSON from standard input, prints one JSON document, exits with 0 if no check failed.
"""

from __future__ import annotations

import ipaddress
import json
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
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
    secret,
    session,
)

Request = dict[str, Any]
Check = dict[str, str]
SHUT_SECONDS = 3
"""Time for a first packet and its repetition."""
DOOR_SECONDS = 30
"""One packet that is lost says nothing of a door."""
SHUT_DOORS = ("public_name", "endpoint_unreachable", "public_refused")
NO_NETWORK = "this machine can't give the VM a network of its own"


def main() -> None:
    request: Request = json.load(sys.stdin)
    deadline = time.monotonic() + request["deadline_seconds"]
    with ThreadPoolExecutor() as pool:
        # A shut door takes its time to show that it is shut: it is tried while the open one is gone through.
        unreachable = pool.submit(endpoint_unreachable, request)
        checks, key, answer, model = through_the_portal(request, deadline)
        if on_this_network(request["own_address"]):
            soon = min(deadline, time.monotonic() + DOOR_SECONDS)
            refused = public_refused(request, key or "none", soon)
            checks += [public_name(request, soon), refused, unreachable.result()]
        else:
            checks += [not_checked(identifier, NO_NETWORK) for identifier in SHUT_DOORS]
    report(checks, nonce=request["nonce"], answer=answer, model=model)


def through_the_portal(request: Request, deadline: float) -> tuple[list[Check], str | None, str, str]:
    """The checks of the open way, the key if it was to be had, the answer and the model's name."""
    checks = [enrolled(deadline)]
    key, refusal = fetch_key(request, deadline)
    if key is None:
        check, answer, model = failed("answer", refusal), "", ""
    else:
        check, answer, model = ask(request, key, deadline)
    # Where nobody answers there is no session to be had either: no use in waiting for one.
    soon = time.monotonic() + (DOOR_SECONDS if answer else 0)
    return [*checks, check, certificate(request, soon)], key, answer, model


def enrolled(deadline: float) -> Check:
    """The node is up and so is its inlet: a node that never enrolled has none."""

    def look() -> str:
        inlets = node_state().get("inlets") or []
        states = [str(inlet.get("status")) for inlet in inlets]
        if not states or any(state.lower() != "up" for state in states):
            raise NotYetError(f"the node runs, its inlets are {', '.join(states) or 'missing'}")
        return f"node running, inlet {inlets[0].get('listen_addr', '')} up"

    try:
        return passed("enrolled", patiently(look, deadline))
    except NotYetError as error:
        return failed("enrolled", str(error))


def fetch_key(request: Request, deadline: float) -> tuple[str | None, str]:
    """The API key, or why it is not to be had."""

    def fetch() -> str:
        return secret(request["vault_url"], request["key_secret"], request["identity_client_id"], "api-key")

    try:
        return patiently(fetch, max(deadline, time.monotonic() + 1)), ""
    except (NotYetError, RuntimeError) as error:
        return None, f"no API key: {error}"


def ask(request: Request, key: str, deadline: float) -> tuple[Check, str, str]:
    """The check, the answer and the model's name. The answer must repeat this run's code."""
    import openai  # takes a second, in which the shut door is tried already

    client = openai.AzureOpenAI(
        azure_endpoint=request["endpoint"],
        api_key=key,
        api_version=request["api_version"],
        max_retries=0,
        timeout=60,
    )
    question = f"{request['question']}\n\nEnd your answer with the code {request['nonce']}."

    def once() -> tuple[str, str]:
        try:
            done = client.chat.completions.create(
                model=request["deployment"], messages=[{"role": "user", "content": question}]
            )
        except openai.APIStatusError as error:
            raise NotYetError(f"{error.status_code} {_code(error.body)}") from None
        except openai.APIConnectionError as error:
            raise NotYetError(f"no connection: {error.__cause__ or error}") from None
        text = done.choices[0].message.content or ""
        if request["nonce"] not in text:
            raise NotYetError("the answer does not repeat this run's code")
        return text, done.model

    try:
        text, model = patiently(once, deadline)
    except NotYetError as error:
        return failed("answer", str(error)), "", ""
    except openai.OpenAIError as error:
        return failed("answer", f"{type(error).__name__}"), "", ""
    shown = " ".join(text.replace(request["nonce"], "").split())
    return passed("answer", f"{model} repeated the code {request['nonce']}"), shown, model


def _code(body: object) -> str:
    body = body if isinstance(body, dict) else {}
    return str(body.get("code") or body.get("message") or "")[:120]


def certificate(request: Request, deadline: float) -> Check:
    """The session through the portal ends at the account itself: the certificate is for its name."""

    def look() -> str:
        try:
            with session(request["host"]) as channel:
                subject = dict(pair for part in channel.getpeercert()["subject"] for pair in part)
                there = channel.getpeername()[0]
        except OSError as error:
            raise NotYetError(f"{type(error).__name__}: {error}") from None
        return f"{subject.get('commonName')} at {there}, valid for {request['host']}"

    try:
        return passed("certificate", patiently(look, deadline))
    except NotYetError as error:
        return failed("certificate", str(error))


def public_name(request: Request, deadline: float) -> Check:
    """The network's own resolver, asked past /etc/hosts, gives public addresses only."""
    try:
        addresses = patiently(lambda: asked_of_network(request["host"]), deadline)
    except NotYetError as error:
        return failed("public_name", str(error))
    inside = [address for address in addresses if _is_private(address)]
    if inside or not addresses:
        return failed("public_name", f"{request['host']} leads to {', '.join(addresses) or 'nothing'}")
    return passed("public_name", f"{request['host']} is {', '.join(addresses)}")


def _is_private(address: str) -> bool:
    """Of the networks that companies use inside (RFC 1918)."""
    inside = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
    return any(ipaddress.ip_address(address) in ipaddress.ip_network(network) for network in inside)


def endpoint_unreachable(request: Request) -> Check:
    """A connection to the private endpoint's address comes to nothing: packets are sent and none returns."""
    address = request["endpoint_address"]
    try:
        with socket.create_connection((address, 443), SHUT_SECONDS):
            return failed("endpoint_unreachable", f"{address}:443 accepted a connection")
    except TimeoutError:
        return passed("endpoint_unreachable", f"{address}:443 timed out after {SHUT_SECONDS} s")
    except OSError as error:
        return passed("endpoint_unreachable", f"{address}:443: {error.strerror or error}")


def public_refused(request: Request, key: str, deadline: float) -> Check:
    """At its public address the account refuses even the holder of the key."""
    host, path = request["host"], f"/openai/models?api-version={request['api_version']}"

    def look() -> tuple[int, str]:
        try:
            address = asked_of_network(host)[0]
            status, body = get(host, path, {"api-key": key}, address)
        except (OSError, IndexError) as error:
            raise NotYetError(f"the public address was not reached: {type(error).__name__}: {error}") from None
        evidence = f"{address} answered {status}: {_message(body)}"
        if status == 429 or status >= 500:
            raise NotYetError(evidence)
        return status, evidence

    try:
        status, evidence = patiently(look, deadline)
    except NotYetError as error:
        return failed("public_refused", str(error))
    return passed("public_refused", evidence) if status == 403 else failed("public_refused", evidence)


def _message(body: str) -> str:
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return body[:100]


if __name__ == "__main__":
    main()
