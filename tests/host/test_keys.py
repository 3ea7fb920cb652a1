"""Who may call, by functions-bindings-http-webhook-trigger (authorization level) and function-keys-how-to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.host.driver import FEATURES, MANAGEMENT, ROOT, Host, Running


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(tmp_path_factory.mktemp("guarded"), more=("--auth",)) as running:
        yield running


@pytest.fixture(scope="module")
def keys(guarded: Running) -> Any:
    words = [sys.executable, "-m", "localcloud.host", str(FEATURES), "--db", str(guarded.database), "--keys"]
    done = subprocess.run(
        words, cwd=ROOT, env=os.environ | guarded.settings, capture_output=True, check=True, timeout=60
    )
    return json.loads(done.stdout)


def statuses(host: Host, path: str, keys: Any, method: str = "GET") -> dict[str, int]:
    """What a path answers to whom."""
    callers = {
        "nobody": "",
        "wrong": "0" * 32,
        "function": keys["functions"]["locked"],
        "host": keys["functionKeys"]["default"],
        "durable": keys["systemKeys"]["durabletask_extension"],
        "master": keys["masterKey"],
    }
    return {who: host.call(method, path, headers={"x-functions-key": key}).status for who, key in callers.items()}


def admitted(host: Host, path: str, keys: Any, method: str = "GET") -> set[str]:
    found = statuses(host, path, keys, method)
    assert set(found.values()) <= {200, 202, 401}
    return {who for who, status in found.items() if status != 401}


def test_without_the_flag_every_caller_may_do_everything(host: Host) -> None:
    for path in ("/api/locked/function", "/api/locked/master", "/admin/host/status", f"{MANAGEMENT}/instances"):
        assert host.call("GET", path).status == 200


def test_the_level_function_takes_the_functions_key_the_hosts_and_the_master_key(guarded: Running, keys: Any) -> None:
    assert admitted(guarded.host, "/api/locked/function", keys) == {"function", "host", "master"}


def test_the_level_admin_takes_the_master_key_alone(guarded: Running, keys: Any) -> None:
    assert admitted(guarded.host, "/api/locked/master", keys) == {"master"}


def test_the_level_anonymous_takes_everybody(guarded: Running, keys: Any) -> None:
    assert "nobody" in admitted(guarded.host, "/api/who", keys)


def test_a_key_may_come_in_the_query(guarded: Running, keys: Any) -> None:
    assert guarded.host.call("GET", f"/api/locked/function?code={keys['functions']['locked']}").status == 200


def test_the_management_api_takes_the_extensions_key_and_the_master_key(guarded: Running, keys: Any) -> None:
    assert admitted(guarded.host, f"{MANAGEMENT}/instances", keys) == {"durable", "master"}


def test_the_admin_api_takes_the_master_key(guarded: Running, keys: Any) -> None:
    assert admitted(guarded.host, "/admin/host/status", keys) == {"master"}
    assert admitted(guarded.host, "/admin/functions/tick", keys, "POST") == {"master"}
    assert guarded.host.call("GET", "/admin/host/ping").status == 200


def test_the_urls_that_a_start_answers_carry_their_key(guarded: Running) -> None:
    answer = guarded.host.call("POST", "/api/begin/hello", {"input": "with keys"})
    assert guarded.host.call("GET", answer.json()["statusQueryGetUri"].removeprefix(guarded.host.url)).status in (
        200,
        202,
    )


def test_keys_stay_over_restarts(guarded: Running, keys: Any) -> None:
    guarded.stop()
    guarded.start()
    assert guarded.host.call("GET", f"/api/locked/function?code={keys['functions']['locked']}").status == 200
