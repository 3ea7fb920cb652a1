"""What is sent to an address that somebody named does not reach our own surroundings."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from activities.web import Careful, RefusedAddressError, _pool, session
from localcloud.azure.certificates import Certificates


@dataclass
class Listener:
    """A TLS server on loopback. `connections`: how many there were; `heard`: what came after their handshakes."""

    port: int
    bundle: str
    connections: int = 0
    heard: list[bytes] = field(default_factory=list)


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Listener]:
    certificates = Certificates(tmp_path)
    certificates.make()
    context = certificates.server_context()
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = Listener(server.getsockname()[1], str(certificates.bundle))

        def serve() -> None:
            while True:
                try:
                    raw, _ = server.accept()
                except OSError:
                    return
                found.connections += 1
                with closing(raw):
                    _hear(context, raw, found)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield found
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


def _hear(context: ssl.SSLContext, raw: socket.socket, found: Listener) -> None:
    try:
        with context.wrap_socket(raw, server_side=True) as secure:
            secure.settimeout(5)
            if words := secure.recv(4096):
                found.heard.append(words)
                secure.sendall(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")
    except OSError:
        return


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("private", [False, True])
def test_a_name_that_leads_here_is_refused_before_anything_connects(
    listener: Listener, host: str, private: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    _without_proxy(monkeypatch)
    with session(private=private) as careful, pytest.raises(RefusedAddressError):
        careful.request("POST", f"https://{host}:{listener.port}/", verify=listener.bundle)
    assert listener.connections == 0


def test_an_address_that_turns_out_to_be_ours_hears_nothing(listener: Listener) -> None:
    """As where a name leads elsewhere when it is looked up for the second time."""
    pool = _pool(False)("127.0.0.1", listener.port, ca_certs=listener.bundle)
    with pytest.raises(Exception, match="an address that nothing is sent to"):
        pool.urlopen("POST", "/", body=b"secret", retries=False)
    pool.close()
    assert listener.heard == []


def test_the_checked_connection_is_the_one_that_a_session_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = Careful(False)
    pool = adapter.poolmanager.connection_from_url("https://hooks.example/")
    assert pool.ConnectionCls.__qualname__.startswith("_pool.")


def test_where_there_is_a_proxy_the_proxy_decides(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{listener.port}")
    with session(private=False) as careful, pytest.raises(requests.ConnectionError):
        careful.request("POST", "https://hooks.example/", verify=listener.bundle, timeout=5)
    assert listener.connections == 1


def test_nothing_but_https_is_spoken() -> None:
    with session(private=True) as careful, pytest.raises(requests.exceptions.InvalidSchema):
        careful.request("GET", "http://hooks.example/")


def test_a_name_that_nobody_knows_is_not_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    _without_proxy(monkeypatch)
    with session(private=False) as careful, pytest.raises(requests.ConnectionError):
        careful.request("GET", "https://nobody.invalid/")


def _without_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
