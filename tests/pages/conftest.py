"""A browser for the tests of a module, and the site that it looks at; property tests try the same examples always."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.pages.site import Site, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser


settings.register_profile("steady", deadline=None, derandomize=True, database=None)
settings.load_profile("steady")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    pytest.importorskip("playwright", reason="playwright is not installed")
    from tests.pages.browser import chromium, chromium_path

    if chromium_path() is None:
        pytest.skip("no Chromium: CHROMIUM names none, and none is on PATH")
    with chromium() as found:
        yield found


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as found:
        yield found
