"""One local cloud for all tests of a file: real processes, real TLS, real namespaces where the machine allows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from localcloud.conductor import LocalCloud


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud() as running:
        yield running
