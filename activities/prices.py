"""The table of prices that is deployed with the app."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import isthmus
from isthmus.cost import Prices

TABLE = Path(isthmus.__file__).with_name("prices.json")


@cache
def prices() -> Prices:
    return Prices.read(json.loads(TABLE.read_text()))
