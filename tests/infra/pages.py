"""The pages in docs/."""

from __future__ import annotations

import re

from tests.rules.source import ROOT

DOCS = ROOT / "docs"


def section(page: str, title: str) -> str:
    """What stands under a heading of a page in docs/."""
    text = (DOCS / page).read_text()
    return re.split(r"^## ", text.split(f"\n## {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
