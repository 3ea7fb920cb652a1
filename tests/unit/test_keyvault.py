"""Key Vault: reserved places, tickets handed in, the API key; no value comes out."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from activities import keyvault
from activities.keyvault import ensure_api_key, ensure_reserved, keep_tickets, remove_api_key, remove_reserved
from isthmus import names
from isthmus.secretref import Secret
from tests.unit.fakes import Cloud, records_with, refusal, request
from tests.unit.samples import LIFE, plan, step_of
from tests.unit.vault import Secrets

RESERVE = step_of(plan(), "ai-corp/reserved_ticket")
KEY = step_of(plan(), "ai-corp/api_key")
TICKET_SECRET, KEY_SECRET = RESERVE["wanted"]["secret"], KEY["wanted"]["secret"]
STOPPING = {"phase": "building", "stop": {"why": "delete", "detail": ""}}
CANARY = "canary-value"


class Accounts:
    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def list_keys(self, group: str, account: str) -> Any:
        self.asked.append((group, account))
        return SimpleNamespace(key1=CANARY, key2="other")


@pytest.fixture
def cloud() -> Cloud:
    return Cloud(secrets=Secrets(), cognitive=SimpleNamespace(accounts=Accounts()))


def reserved(cloud: Cloud, secret: str = KEY_SECRET) -> Cloud:
    keyvault.put(cloud, secret, Secret("reserved"), "reserved", {})  # type: ignore[arg-type]
    return cloud


def test_a_place_is_reserved_disabled_tagged_and_of_its_own_content_type(cloud: Cloud) -> None:
    assert ensure_reserved(request(RESERVE, cloud)) == {"state": "ready", "outputs": {}, "wrote": True}
    made = cloud.secrets.newest(TICKET_SECRET)
    assert (made.enabled, made.content_type) == (False, "reserved")
    assert made.tags[names.TAG_ENVIRONMENT] == "demo"


def test_a_place_that_is_there_is_left_as_it_is_whatever_it_holds(cloud: Cloud) -> None:
    keyvault.put(cloud, TICKET_SECRET, Secret(CANARY), "ticket", {})  # type: ignore[arg-type]
    assert ensure_reserved(request(RESERVE, cloud))["wrote"] is False
    assert cloud.secrets.newest(TICKET_SECRET).value == CANARY


def test_no_place_is_reserved_in_an_environment_that_is_being_stopped(cloud: Cloud) -> None:
    outcome = ensure_reserved(request(RESERVE, cloud, records_with(**STOPPING)))
    assert outcome["code"] == "Stopped"  # type: ignore[typeddict-item]
    assert cloud.secrets.writes == []


@pytest.mark.parametrize(
    ("error", "state"), [(refusal(403, "ForbiddenByRbac"), "pending"), (refusal(401, "No"), "failed")]
)
@pytest.mark.parametrize("verb", [ensure_reserved, remove_reserved, ensure_api_key, remove_api_key])
def test_what_the_vault_refuses_is_an_outcome(cloud: Cloud, verb: Any, error: Exception, state: str) -> None:
    cloud.secrets.fail = error
    assert verb(request(KEY if "key" in verb.__name__ else RESERVE, cloud))["state"] == state


def test_a_place_is_deleted_then_purged_then_gone(cloud: Cloud) -> None:
    reserved(cloud, TICKET_SECRET)
    words, records = [], records_with(phase="deleting")
    for writes in range(3):
        outcome = remove_reserved(request(RESERVE, cloud, records, writes=writes))
        words.append((outcome["state"], outcome["wrote"]))
    assert words == [("pending", True), ("pending", True), ("ready", False)]
    assert not cloud.secrets.deleted


def test_a_place_that_nobody_may_purge_is_gone_with_the_date_until_which_the_vault_keeps_it(cloud: Cloud) -> None:
    reserved(cloud, TICKET_SECRET)
    cloud.secrets.purge_protection = True
    words = [remove_reserved(request(RESERVE, cloud, writes=writes)) for writes in range(2)]
    assert words[0]["state"] == "pending"
    assert words[1] == {"state": "ready", "outputs": {"stays_until": "2026-04-01T12:30:00Z"}, "wrote": False}
    assert TICKET_SECRET in cloud.secrets.deleted


def test_a_place_that_was_never_there_is_gone(cloud: Cloud) -> None:
    assert remove_reserved(request(RESERVE, cloud))["state"] == "ready"


def lost(cloud: Cloud) -> None:
    """The vault shows the secret in neither place."""
    cloud.secrets.deleted.clear()


def test_between_delete_and_purge_there_is_a_while_in_which_it_is_nowhere(cloud: Cloud) -> None:
    records = records_with(phase="deleting")
    remove_reserved(request(RESERVE, reserved(cloud, TICKET_SECRET), records))
    lost(cloud)
    assert remove_reserved(request(RESERVE, cloud, records))["state"] == "pending"
    cloud.time += keyvault.SETTLES
    assert remove_reserved(request(RESERVE, cloud, records))["state"] == "ready"


def test_once_its_purge_was_asked_for_a_place_that_is_nowhere_is_gone(cloud: Cloud) -> None:
    records = records_with(phase="deleting")
    for _ in range(2):
        remove_reserved(request(RESERVE, reserved(cloud, TICKET_SECRET) if not _ else cloud, records))
    assert remove_reserved(request(RESERVE, cloud, records))["state"] == "ready"


def test_a_place_that_somebody_deleted_is_recovered_with_what_it_held(cloud: Cloud) -> None:
    reserved(cloud, TICKET_SECRET).secrets.begin_delete_secret(TICKET_SECRET)
    assert ensure_reserved(request(RESERVE, cloud))["state"] == "pending"
    assert ensure_reserved(request(RESERVE, cloud)) == {"state": "ready", "outputs": {}, "wrote": False}


def test_a_removal_that_died_after_its_delete_goes_on_with_the_purge(cloud: Cloud) -> None:
    reserved(cloud, TICKET_SECRET).secrets.begin_delete_secret(TICKET_SECRET)
    assert remove_reserved(request(RESERVE, cloud))["state"] == "pending"
    assert not cloud.secrets.deleted


def test_the_key_goes_from_account_to_vault_and_into_no_outcome(cloud: Cloud) -> None:
    outcome = ensure_api_key(request(KEY, reserved(cloud)))
    assert outcome == {"state": "ready", "outputs": {}, "wrote": True}
    made = cloud.secrets.newest(KEY_SECRET)
    assert (made.value, made.content_type, made.enabled) == (CANARY, "api-key", True)
    assert cloud.cognitive.accounts.asked == [("isthmus-demo-abc234-ai-corp", KEY["wanted"]["account"].split("/")[-1])]
    assert CANARY not in json.dumps(outcome)


def test_the_key_is_written_once(cloud: Cloud) -> None:
    reserved(cloud)
    ensure_api_key(request(KEY, cloud))
    assert ensure_api_key(request(KEY, cloud)) == {"state": "ready", "outputs": {}, "wrote": False}
    assert len(cloud.secrets.list_properties_of_secret_versions(KEY_SECRET)) == 2  # its place, then the key


def test_a_key_that_was_rotated_outside_is_written_anew_and_its_twin_is_as_good(cloud: Cloud) -> None:
    reserved(cloud)
    ensure_api_key(request(KEY, cloud))
    cloud.cognitive.accounts.list_keys = lambda *where: SimpleNamespace(key1="new", key2=CANARY)
    assert ensure_api_key(request(KEY, cloud))["wrote"] is False
    cloud.cognitive.accounts.list_keys = lambda *where: SimpleNamespace(key1="new", key2="other")
    assert ensure_api_key(request(KEY, cloud))["wrote"] is True
    assert cloud.secrets.get_secret(KEY_SECRET).value == "new"


def test_a_key_has_no_place_that_was_not_reserved(cloud: Cloud) -> None:
    assert ensure_api_key(request(KEY, cloud))["code"] == "NotReserved"  # type: ignore[typeddict-item]
    assert cloud.cognitive.accounts.asked == []


def test_no_key_is_fetched_in_an_environment_that_is_being_stopped(cloud: Cloud) -> None:
    outcome = ensure_api_key(request(KEY, reserved(cloud), records_with(**STOPPING)))
    assert outcome["code"] == "Stopped"  # type: ignore[typeddict-item]
    assert cloud.cognitive.accounts.asked == []


def test_removing_the_key_shuts_it_at_once_and_leaves_its_place(cloud: Cloud) -> None:
    ensure_api_key(request(KEY, reserved(cloud)))
    assert remove_api_key(request(KEY, cloud))["wrote"]
    assert cloud.secrets.newest(KEY_SECRET).enabled is False
    assert remove_api_key(request(KEY, cloud)) == {"state": "ready", "outputs": {}, "wrote": False}


@pytest.mark.parametrize(
    ("content_type", "enabled", "held"),
    [("ticket", True, True), ("ticket", False, False), ("reserved", True, False), (None, True, False)],
)
def test_only_an_enabled_version_of_its_content_type_is_a_value(content_type: str, enabled: bool, held: bool) -> None:
    version = SimpleNamespace(enabled=enabled, content_type=content_type)
    assert keyvault.is_value(version, "ticket") is held
    assert keyvault.is_value(None, "ticket") is False


def test_the_newest_version_counts(cloud: Cloud) -> None:
    reserved(cloud)
    keyvault.put(cloud, KEY_SECRET, Secret(CANARY), "api-key", {})  # type: ignore[arg-type]
    assert keyvault.holds(cloud, KEY_SECRET, "api-key")  # type: ignore[arg-type]


def test_tickets_that_came_along_are_kept_once_with_whose_they_are(cloud: Cloud) -> None:
    for value in ("first", "second"):
        keep_tickets(cloud, *LIFE, {"ai-corp": Secret(value)}, {"team": "research"})  # type: ignore[arg-type]
    made = cloud.secrets.newest(TICKET_SECRET)
    assert (made.value, made.content_type, made.tags[names.TAG_CORP]) == ("first", "ticket", "ai-corp")
    assert made.tags["team"] == "research"
    assert cloud.secrets.writes == [TICKET_SECRET]
