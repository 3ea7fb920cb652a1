"""Options of all tests."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--host-url",
        help="a Functions host that runs tests/host/features, to point the host's conformance tests at",
    )
