"""The host dies while it builds, and goes on where it was."""

from __future__ import annotations

import pytest

from localcloud.conductor import LocalCloud
from tests.e2e.environment import ask, puts_to_arm, settle, spec, status

pytestmark = pytest.mark.world


def recorded_ready(cloud: LocalCloud, name: str) -> set[str]:
    steps = [step for corp in status(cloud, name)["corps"] for step in corp["steps"]]
    return {step["id"] for step in steps if step["state"] == "ready"}


def test_a_host_that_is_killed_time_and_again_goes_on_and_puts_nothing_twice(cloud: LocalCloud) -> None:
    name = "crash"
    assert ask(cloud, spec(name)).status == 202
    for ready in (3, 12, 24):
        while len(recorded_ready(cloud, name)) < ready:
            assert status(cloud, name)["phase"] not in ("failed", "gone")
        assert cloud.host is not None
        cloud.host.kill()
        cloud.start_host()
    document = settle(cloud, name)
    assert document["phase"] == "ready", document["error"]
    made = puts_to_arm(cloud, name)
    assert sorted(set(made)) == sorted(made)
    assert len([path for path in made if path.endswith("/runcommands/isthmus-client")]) == 1
