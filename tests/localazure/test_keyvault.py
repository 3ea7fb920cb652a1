"""Key Vault through the SDK's own client: versions, soft delete, and access that takes its time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.keyvault.secrets import SecretClient

from activities.cloud import code_of
from isthmus import names
from localcloud.azure import seed
from localcloud.azure.rbac import Caller
from tests.localazure.direct import Direct
from tests.localazure.inprocess import Identity, Transport
from tests.localazure.world import World
from tests.unit.driver import START

GUID = "7f3c1f0e-0000-4000-8000-000000000001"
LATER = datetime.fromtimestamp(START, UTC) + timedelta(hours=1)


@pytest.fixture
def vault(direct: Direct) -> Any:
    """As the app has it."""
    return direct.cloud.secrets


def refused(call: Any, *arguments: Any, **more: Any) -> tuple[int | None, str]:
    with pytest.raises(HttpResponseError) as refusal:
        call(*arguments, **more)
    return refusal.value.status_code, code_of(refusal.value)


def test_a_secret_keeps_its_value_its_content_type_its_tags_and_its_end(vault: Any) -> None:
    vault.set_secret("one", "value", content_type="ticket", tags={"owner": "us"}, expires_on=LATER)
    found = vault.get_secret("one")
    assert (found.value, found.properties.content_type, found.properties.tags) == ("value", "ticket", {"owner": "us"})
    assert (found.properties.expires_on, found.properties.enabled) == (LATER, True)
    assert found.properties.vault_url.endswith(".vault.azure.net")


def test_names_are_found_in_any_case(vault: Any) -> None:
    vault.set_secret("One", "value")
    assert vault.get_secret("oNE").value == "value"


def test_each_value_is_a_version_and_the_newest_is_the_one_that_is_got(vault: Any, direct: Direct) -> None:
    first = vault.set_secret("one", "first").properties.version
    direct.advance(5)
    second = vault.set_secret("one", "second").properties.version
    assert vault.get_secret("one").value == "second"
    assert vault.get_secret("one", first).value == "first"
    versions = list(vault.list_properties_of_secret_versions("one"))
    assert [version.version for version in sorted(versions, key=lambda v: v.created_on)] == [first, second]
    assert refused(vault.get_secret, "one", "0" * 32) == (404, "SecretNotFound")


def test_a_disabled_secret_has_properties_and_no_value(vault: Any) -> None:
    vault.set_secret("one", "reserved", content_type="reserved", enabled=False)
    assert refused(vault.get_secret, "one") == (403, "SecretDisabled")
    (version,) = vault.list_properties_of_secret_versions("one")
    assert (version.enabled, version.content_type) == (False, "reserved")
    vault.update_secret_properties("one", enabled=True)
    assert vault.get_secret("one").value == "reserved"


def test_properties_that_an_update_leaves_out_stay(vault: Any) -> None:
    vault.set_secret("one", "value", content_type="ticket", tags={"a": "b"})
    changed = vault.update_secret_properties("one", enabled=False)
    assert (changed.content_type, changed.tags, changed.enabled) == ("ticket", {"a": "b"}, False)


def test_what_was_never_there_is_not_found(vault: Any) -> None:
    assert refused(vault.get_secret, "nothing") == (404, "SecretNotFound")
    assert list(vault.list_properties_of_secret_versions("nothing")) == []
    assert refused(vault.begin_delete_secret, "nothing") == (404, "SecretNotFound")
    assert refused(vault.get_deleted_secret, "nothing") == (404, "SecretNotFound")


def test_a_list_names_every_secret_and_shows_no_value(vault: Any) -> None:
    for name in ("one", "two"):
        vault.set_secret(name, f"CANARY-{name}")
    listed = list(vault.list_properties_of_secrets())
    assert {item.name for item in listed} == {"one", "two"}
    assert "CANARY" not in str([vars(item) for item in listed])


def test_a_deleted_secret_is_recovered_with_its_value(vault: Any, direct: Direct) -> None:
    vault.set_secret("one", "value")
    vault.begin_delete_secret("one")
    assert refused(vault.get_secret, "one") == (404, "SecretNotFound")
    direct.advance(5)
    assert [item.name for item in vault.list_deleted_secrets()] == ["one"]
    vault.begin_recover_deleted_secret("one")
    assert vault.get_secret("one").value == "value"
    assert list(vault.list_deleted_secrets()) == []


def test_with_purge_protection_nobody_purges_and_the_secret_says_so(vault: Any, direct: Direct) -> None:
    vault.set_secret("one", "value")
    assert vault.get_secret("one").properties.recovery_level == "Recoverable+Purgeable"
    direct.azure.seed.vault.properties["enablePurgeProtection"] = True
    vault.begin_delete_secret("one")
    direct.advance(5)
    assert vault.get_deleted_secret("one").properties.recovery_level == "Recoverable"
    with pytest.raises(HttpResponseError, match="purge protection is enabled") as refusal:
        vault.purge_deleted_secret("one")
    assert refusal.value.status_code == 403
    assert [item.name for item in vault.list_deleted_secrets()] == ["one"]


def test_a_deleted_secret_s_name_is_taken_until_it_is_purged(vault: Any, direct: Direct) -> None:
    vault.set_secret("one", "value")
    vault.begin_delete_secret("one")
    assert refused(vault.set_secret, "one", "new") == (409, "ObjectIsBeingDeleted")
    # For a while it is in neither place.
    assert refused(vault.get_deleted_secret, "one") == (404, "SecretNotFound")
    assert refused(vault.purge_deleted_secret, "one") == (404, "SecretNotFound")
    direct.advance(5)
    deleted = vault.get_deleted_secret("one")
    assert (deleted.scheduled_purge_date - deleted.deleted_date).days == 90
    assert refused(vault.set_secret, "one", "new") == (409, "ObjectIsDeletedButRecoverable")
    vault.purge_deleted_secret("one")
    assert list(vault.list_properties_of_secret_versions("one")) == []
    vault.set_secret("one", "new")


def test_a_value_has_its_limits(vault: Any) -> None:
    assert refused(vault.set_secret, "one", "x" * (25 * 1024 + 1)) == (400, "BadParameter")


class Reader:
    """A VM's identity, with a client of its own."""

    def __init__(self, direct: Direct) -> None:
        self.direct = direct
        cloud = direct.azure.cloud
        self.caller = Caller(cloud.uuid(), cloud.uuid())
        self.scope = f"{direct.azure.seed.vault.id}/secrets/one"
        identity = _As(direct, self.caller)
        transport = Transport(direct.session)
        url = f"https://{direct.azure.seed.vault.name}.vault.azure.net"
        self.vault = SecretClient(url, identity, transport=transport, retry_total=0)

    def grant(self) -> None:
        path = f"{self.scope}/providers/Microsoft.Authorization/roleAssignments/{GUID}"
        role = names.role_definition(self.direct.azure.cloud.subscription, names.SECRETS_USER_ROLE)
        properties = {"roleDefinitionId": role, "principalId": self.caller.object_id}
        body = {"properties": properties | {"principalType": "ServicePrincipal"}}
        assert self.direct.arm().call("PUT", path, body).status_code == 201

    def revoke(self) -> None:
        path = f"{self.scope}/providers/Microsoft.Authorization/roleAssignments/{GUID}"
        assert self.direct.arm().call("DELETE", path).status_code == 200


class _As(Identity):
    def __init__(self, direct: Direct, caller: Caller) -> None:
        super().__init__(direct.azure)
        self._caller = caller

    @property
    def caller(self) -> Caller:
        return self._caller


def test_a_role_on_one_secret_lets_in_when_it_has_propagated_and_to_that_secret_only(direct: Direct) -> None:
    for name in ("one", "two"):
        direct.cloud.secrets.set_secret(name, "value")
    reader = Reader(direct)
    assert refused(reader.vault.get_secret, "one") == (403, "ForbiddenByRbac")
    reader.grant()
    direct.advance(59)
    assert refused(reader.vault.get_secret, "one") == (403, "ForbiddenByRbac")
    direct.advance(1)
    assert reader.vault.get_secret("one").value == "value"
    assert refused(reader.vault.get_secret, "two") == (403, "ForbiddenByRbac")
    assert refused(reader.vault.set_secret, "one", "mine") == (403, "ForbiddenByRbac")
    assert refused(lambda: list(reader.vault.list_properties_of_secrets())) == (403, "ForbiddenByRbac")


def test_a_role_can_be_given_before_its_secret_exists(direct: Direct) -> None:
    reader = Reader(direct)
    reader.grant()
    direct.advance(60)
    assert refused(reader.vault.get_secret, "one") == (404, "SecretNotFound")
    direct.cloud.secrets.set_secret("one", "value")
    assert reader.vault.get_secret("one").value == "value"


def test_access_that_is_taken_away_is_gone(direct: Direct) -> None:
    direct.cloud.secrets.set_secret("one", "value")
    reader = Reader(direct)
    reader.grant()
    direct.advance(60)
    assert reader.vault.get_secret("one").value == "value"
    reader.revoke()
    assert refused(reader.vault.get_secret, "one") == (403, "ForbiddenByRbac")


def test_a_refusal_says_who_wanted_what_where(direct: Direct) -> None:
    reader = Reader(direct)
    with pytest.raises(HttpResponseError) as refusal:
        reader.vault.get_secret("one")
    text = str(refusal.value)
    assert reader.caller.object_id in text
    assert "Microsoft.KeyVault/vaults/secrets/getSecret/action" in text
    assert reader.scope in text


def test_ownership_of_the_subscription_opens_no_vault(direct: Direct) -> None:
    cloud = direct.azure.cloud
    reader = Reader(direct)
    seed.grant(cloud, reader.caller.object_id, seed.OWNER, f"/subscriptions/{cloud.subscription}")
    assert refused(reader.vault.get_secret, "one") == (403, "ForbiddenByRbac")


def test_the_client_finds_its_way_by_the_vault_s_challenge_over_a_real_connection(world: World) -> None:
    url = f"https://{world.azure.seed.vault.name}.vault.azure.net"
    with SecretClient(url, world.administrator(), **world.options()) as vault:
        vault.set_secret("one", "value")
        assert vault.get_secret("one").value == "value"
        vault.begin_delete_secret("one").wait()
        vault.purge_deleted_secret("one")
        with pytest.raises(ResourceNotFoundError):
            vault.get_secret("one")


def test_another_vault_s_name_answers_to_nobody(direct: Direct) -> None:
    url = "https://no-such.vault.azure.net/secrets?api-version=7.6"
    assert direct.send("GET", url).status_code == 404
    own = f"https://{direct.azure.seed.vault.name}.vault.azure.net/secrets?api-version=1.0"
    headers = {"Authorization": f"Bearer {direct.token('https://vault.azure.net')}"}
    assert direct.send("GET", own, headers=headers).json()["error"]["code"] == "BadParameter"
