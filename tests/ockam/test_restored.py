"""The administrator's identity, packed as docs/tickets.md says and restored as the app does, is an administrator."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from activities.ockam import Administrator, OckamError
from tests.ockam.world import ROOT, World
from tests.unit.fakes import Cloud
from tests.unit.vault import Secrets

MOST = 25_000
"""Characters that Key Vault takes as one secret's value."""


def packing() -> str:
    """The command of the page."""
    (command,) = re.findall(r"^ +(tar -C .+) > packed$", (ROOT / "docs" / "tickets.md").read_text(), re.MULTILINE)
    return str(command)


@pytest.fixture
def restored(world: World, monkeypatch: pytest.MonkeyPatch) -> Administrator:
    monkeypatch.setenv("PATH", f"{world.directory}:{os.environ['PATH']}")
    home = world.administrator.home
    for noise in ("nodes/default/log", "application_database.sqlite3", "audit.log"):
        (home / noise).parent.mkdir(parents=True, exist_ok=True)
        (home / noise).write_bytes(os.urandom(50_000))
    environment = {"PATH": os.environ["PATH"], "OCKAM_HOME": str(home)}
    packed = subprocess.run(["sh", "-c", packing()], env=environment, capture_output=True, text=True, check=True).stdout
    assert len(packed) <= MOST
    cloud = Cloud(secrets=Secrets())
    cloud.secrets.set_secret("ockam-administrator", packed, content_type="ockam-home", enabled=True)
    return Administrator(lambda: cloud, "ockam-administrator")  # type: ignore[arg-type, return-value]


def test_it_issues_tickets_and_removes_members(world: World, restored: Administrator) -> None:
    ticket = restored.run("project", "ticket", "--attribute", "inlet").strip()
    machine = world.machine("inlet")
    machine.create({"tcp-inlet": {"from": "127.0.0.1:0", "via": "relay-1", "allow": "outlet"}}, ticket)
    restored.run("project-member", "delete", world.bearer("inlet"))
    assert [member for member in world.members() if "inlet" in member["attributes"]] == []


def test_what_it_does_in_its_home_stays_there(world: World, restored: Administrator) -> None:
    before = {path: path.read_bytes() for path in world.administrator.home.rglob("*") if path.is_file()}
    restored.run("project", "ticket", "--attribute", "inlet")
    assert {path: path.read_bytes() for path in world.administrator.home.rglob("*") if path.is_file()} == before
    assert not (Path(str(restored._home)) / "nodes").exists()


def test_once_removed_it_is_an_administrator_no_longer(world: World, restored: Administrator) -> None:
    (own,) = (member["identifier"] for member in world.members())
    world.administrator("project-member", "delete", own)
    with pytest.raises(OckamError, match="`ockam project ticket` failed"):
        restored.run("project", "ticket", "--attribute", "inlet")
