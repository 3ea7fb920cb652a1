"""What the programs in a VM share: configuration, identity, secrets, names, the node's state, and reports.

The standard library alone, on Python 3.10 and later.
"""

from __future__ import annotations

import json
import os
import random
import secrets as randomness
import socket
import ssl
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

CONFIGURATION = Path("/etc/isthmus/node.json")
OCKAM_HOME = "/var/lib/isthmus/ockam"
METADATA = os.environ.get("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://169.254.169.254")
"""Azure's SDKs know the same variable."""
AZURE_DNS = "168.63.129.16"
RESOLVERS = (Path("/run/systemd/resolve/resolv.conf"), Path("/etc/resolv.conf"))
"""Where a machine keeps what its network told it to ask, the truest first: systemd's has no stub in it."""
VAULT_RESOURCE = "https://vault.azure.net"
VAULT_API = "7.4"
NOT_YET = frozenset({400, 401, 403, 404, 408, 409, 410, 429, 500, 502, 503, 504})
"""Answers that access which still propagates, or a service under load, gives for a while."""
EVIDENCE_LETTERS = 200
REPORT_BYTES = 3000
"""Azure cuts a run command's output to its last 4 KB."""


class NotYetError(Exception):
    """It did not work now and may work later; the message says what came back."""


def configuration() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(CONFIGURATION.read_text())
    return found


def patiently(attempt: Callable[[], Any], deadline: float, tell: Callable[[str], None] = lambda word: None) -> Any:
    """What `attempt` gives once it no longer raises NotYetError; raises the last one at the deadline (monotonic
    seconds). `tell` hears what it waits for, whenever that changes."""
    pause, told = 0.5, ""
    while True:
        try:
            return attempt()
        except NotYetError as error:
            if time.monotonic() + pause > deadline:
                raise
            if str(error) != told:
                told = str(error)
                tell(told)
        time.sleep(pause * random.uniform(0.8, 1.2))  # VMs that were made together don't ask together
        pause = min(pause * 1.5, 5.0)


def token(client_id: str) -> str:
    """A token for Key Vault, of the VM's identity: always by its client id, since a VM may have several."""
    query = urllib.parse.urlencode({"api-version": "2018-02-01", "resource": VAULT_RESOURCE, "client_id": client_id})
    url = f"{METADATA}/metadata/identity/oauth2/token?{query}"
    document = _json(url, {"Metadata": "true"}, direct=True)
    return str(document["access_token"])


def secret(vault_url: str, name: str, client_id: str, content_type: str) -> str:
    """The secret's value. Raises NotYetError while access propagates or no value of that content type is there."""
    url = f"{vault_url}/secrets/{name}?api-version={VAULT_API}"
    document = _json(url, {"Authorization": f"Bearer {token(client_id)}"})
    if document.get("contentType") != content_type:
        raise NotYetError(f"{name} holds no {content_type} yet")
    return str(document["value"])


def _json(url: str, headers: dict[str, str], direct: bool = False) -> dict[str, Any]:
    """A GET's JSON. Raises NotYetError; no header and no value is ever in its message."""
    handlers = [urllib.request.ProxyHandler({})] if direct else []
    opener = urllib.request.build_opener(*handlers)
    where = url.split("?")[0]
    try:
        with opener.open(urllib.request.Request(url, headers=headers), timeout=15) as response:
            document: dict[str, Any] = json.load(response)
            return document
    except urllib.error.HTTPError as error:
        message = f"{where} answered {error.code}"
        error.close()
        if error.code in NOT_YET:
            raise NotYetError(message) from None
        raise RuntimeError(message) from None
    except (OSError, ValueError) as error:
        raise NotYetError(f"{where}: {type(error).__name__}: {error}") from None


def on_this_network(address: str) -> bool:
    """Whether the address that Azure gave this VM is really on one of its interfaces."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def resolver(files: tuple[Path, ...] = RESOLVERS) -> str:
    """The DNS server that the network gives its machines: a landing zone's own, or Azure's."""
    for file in files:
        try:
            lines = [line.split() for line in file.read_text().splitlines()]
        except OSError:
            continue
        servers = [words[1] for words in lines if len(words) > 1 and words[0] == "nameserver"]
        found = [server for server in servers if ":" not in server and not server.startswith("127.")]
        if found:
            return found[0]
    return AZURE_DNS


def asked_of_network(name: str) -> list[str]:
    """The IPv4 addresses that the network's resolver gives for the name, past this VM's /etc/hosts; empty: no such
    name. Raises NotYetError when it does not answer."""
    server = resolver()
    number = randomness.randbits(16)
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    question = struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        channel.settimeout(3)
        try:
            channel.sendto(question, (server, 53))
            reply = channel.recv(4096)
        except OSError as error:
            raise NotYetError(f"{server} does not answer: {error}") from None
    if len(reply) < 12 or struct.unpack(">H", reply[:2])[0] != number:
        raise NotYetError(f"{server} answered something else")
    return _addresses(reply)


def _addresses(reply: bytes) -> list[str]:
    questions, answers = struct.unpack(">HH", reply[4:8])
    place, found = 12, []
    for _ in range(questions):
        place = _past_name(reply, place) + 4
    for _ in range(answers):
        place = _past_name(reply, place)
        kind, _, _, length = struct.unpack(">HHIH", reply[place : place + 10])
        place += 10
        if kind == 1:
            found.append(socket.inet_ntoa(reply[place : place + 4]))
        place += length
    return found


def _past_name(reply: bytes, place: int) -> int:
    while reply[place]:
        if reply[place] & 0xC0:
            return place + 2
        place += reply[place] + 1
    return place + 1


def session(host: str, address: str | None = None, seconds: float = 10) -> ssl.SSLSocket:
    """A checked TLS session with the host, at its address as this VM resolves it or at the given one."""
    proxy = os.environ.get("HTTPS_PROXY") if address is None else None
    if proxy:
        there = urllib.parse.urlsplit(proxy)
        plain = socket.create_connection((str(there.hostname), int(there.port or 80)), seconds)
        plain.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
        if b" 200 " not in plain.recv(4096).split(b"\r\n")[0]:
            plain.close()
            raise OSError(f"the proxy does not lead to {host}")
    else:
        plain = socket.create_connection((address or host, 443), seconds)
    return ssl.create_default_context().wrap_socket(plain, server_hostname=host)


def get(host: str, path: str, headers: dict[str, str], address: str | None = None) -> tuple[int, str]:
    """Status and beginning of the body of a GET, at a given address of the host."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    with session(host, address) as channel:
        channel.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        reply = b""
        while len(reply) < 4096 and (more := channel.recv(4096)):
            reply += more
    head, _, body = reply.partition(b"\r\n\r\n")
    return int(head.split()[1]), body.decode("utf-8", "replace")


def node_state() -> dict[str, Any]:
    """What `ockam node show` says of this VM's node. Raises NotYetError while it is not up."""
    environment = os.environ | {"OCKAM_HOME": OCKAM_HOME, "HOME": str(Path(OCKAM_HOME).parent)}
    words = ["ockam", "node", "show", "--output", "json"]
    try:
        shown = subprocess.run(words, capture_output=True, text=True, timeout=30, env=environment)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotYetError(f"ockam node show: {type(error).__name__}") from None
    try:
        state = json.loads(shown.stdout)
    except ValueError:
        last = (shown.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise NotYetError(f"the node is not there: {last}") from None
    if "running" not in str(state.get("status", "")).lower():
        raise NotYetError(f"the node's status is {state.get('status')}")
    return dict(state)


def passed(identifier: str, evidence: str) -> dict[str, str]:
    return _check(identifier, "passed", evidence)


def failed(identifier: str, evidence: str) -> dict[str, str]:
    return _check(identifier, "failed", evidence)


def not_checked(identifier: str, evidence: str) -> dict[str, str]:
    return _check(identifier, "not_checked", evidence)


def _check(identifier: str, state: str, evidence: str) -> dict[str, str]:
    return {"id": identifier, "state": state, "evidence": " ".join(evidence.split())[:EVIDENCE_LETTERS]}


def report(checks: list[dict[str, str]], answer: str = "", **more: str) -> None:
    """Prints the one JSON document, ASCII, the answer cut to fit, and exits: 0 if no check failed, else 1."""
    while True:
        text = json.dumps(more | {"answer": answer, "checks": checks}, ensure_ascii=True)
        if len(text) <= REPORT_BYTES or not answer:
            break
        answer = answer[: -max(1, (len(text) - REPORT_BYTES) // 6)]
    print(text)
    sys.exit(any(check["state"] == "failed" for check in checks))
