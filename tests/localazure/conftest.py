"""One CA for all tests here; one local Azure over real connections for each file that asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from localcloud.azure import Certificates
from tests.localazure.direct import Direct
from tests.localazure.world import World, make


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def world(certificates: Certificates) -> Iterator[World]:
    running = World(certificates)
    running.start()
    yield running
    running.close()


@pytest.fixture
def direct() -> Iterator[Direct]:
    """A local Azure of its own, on virtual time."""
    with Direct() as azure:
        yield azure
