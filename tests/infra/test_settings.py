"""Bicep, host.json, the app's settings and docs/host.md say the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from isthmus.settings import MEANINGS, OPTIONAL, TUNING, Settings
from localcloud.host import ncrontab
from tests.infra.bicep import INFRA
from tests.infra.deployments import CHOICES, of_type, settings, the
from tests.infra.pages import DOCS, section
from tests.rules.source import ROOT

HOST = ROOT / "host.json"
BY_THE_PLATFORM = {"WEBSITE_AUTH_ENABLED", "WEBSITE_HOSTNAME"}
"""Read by the app, and set by App Service itself."""
OURS = {*MEANINGS, *OPTIONAL, *TUNING}
ROW = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)


def leaves(document: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in document.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def test_every_key_of_host_json_has_its_value_and_its_reason_and_no_other_has() -> None:
    told = dict(re.findall(r"^\| `([^`]+)` \| `([^`]+)` \| .{15,} \|$", section("host.md", "host.json"), re.MULTILINE))
    found = {
        key: str(value).lower() if isinstance(value, bool) else str(value)
        for key, value in leaves(json.loads(HOST.read_text()))
    }
    assert told == found


def test_every_setting_that_the_app_does_not_read_itself_has_its_reason() -> None:
    told = set(ROW.findall(section("host.md", "App settings of platform and SDKs")))
    made = {name for choice in CHOICES for name in settings(choice)}
    assert told == made - OURS


def test_telemetry_is_turned_on_as_its_page_says() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| `([^`]+)`", (DOCS / "telemetry.md").read_text(), re.MULTILINE)
    told = {name: value for name, value in rows if name.startswith(("OTEL_", "PYTHON_"))}
    assert len(told) == 3
    assert told.items() <= settings("defaults").items()
    assert json.loads(HOST.read_text())["telemetryMode"] == "OpenTelemetry"


def test_every_setting_that_the_app_reads_is_set() -> None:
    wanted = (OURS) - BY_THE_PLATFORM
    for choice in CHOICES:
        assert wanted - set(settings(choice)) == set()


def test_the_app_takes_them_as_they_are() -> None:
    for choice in CHOICES:
        taken, vault = Settings.read(settings(choice)), the(choice, "Microsoft.KeyVault/vaults")
        assert taken.vault_url == f"https://{vault.get('name')}.vault.azure.net"
        account = the(choice, "Microsoft.Storage/storageAccounts").get("name")
        assert taken.storage_url == f"https://{account}.blob.core.windows.net"
        for name, value in settings(choice).items():
            assert not name.endswith("_SCHEDULE") or ncrontab.parse(value)


def test_the_scheduler_is_reached_by_the_name_that_its_host_json_has() -> None:
    provider = json.loads((INFRA / "host.scheduler.json").read_text())["extensions"]["durableTask"]["storageProvider"]
    assert provider["connectionStringName"] in settings("everything")
    assert provider["connectionStringName"] not in settings("defaults")
    hub = the("everything", "Microsoft.DurableTask/schedulers/taskHubs").get("name")
    assert hub == json.loads(HOST.read_text())["extensions"]["durableTask"]["hubName"]


def test_there_are_as_many_threads_as_activities() -> None:
    activities = json.loads(HOST.read_text())["extensions"]["durableTask"]["maxConcurrentActivityFunctions"]
    assert settings("defaults")["PYTHON_THREADPOOL_THREAD_COUNT"] == str(activities)


def test_the_container_of_the_records_is_the_one_that_the_app_uses() -> None:
    containers = of_type("defaults", "Microsoft.Storage/storageAccounts/blobServices/containers")
    names = {one.get("name") for one in containers}
    assert '.get_container_client("isthmus")' in (ROOT / "activities" / "cloud.py").read_text()
    assert names == {"isthmus", "packages"}
