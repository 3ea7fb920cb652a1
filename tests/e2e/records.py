"""The records of a running local cloud, as the app's own identity changes them."""

from __future__ import annotations

from typing import Any

from activities.cloud import Cloud
from activities.records import Life, Records
from isthmus.settings import Settings
from localcloud.conductor import LocalCloud
from tests.localazure.world import environment


def change_record(cloud: LocalCloud, life: Life, details: dict[str, Any]) -> None:
    """Lays the details over a life's record."""
    assert cloud.world is not None
    settings: dict[str, str] = cloud.world.ready["settings"]
    with environment(settings):
        records = Records(Cloud(Settings.read(settings)).records)
        assert records.change(life, lambda record: record | details) is not None
