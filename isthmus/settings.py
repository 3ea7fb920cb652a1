"""The app settings, read once; whatever is missing or wrong is named together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from isthmus.errors import ConfigurationError

MEANINGS = {
    "AZURE_SUBSCRIPTION_ID": "subscription that environments are built in",
    "ISTHMUS_KEY_VAULT_ID": "ARM id of the Key Vault that keeps tickets and API keys",
    "ISTHMUS_STORAGE_URL": "blob endpoint of the storage account that keeps the records",
}

Cleanup = Literal["on", "dry-run", "off"]

TUNING = {
    "ISTHMUS_CLEANUP": "`on` (default): the timer takes down what has expired; `dry-run`: it only reports what it "
    "would take down; `off`: it does nothing at all, and a sweep that is at work begins no further teardown",
    "ISTHMUS_CLEANUP_MOST": "how many environments one sweep takes down at most (default 20); the others come next "
    "time, the oldest lease first",
    "ISTHMUS_RETENTION_DAYS": "how many days the record of an environment that is gone, finished orchestration history "
    "and the reports of sweeps are kept (default 30)",
}
"""What may be left out: name -> meaning."""

OPTIONAL = {
    "ISTHMUS_CLEANUP_SCHEDULE": "when expired environments are looked for, as NCRONTAB; the timer trigger reads it",
    "ISTHMUS_DRIFT_SCHEDULE": "when environments that are ready are looked at for drift, as NCRONTAB; the timer "
    "trigger reads it",
    "ISTHMUS_DURABLE_URLS": "`off` leaves the Durable status-query URLs, which carry a key of the whole task hub, out "
    "of the answer to a creation",
    "ISTHMUS_EVENTS_PRIVATE": "`allow` lets lifecycle events go to private address ranges, such as a receiver in the "
    "app's own network; loopback and link-local addresses are refused in any case",
    "ISTHMUS_EVENTS_SCHEDULE": "when lifecycle events are sent, as NCRONTAB; the timer trigger reads it. "
    "`*/30 * * * * *` tells of everything within half a minute",
    "ISTHMUS_EVENTS_SECRET": "name of the vault's secret that events to the webhook of `ISTHMUS_EVENTS_URL` are signed "
    "with; begins with `webhook-`; `webhook-signing` where it is left out",
    "ISTHMUS_EVENTS_URL": "who is told of the lifecycle events of environments whose request names nobody: a webhook's "
    "https URL, or an Event Grid topic's endpoint; nobody where it is left out",
    "ISTHMUS_EXPIRING_MINUTES": "so many minutes before the end of a lease it is told of; 60 where it is left out",
    "ISTHMUS_OCKAM_IDENTITY": "name of the vault's secret with the packed OCKAM_HOME of an enrolled administrator; "
    "without it, `ockam` on PATH is run with the OCKAM_HOME that is at hand",
    "WEBSITE_AUTH_ENABLED": "set by App Service where its Entra authentication is in front; only then is the caller's "
    "name believed and recorded",
    "WEBSITE_HOSTNAME": "set by App Service; the name by which the app asks webhooks whether they want its events",
}
"""What is read where it is used, beside what the app's platform and SDKs read: name -> meaning."""


@dataclass(frozen=True)
class Settings:
    """cleanup_most: environments that one sweep takes down at most"""

    subscription: str
    vault_id: str
    storage_url: str
    cleanup: Cleanup = "on"
    cleanup_most: int = 20
    retention_days: int = 30

    @property
    def vault_url(self) -> str:
        return f"https://{self.vault_id.rsplit('/', 1)[-1]}.vault.azure.net"

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """Raises ConfigurationError naming every setting that is missing or wrong, and what it is for."""
        missing = [f"{name} ({meaning})" for name, meaning in MEANINGS.items() if not environment.get(name)]
        wrong: list[str] = []
        cleanup = environment.get("ISTHMUS_CLEANUP") or cls.cleanup
        if cleanup not in get_args(Cleanup):
            wrong.append(f"ISTHMUS_CLEANUP is {cleanup!r}; it must be one of {', '.join(get_args(Cleanup))}")
        most = _whole(environment, "ISTHMUS_CLEANUP_MOST", cls.cleanup_most, wrong)
        days = _whole(environment, "ISTHMUS_RETENTION_DAYS", cls.retention_days, wrong)
        if missing or wrong:
            lacking = ["App settings are missing: " + "; ".join(missing)] if missing else []
            raise ConfigurationError("; ".join([*lacking, *wrong]))
        where = (environment[name] for name in MEANINGS)
        return cls(*where, cleanup=cleanup, cleanup_most=most, retention_days=days)  # type: ignore[arg-type, misc]


def _whole(environment: Mapping[str, str], name: str, default: int, wrong: list[str]) -> int:
    text = environment.get(name) or str(default)
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    wrong.append(f"{name} is {text!r}; it must be a whole number from 1 on")
    return default
