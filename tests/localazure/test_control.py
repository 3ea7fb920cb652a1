"""The control API, the CONNECT proxy and its certificates: the way in, and what tests and tools may see there."""

from __future__ import annotations

import socket
import ssl
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from localcloud.azure import SystemClock, VirtualClock
from tests.localazure.direct import Direct
from tests.localazure.resources import CUSTOM_DATA, build, examples, regional
from tests.localazure.world import World


def refused(world: World, method: str, path: str, json: Any = None) -> tuple[int, str]:
    answer = requests.request(method, f"{world.url}/localcloud/{path}", json=json, timeout=10, proxies={"http": ""})
    return answer.status_code, answer.json()["error"]["message"]


def test_the_census_names_what_was_made_and_sets_apart_what_was_there(world: World) -> None:
    before = world.control("GET", "census")
    assert any(item.endswith("/isthmus-app") for item in before["seeded"])
    arm = world.arm()
    arm.put(f"{arm.groups}/census", regional())
    after = world.control("GET", "census")
    assert after["Microsoft.Resources/resourceGroups"] == [f"{arm.groups}/census"]
    assert after["seeded"] == before["seeded"]
    arm.delete(f"{arm.groups}/census")
    assert "Microsoft.Resources/resourceGroups" not in world.control("GET", "census")


def test_the_census_counts_what_is_kept_and_what_is_under_way(direct: Direct) -> None:
    arm = direct.arm()
    whole = build(arm)
    direct.cloud.secrets.set_secret("one", "value")
    direct.cloud.secrets.set_secret("two", "value")
    direct.cloud.secrets.begin_delete_secret("two")
    arm.call("DELETE", f"{arm.groups}/street")
    census = direct.azure.census()
    vault = direct.azure.seed.vault.name
    assert (census["secrets"], census["deleted secrets"]) == ([f"{vault}/one"], [f"{vault}/two"])
    assert census["operations"] == [f"DELETE {arm.groups}/street"]
    assert census["Microsoft.Compute/virtualMachines"] == [whole["Microsoft.Compute/virtualMachines"][0]]
    direct.advance(100)
    assert len(direct.azure.census()["deleted accounts"]) == 1


def test_the_log_has_methods_hosts_paths_and_statuses_and_never_more(world: World) -> None:
    arm = world.arm()
    last = world.control("GET", "requests")["requests"][-1]["number"]
    arm.call("GET", f"{arm.groups}/log?secret=CANARY")
    entries = world.control("GET", f"requests?after={last}")["requests"]
    (entry,) = (entry for entry in entries if entry["host"] == "management.azure.com")
    assert (entry["method"], entry["path"], entry["status"]) == ("GET", f"{arm.groups}/log", 404)
    assert arm.token not in str(entries)
    assert "CANARY" not in str(entries)


def test_bodies_that_arm_was_sent_are_kept_with_custom_data_in_clear(direct: Direct) -> None:
    build(direct.arm())
    (body,) = (body for body in direct.azure.front.bodies if "/virtualMachines/vm {" in body)
    assert CUSTOM_DATA in body
    assert "CANARY-OF-CUSTOM-DATA" in body


def test_canaries_are_every_secret_that_ever_was(direct: Direct) -> None:
    arm = direct.arm()
    build(arm, "Microsoft.Resources/resourceGroups", "Microsoft.CognitiveServices/accounts")
    path = examples(arm.groups)["Microsoft.CognitiveServices/accounts"][0]
    keys = arm.call("POST", f"{path}/listKeys").json()
    direct.cloud.secrets.set_secret("one", "a value of mine")
    canaries = direct.azure.cloud.canaries
    assert {*keys.values(), "a value of mine", direct.azure.administrator.client_secret} <= set(canaries)
    direct.cloud.secrets.set_secret("two", "reserved")
    assert "reserved" not in canaries  # a word that stands everywhere is no secret


def test_the_speed_can_be_changed(world: World) -> None:
    before = world.control("GET", "speed")["speed"]
    assert world.control("PUT", "speed", {"speed": 0.5}) == {"speed": 0.5}
    assert world.azure.cloud.latency(10) == 5
    assert refused(world, "PUT", "speed", {"speed": -1}) == (400, "speed is a number, 0 or more.")
    world.control("PUT", "speed", {"speed": before})


def test_faults_can_be_set_seen_and_taken_away(world: World) -> None:
    world.control("POST", "faults", [{"path": "/nowhere", "status": 503}])
    (shown,) = world.control("GET", "faults")["faults"]
    assert (shown["path"], shown["status"], shown["seen"], shown["hit"]) == ("/nowhere", 503, 0, 0)
    assert "speling" in refused(world, "POST", "faults", [{"speling": 1}])[1]
    assert refused(world, "POST", "faults", [{"path": "("}])[0] == 400
    assert world.control("DELETE", "faults") == {"faults": []}


def test_a_body_can_be_laid_over_a_resource_or_the_resource_taken_away(world: World) -> None:
    arm = world.arm()
    path = f"{arm.groups}/planted"
    arm.put(path, regional())
    world.control("POST", "plant", {"id": path, "body": {"tags": {"by": "somebody else"}}})
    assert arm.get(path)["tags"] == {"by": "somebody else"}
    world.control("POST", "plant", {"id": path, "body": None})
    assert arm.call("GET", path).status_code == 404
    assert refused(world, "POST", "plant", {"id": path, "body": None})[0] == 404


def test_a_role_can_be_changed(world: World) -> None:
    (role,) = (role for role in world.azure.cloud.access.roles.values() if role.name == "Isthmus provisioner")
    before = list(role.actions)
    arm = world.arm()
    world.control("PUT", "roles", {"id": role.id, "actions": []})
    assert arm.refused("GET", f"{arm.groups}/x") == (403, "AuthorizationFailed")
    world.control("PUT", "roles", {"id": role.id, "actions": before})
    assert arm.refused("GET", f"{arm.groups}/x") == (404, "ResourceGroupNotFound")


def test_an_unknown_word_is_refused(world: World) -> None:
    assert refused(world, "GET", "nothing")[0] == 404
    assert refused(world, "POST", "speed", {})[0] == 404


def connect(world: World, target: str) -> bytes:
    parts = urlsplit(world.url)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), 5) as channel:
        channel.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        return channel.recv(4096).split(b"\r\n")[0]


@pytest.mark.parametrize(
    "target",
    ["example.com:443", "management.azure.com:80", "management.azure.com.example.com:443", "127.0.0.1:443", "nonsense"],
)
def test_the_proxy_leads_to_azure_s_names_and_nowhere_else(world: World, target: str) -> None:
    assert connect(world, target) == b"HTTP/1.1 403 Forbidden"


@pytest.mark.parametrize(
    "host",
    ["management.azure.com", "login.microsoftonline.com", "a.vault.azure.net", "a.blob.core.windows.net",
     "a.openai.azure.com"],
)  # fmt: skip
def test_the_certificate_is_for_azure_s_names_and_trusted_by_its_own_ca_only(world: World, host: str) -> None:
    trusting = ssl.create_default_context(cafile=str(world.certificates.authority))
    assert handshake(world, host, trusting) is None
    assert handshake(world, host, ssl.create_default_context()) is ssl.SSLCertVerificationError


def handshake(world: World, host: str, context: ssl.SSLContext) -> type[Exception] | None:
    parts = urlsplit(world.url)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), 5) as channel:
        channel.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert channel.recv(4096).startswith(b"HTTP/1.1 200")
        try:
            with context.wrap_socket(channel, server_hostname=host):
                return None
        except ssl.SSLError as error:
            return type(error)


def test_the_bundle_trusts_the_internet_s_authorities_as_well(world: World) -> None:
    certificates = world.certificates
    assert certificates.authority.read_bytes() in certificates.bundle.read_bytes()
    assert certificates.bundle.read_bytes().count(b"BEGIN CERTIFICATE") > 50
    assert certificates.server.stat().st_mode & 0o077 == 0


def test_a_head_that_never_ends_is_cut_off(world: World) -> None:
    parts = urlsplit(world.url)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), 5) as channel:
        channel.sendall(b"CONNECT " + b"a" * 20_000)
        assert channel.recv(10) == b""


def test_a_name_of_azure_s_that_nobody_has_here_is_404(world: World) -> None:
    assert world.send("GET", "https://nobody.openai.azure.com/").status_code == 404
    assert world.send("GET", "https://nobody.blob.core.windows.net/a").status_code == 404


def test_the_machine_s_clock_is_the_machine_s() -> None:
    assert abs(SystemClock().now() - __import__("time").time()) < 1


def test_sleepers_on_a_virtual_clock_wake_in_their_order_and_may_sleep_again(direct: Direct) -> None:
    clock = VirtualClock(0.0)
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, *pauses: float) -> None:
        for pause in pauses:
            await clock.sleep(pause)
            woken.append((name, clock.now()))

    async def scene() -> None:
        tasks = [direct.loop.create_task(sleeper(*given)) for given in (("a", 5.0, 2.0), ("b", 6.0), ("c", 99.0))]
        await clock.advance(10.0)
        assert clock.next_wake() == 99.0
        tasks[-1].cancel()

    direct.loop.run_until_complete(scene())
    assert woken == [("a", 5.0), ("b", 6.0), ("a", 7.0)]
    assert clock.now() == 10.0
