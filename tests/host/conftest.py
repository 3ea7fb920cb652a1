"""A host that runs the app of features, reached through HTTP only; `--host-url` points the tests at another one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.host.driver import Host, Running


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The process behind `host`, for tests that look at what only a local host can show."""
    with Running(tmp_path_factory.mktemp("host")) as process:
        yield process


@pytest.fixture(scope="module")
def host(request: pytest.FixtureRequest) -> Host:
    elsewhere = request.config.getoption("--host-url")
    return Host(elsewhere) if elsewhere else request.getfixturevalue("running").host


@pytest.fixture
def spot(tmp_path: Path) -> str:
    """A file that activities may count in."""
    return str(tmp_path / "spot")
