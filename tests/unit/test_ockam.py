"""The `ockam` command of an administrator whose identity is in the vault: unpacked into memory, run pinned or not at
all. The command here is a small script."""

from __future__ import annotations

import base64
import hashlib
import io
import platform
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError

from activities.ockam import MEMORY, Administrator, OckamError, administrator, download, unpacked
from isthmus.secretref import Secret
from tests.unit.fakes import Cloud
from tests.unit.vault import Secrets

NAME = "ockam-administrator"
CANARY = "signing-key-of-the-administrator"
SCRIPT = b'#!/bin/sh\ncat "$OCKAM_HOME/identity.key"; echo "$OCKAM_HOME" >&2; [ "$1" != fail ]\n'


def packed(**files: bytes) -> str:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:xz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name.replace("__", "/").replace("_", "."))
            member.size, member.mode = len(content), 0o666
            tar.addfile(member, io.BytesIO(content))
    return base64.b64encode(archive.getvalue()).decode()


def vault(value: str | None, **more: Any) -> Cloud:
    cloud = Cloud(secrets=Secrets())
    if value is not None:
        cloud.secrets.set_secret(NAME, value, **{"content_type": "ockam-home", "enabled": True} | more)
    return cloud


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is first on PATH."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


@pytest.fixture
def script(path: Path) -> Path:
    made = path / "ockam"
    made.write_bytes(SCRIPT)
    made.chmod(0o755)
    return made


def test_it_runs_as_whoever_the_secret_says(script: Path) -> None:
    runs = Administrator(lambda: vault(packed(identity_key=CANARY.encode())), NAME)  # type: ignore[arg-type, return-value]
    assert runs.run("project", "ticket") == CANARY


def test_the_identity_is_fetched_once_and_is_for_this_process_alone(script: Path) -> None:
    clouds = [vault(packed(nodes__identity_key=b"", identity_key=CANARY.encode()))]
    runs = Administrator(lambda: clouds.pop(), NAME)  # type: ignore[arg-type, return-value]
    assert [runs.run("project", "ticket") for _ in range(2)] == [CANARY, CANARY]
    home = Path(str(runs._home))
    assert home.parent == (MEMORY if MEMORY.is_dir() else Path("/tmp"))
    modes = {path.relative_to(home).as_posix(): path.stat().st_mode & 0o777 for path in [home, *home.rglob("*")]}
    assert modes == {".": 0o700, "identity.key": 0o600, "nodes": 0o700, "nodes/identity.key": 0o600}


def test_the_home_goes_with_its_owner(script: Path) -> None:
    runs = Administrator(lambda: vault(packed(identity_key=b"k")), NAME)  # type: ignore[arg-type, return-value]
    runs.run("project", "ticket")
    home = Path(str(runs._home))
    assert home.exists()
    del runs
    assert not home.exists()


def test_what_the_command_printed_is_in_no_error(script: Path) -> None:
    runs = Administrator(lambda: vault(packed(identity_key=CANARY.encode())), NAME)  # type: ignore[arg-type, return-value]
    with pytest.raises(OckamError, match="`ockam fail now` failed") as refusal:
        runs.run("fail", "now")
    assert CANARY not in str(refusal.value)


@pytest.mark.parametrize("value", ["!", "AAAA", base64.b64encode(b"no archive").decode(), packed()[:40]])
def test_a_secret_that_holds_something_else_is_refused_by_its_name_and_not_shown(value: str) -> None:
    with pytest.raises(OckamError, match=f"the secret {NAME} holds no packed OCKAM_HOME") as refusal:
        unpacked(Secret(value), NAME)
    assert len(value) < 5 or value not in str(refusal.value)


def test_nothing_is_unpacked_outside_of_the_home() -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo("../../escaped"))
    with pytest.raises(OckamError, match="OutsideDestinationError"):
        unpacked(Secret(base64.b64encode(archive.getvalue()).decode()), NAME)


def test_without_the_secret_it_is_azures_error(script: Path) -> None:
    with pytest.raises(ResourceNotFoundError):
        Administrator(lambda: vault(None), NAME).run("project", "ticket")  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize(
    ("cloud", "source"), [(vault("x"), NAME), (vault("x", enabled=False), None), (vault(None), None)]
)
def test_preflight_is_told_whether_the_identity_is_there(cloud: Cloud, source: str | None) -> None:
    assert Administrator(lambda: cloud, NAME).source() == source  # type: ignore[arg-type, return-value]


def test_without_the_setting_the_command_on_path_runs_with_the_home_at_hand(
    script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (script.parent / "identity.key").write_text("mine")
    monkeypatch.setenv("OCKAM_HOME", str(script.parent))
    administrator.cache_clear()
    assert administrator().run("project", "ticket") == "mine"
    assert administrator().source() == str(script)


class Release(BaseHTTPRequestHandler):
    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        self.send_response(200 if self.path.endswith("/0.157.0/ockam") else 404)
        self.end_headers()
        self.wfile.write(SCRIPT)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def release() -> Iterator[dict[str, Any]]:
    Release.asked = 0
    with HTTPServer(("127.0.0.1", 0), Release) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield {
            "version": "0.157.0",
            "url": f"http://127.0.0.1:{server.server_port}/{{version}}/ockam",
            "sha256": {platform.machine(): hashlib.sha256(SCRIPT).hexdigest()},
        }
        server.shutdown()


def test_the_pinned_release_is_downloaded_once(release: dict[str, Any], tmp_path: Path) -> None:
    found = [download(release, tmp_path) for _ in range(2)]
    assert Release.asked == 1
    assert set(found) == set(tmp_path.iterdir())
    ran = subprocess.run([found[0], "fail"], env={"OCKAM_HOME": "/x"}, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr.splitlines()[-1]) == (1, "/x")


def test_another_program_in_its_place_is_not_run(release: dict[str, Any], tmp_path: Path) -> None:
    download(release, tmp_path).write_bytes(b"#!/bin/sh\necho taken\n")
    assert download(release, tmp_path).read_bytes() == SCRIPT
    assert Release.asked == 2


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"sha256": {platform.machine(): "0" * 64}}, "is pinned; it is not run"),
        ({"sha256": {"vax": "0" * 64}}, f"no pinned Ockam for {platform.machine()}"),
        ({"version": "0.1.0"}, "could not be downloaded"),
    ],
)
def test_a_release_that_is_not_the_pinned_one_is_never_there(
    release: dict[str, Any], change: dict[str, Any], why: str, tmp_path: Path
) -> None:
    with pytest.raises(OckamError, match=why):
        download(release | change, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_where_there_is_no_command_the_pinned_one_runs(
    release: dict[str, Any], path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(path))
    cloud = vault(packed(identity_key=CANARY.encode()))
    runs = Administrator(lambda: cloud, NAME, release)  # type: ignore[arg-type, return-value]
    assert runs.run("project", "ticket") == CANARY
    assert [file.name for file in path.iterdir()] == [f"ockam-0.157.0-{hashlib.sha256(SCRIPT).hexdigest()[:12]}"]
