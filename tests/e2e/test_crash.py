"""The host dies while it builds, and goes on where it was."""

from __future__ import annotations

import pytest

from localcloud.conductor import LocalCloud
from tests.e2e.environment import ask, puts_to_arm, settle, spec, status

pytestmark = pytest.mark.world


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
    made = puts_to_arm(cloud, name)
    cloud.start_host()
    document = settle(cloud, name)
    assert document["phase"] == "ready", document["error"]
    again = puts_to_arm(cloud, name)[len(made) :]
    assert set(again) & set(made) == set()
    runs = [path for path in made + again if path.endswith("/runcommands/isthmus-client")]
    assert len(runs) == 1
