"""A line of the host's log has the app's fields as fields."""

from __future__ import annotations

import json
import logging

from localcloud.host.logs import JsonLines


def test_what_the_app_adds_to_a_line_stands_beside_its_words() -> None:
    extra = {"environment": "demo", "step": "ai-corp/ticket"}
    record = logging.getLogger("isthmus").makeRecord(
        "isthmus.steps", logging.INFO, __file__, 1, "%s ready", ("ensure",), None, extra=extra
    )
    line = json.loads(JsonLines().format(record))
    del line["time"]
    assert line == {"level": "info", "logger": "isthmus.steps", "message": "ensure ready", **extra}
