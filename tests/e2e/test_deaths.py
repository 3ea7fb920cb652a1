"""The real host is killed at points that a seed draws: in transactions, before requests to Azure and when they are
answered; while environments are built, deleted and swept up. Nothing is made twice, and nothing is left."""

from __future__ import annotations

import contextlib
import random
import urllib.error
from collections.abc import Callable
from http.client import HTTPException
from typing import Any

import pytest

from isthmus import names
from localcloud.client import call
from localcloud.conductor import LocalCloud, StartError
from localcloud.demo import left_over
from tests.e2e.environment import ask, census, puts_to_arm, spec, status, until
from tests.e2e.records import change_record
from tests.e2e.test_secrets import hits

pytestmark = pytest.mark.world
SEED = 20261128
DELETED, SWEPT = "dies-deleted", "dies-swept"
BOTH = (DELETED, SWEPT)
GONE = (urllib.error.URLError, HTTPException, OSError, ValueError)
LONG_AGO = "2020-01-01T00:00:00Z"
CREATING = (("asked", 60), ("answered", 90), ("before", 120))
ENDING = (("answered", 30), ("after", 40))
"""Where it dies: between the first and so many transactions, or requests, of that host."""


def killed_at(cloud: LocalCloud, when: str, turn: int) -> None:
    """The next host, which dies there."""
    assert cloud.host is not None
    cloud.host.kill()
    with contextlib.suppress(StartError):
        cloud.start_host("tests.host.dying", when, str(turn))


def through(cloud: LocalCloud, points: tuple[tuple[str, int], ...], drive: Callable[[], None], end: str) -> int:
    """From death to death, and then to the end with a host that lives; how many died."""
    drawn, died = random.Random(f"{SEED} {end}"), 0
    for when, most in points:
        killed_at(cloud, when, drawn.randrange(1, most))
        with contextlib.suppress(*GONE):
            drive()
        until(lambda: not alive(cloud) or over(cloud, end))
        died += not alive(cloud)
    assert cloud.host is not None
    cloud.host.kill()
    cloud.start_host()
    drive()
    until(lambda: over(cloud, end))
    return died


def alive(cloud: LocalCloud) -> bool:
    return cloud.host is not None and cloud.host.running


def over(cloud: LocalCloud, end: str) -> bool:
    try:
        return all(status(cloud, name).get("phase") == end for name in BOTH)
    except GONE:
        return False


def expire(cloud: LocalCloud, name: str) -> None:
    """Its lease ended long ago, as its tags and its record say."""
    document = status(cloud, name)
    for corp in document["corps"]:
        tags: dict[str, Any] = {"tags": {names.TAG_EXPIRES_AT: LONG_AGO}}
        (group,) = [item for item in census(cloud)["Microsoft.Resources/resourceGroups"]
                    if item.endswith(f"/{corp['resource_group']}")]  # fmt: skip
        assert call("POST", f"{cloud.control}/localcloud/plant", {"id": group, "body": tags}).status == 200
    change_record(cloud, (name, document["generation"]), {"expires_at": LONG_AGO})


def test_wherever_the_host_is_killed_nothing_is_made_twice_and_nothing_is_left(cloud: LocalCloud) -> None:
    before = census(cloud)

    def create() -> None:
        for name in BOTH:
            assert ask(cloud, spec(name, on_failure="rollback")).status == 202

    assert through(cloud, CREATING, create, "ready") == len(CREATING)
    for name in BOTH:
        made = puts_to_arm(cloud, name)
        assert sorted(set(made)) == sorted(made)
    expire(cloud, SWEPT)

    def end() -> None:
        if status(cloud, DELETED)["phase"] != "gone":
            assert call("DELETE", f"{cloud.url}/api/environments/{DELETED}").status == 202
        assert call("POST", f"{cloud.url}/admin/functions/end_expired", {"input": ""}).status == 202

    assert through(cloud, ENDING, end, "gone") > 0
    assert left_over(before, census(cloud)) == []
    secrets = call("GET", f"{cloud.control}/localcloud/canaries").json()
    held = {secret for secret in secrets if len(secret) >= 20}
    assert len(held) > 5
    assert {secret: hits(cloud, DELETED, secret) for secret in held} == {secret: [] for secret in held}
