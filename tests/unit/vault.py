"""A Key Vault in memory, as the secrets client shows it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from tests.unit.fakes import refusal

DAWN = datetime(2026, 1, 1, tzinfo=UTC)
PURGE = datetime(2026, 4, 1, 12, 30, tzinfo=UTC)
"""When the vault would purge what was deleted."""


class Secrets:
    """The secrets client. `fail`: raised by every call while it is set."""

    def __init__(self) -> None:
        self.versions: dict[str, list[Any]] = {}
        self.deleted: dict[str, list[Any]] = {}
        self.fail: Exception | None = None
        self.writes: list[str] = []
        self.purge_protection = False

    def _check(self, name: str, *, must_be: bool = False) -> None:
        if self.fail:
            raise self.fail
        if must_be and name not in self.versions:
            raise refusal(404, "SecretNotFound")

    def set_secret(self, name: str, value: str, **more: Any) -> None:
        self._check(name)
        if name in self.deleted:
            raise refusal(409, "ObjectIsDeletedButRecoverable")
        made = self.versions.setdefault(name, [])
        made.append(SimpleNamespace(value=value, created_on=DAWN + timedelta(seconds=len(made)), **more))
        self.writes.append(name)

    def list_properties_of_secret_versions(self, name: str) -> list[Any]:
        self._check(name)
        return list(self.versions.get(name, []))

    def get_secret(self, name: str) -> Any:
        self._check(name, must_be=True)
        return self.versions[name][-1]

    def update_secret_properties(self, name: str, *, enabled: bool) -> None:
        self._check(name, must_be=True)
        self.versions[name][-1].enabled = enabled

    def begin_delete_secret(self, name: str) -> None:
        self._check(name, must_be=True)
        self.deleted[name] = self.versions.pop(name)

    def get_deleted_secret(self, name: str) -> Any:
        if name not in self.deleted:
            raise refusal(404, "SecretNotFound")
        level = "Recoverable" if self.purge_protection else "Recoverable+Purgeable"
        return SimpleNamespace(properties=SimpleNamespace(recovery_level=level), scheduled_purge_date=PURGE)

    def begin_recover_deleted_secret(self, name: str) -> None:
        self.versions[name] = self.deleted.pop(name)

    def purge_deleted_secret(self, name: str) -> None:
        del self.deleted[name]

    def newest(self, name: str) -> Any:
        return self.versions[name][-1]
