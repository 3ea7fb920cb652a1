"""The host dies while it builds, and goes on where it was."""

from __future__ import annotations


import pytest

from localcloud.conductor import LocalCloud
from tests.e2e.environment import ask, requests_seen, settle, spec, status

pytestmark = [pytest.mark.world, pytest.mark.xdist_group("crash")]


def recorded_ready(cloud: LocalCloud, name: str) -> set[str]:
    steps = [step for corp in status(cloud, name)["corps"] for step in corp["steps"]]
    return {step["id"] for step in steps if step["state"] == "ready"}


@pytest.mark.parametrize("after", [3, 12, 24])
def test_a_killed_host_goes_on_and_puts_nothing_twice(cloud: LocalCloud, after: int) -> None:
    name = f"crash-{after}-steps"
    assert ask(cloud, spec(name)).status == 202
    while len(recorded_ready(cloud, name)) < after:
        assert status(cloud, name)["phase"] not in ("failed", "gone")
    assert cloud.host is not None
    cloud.host.kill()
    seen = len(requests_seen(cloud))
    made = {
        request["path"].lower()
        for request in requests_seen(cloud)
        if request["method"] == "PUT" and request["status"] in (200, 201, 202) and name in request["path"]
    }
    cloud.start_host()
    document = settle(cloud, name)
    assert document["phase"] == "ready", document["error"]
    again = [
        request["path"]
        for request in requests_seen(cloud)[seen:]
        if request["method"] == "PUT" and request["path"].lower() in made and request["status"] < 300
    ]
    assert again == []
