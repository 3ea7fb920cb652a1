from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ockam.world import Machine, Target, World, echo_whole


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def echo() -> Iterator[Target]:
    target = Target(echo_whole)
    yield target
    target.close()


@dataclass(frozen=True)
class Portal:
    """One that stands, for tests that leave it as it is."""

    world: World
    outlet: Machine
    inlet: Machine
    port: int


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory, echo: Target) -> Iterator[Portal]:
    world = World(tmp_path_factory.mktemp("portal"))
    try:
        outlet = world.outlet(echo.address)
        yield Portal(world, outlet, *world.inlet())
    finally:
        world.close()
