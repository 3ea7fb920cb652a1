"""The app settings: all that is missing is named at once."""

from __future__ import annotations

import itertools

import pytest

from isthmus.errors import ConfigurationError, IsthmusError
from isthmus.settings import MEANINGS, Settings

SETTINGS = {
    "AZURE_SUBSCRIPTION_ID": "sub",
    "ISTHMUS_KEY_VAULT_ID": "/subscriptions/sub/resourceGroups/g/providers/Microsoft.KeyVault/vaults/keep",
    "ISTHMUS_STORAGE_URL": "https://s.example",
}


def test_settings_are_read_by_their_names() -> None:
    settings = Settings.read(SETTINGS | {"PATH": "/bin"})
    assert (settings.subscription, settings.storage_url) == ("sub", "https://s.example")
    assert settings.vault_url == "https://keep.vault.azure.net"


@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_missing_setting_is_named_with_what_it_is_for(count: int) -> None:
    for missing in itertools.combinations(MEANINGS, count):
        with pytest.raises(ConfigurationError) as caught:
            Settings.read({name: value for name, value in SETTINGS.items() if name not in missing})
        assert all(name in str(caught.value) and MEANINGS[name] in str(caught.value) for name in missing)
        assert [name for name in SETTINGS if name in str(caught.value)] == list(missing)


def test_an_empty_setting_is_a_missing_one() -> None:
    with pytest.raises(IsthmusError, match="AZURE_SUBSCRIPTION_ID"):
        Settings.read(SETTINGS | {"AZURE_SUBSCRIPTION_ID": ""})
