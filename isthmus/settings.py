"""The app settings, read once; a missing one is named together with all the others that are missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from isthmus.errors import ConfigurationError

MEANINGS = {
    "AZURE_SUBSCRIPTION_ID": "subscription that environments are built in",
    "ISTHMUS_KEY_VAULT_ID": "ARM id of the Key Vault that keeps tickets and API keys",
    "ISTHMUS_STORAGE_URL": "blob endpoint of the storage account that keeps the records",
}

OPTIONAL = {
    "ISTHMUS_CLEANUP_SCHEDULE": "when expired environments are looked for, as NCRONTAB; the timer trigger reads it",
    "ISTHMUS_DURABLE_URLS": "`off` leaves the Durable status-query URLs, which carry a key of the whole task hub, out "
    "of the answer to a creation",
    "ISTHMUS_OCKAM_IDENTITY": "name of the vault's secret with the packed OCKAM_HOME of an enrolled administrator; "
    "without it, `ockam` on PATH is run with the OCKAM_HOME that is at hand",
    "WEBSITE_AUTH_ENABLED": "set by App Service where its Entra authentication is in front; only then is the caller's "
    "name believed and recorded",
}
"""What the app also reads, beside what its platform and SDKs do: name -> meaning."""


@dataclass(frozen=True)
class Settings:
    subscription: str
    vault_id: str
    storage_url: str

    @property
    def vault_url(self) -> str:
        return f"https://{self.vault_id.rsplit('/', 1)[-1]}.vault.azure.net"

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """Raises ConfigurationError naming every setting that is missing and what it is for."""
        missing = [f"{name} ({meaning})" for name, meaning in MEANINGS.items() if not environment.get(name)]
        if missing:
            raise ConfigurationError("App settings are missing: " + "; ".join(missing))
        return cls(*(environment[name] for name in MEANINGS))
