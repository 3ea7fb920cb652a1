"""Key Vault's data plane: secrets with versions, soft delete, and access by role down to a single secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localcloud.azure import latencies
from localcloud.azure.entra import LOGIN, Directory
from localcloud.azure.errors import NotFound, Refusal
from localcloud.azure.model import Answer, Cloud, Json, Resource
from localcloud.azure.rbac import Caller

VERSIONS = frozenset({"7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01", "2026-04-01"})
ACTIONS = "Microsoft.KeyVault/vaults/secrets"
MOST_TAGS = 15
RETENTION_DAYS = 90
NOT_CANARIES = frozenset({"reserved", ""})


@dataclass
class Version:
    id: str
    value: str
    created: int
    updated: int
    enabled: bool = True
    content_type: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    not_before: int | None = None
    expires: int | None = None


@dataclass
class Secret:
    """versions: oldest first; deleted: when it was deleted; settled: from when on it shows as deleted."""

    name: str
    versions: list[Version] = field(default_factory=list)
    deleted: float | None = None
    settled: float = 0.0


@dataclass
class Request:
    """`parts`: the path's parts; names are matched in any case."""

    method: str
    parts: list[str]
    query: Mapping[str, str]
    body: Json
    caller: Caller


@dataclass
class Vault:
    """The data of one vault."""

    cloud: Cloud
    resource: Resource
    secrets: dict[str, Secret] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"https://{self.resource.name}.vault.azure.net"

    def handle(self, directory: Directory, request: Mapping[str, Any]) -> Answer:
        """One HTTP request: method, path, query, authorization, body."""
        try:
            caller = directory.caller(request["authorization"], "vault")
        except Refusal as refusal:
            refusal.code = "Unauthorized"
            refusal.headers["WWW-Authenticate"] = (
                f'Bearer authorization="{LOGIN}/{self.cloud.tenant}", resource="https://vault.azure.net"'
            )
            raise
        if request["query"].get("api-version") not in VERSIONS:
            raise Refusal(400, "BadParameter", "The specified version is not supported by the Key Vault service.")
        parts = request["path"].strip("/").split("/")
        call = Request(request["method"], parts, request["query"], request["body"], caller)
        return self._route(call)

    def _route(self, call: Request) -> Answer:
        collection, *rest = [*call.parts, "", ""][:3]
        name, more = rest
        deleted = collection == "deletedsecrets"
        if collection not in ("secrets", "deletedsecrets"):
            raise NotFound("NotFound", "This vault keeps secrets only.")
        if not name:
            return self._list(call, deleted)
        if deleted:
            return self._deleted(call, name, more)
        handler = {
            ("PUT", False): self._set,
            ("GET", False): self._get,
            ("GET", True): self._get,
            ("DELETE", False): self._delete,
            ("PATCH", False): self._update,
            ("PATCH", True): self._update,
        }.get((call.method, bool(more)))
        if more == "versions":
            return self._versions(call, name)
        if handler is None:
            raise Refusal(405, "MethodNotAllowed", f"{call.method} is not allowed here.")
        return handler(call, name, more)

    def _demand(self, call: Request, action: str, name: str | None = None) -> None:
        scope = f"{self.resource.id}/secrets/{name}" if name else self.resource.id
        if not self.cloud.access.allowed(call.caller, f"{ACTIONS}/{action}", scope, data=True):
            raise Refusal(
                403,
                "Forbidden",
                "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny "
                "assignments or role "
                "definitions were changed recently, please observe propagation time.\r\nCaller: appid="
                f"{call.caller.client_id};oid={call.caller.object_id}\r\nAction: '{ACTIONS}/{action}'\r\nResource: "
                f"'{scope}'\r\nAssignment: (not found)\r\nVault: {self.resource.name};location=eastus",
                inner="ForbiddenByRbac",
            )

    def _find(self, name: str, version: str = "") -> tuple[Secret, Version]:
        secret = self.secrets.get(name.lower())
        if secret is None or secret.deleted is not None:
            raise NotFound(
                "SecretNotFound",
                f"A secret with (name/id) {name} was not found in this key vault. If you recently deleted this "
                f"secret you "
                "may be able to recover it using the correct recovery command.",
            )
        found = next((v for v in secret.versions if v.id == version), None) if version else secret.versions[-1]
        if found is None:
            raise NotFound(
                "SecretNotFound", f"A secret with (name/id) {name}/{version} was not found in this key vault."
            )
        return secret, found

    def _refuse_deleted(self, name: str) -> None:
        secret = self.secrets.get(name.lower())
        if secret is None or secret.deleted is None:
            return
        being = self.cloud.clock.now() < secret.settled
        raise Refusal(
            409,
            "Conflict",
            f"Secret {name} is currently {'being deleted' if being else 'in a deleted but recoverable state'}, and its "
            "name cannot be reused; in this state, the secret can only be recovered or purged.",
            inner="ObjectIsBeingDeleted" if being else "ObjectIsDeletedButRecoverable",
        )

    @property
    def _protected(self) -> bool:
        return bool(self.resource.properties.get("enablePurgeProtection"))

    def _refuse_purge(self) -> None:
        if self._protected:
            raise Refusal(
                403,
                "Forbidden",
                'Operation "purge" is not allowed because purge protection is enabled for this vault. Key Vault '
                "service will automatically purge it after the retention period has passed.\r\n"
                f"Vault: {self.resource.name};location={self.resource.body['location']}",
            )

    def _set(self, call: Request, name: str, _: str) -> Answer:
        self._demand(call, "setSecret/action", name)
        self._refuse_deleted(name)
        value = call.body.get("value")
        if not isinstance(value, str):
            raise Refusal(400, "BadParameter", "Property value is invalid: it must be a string.")
        if len(value) > 25 * 1024:
            raise Refusal(400, "BadParameter", "The value of a secret is at most 25 KB long.")
        now = int(self.cloud.clock.now())
        version = Version(self.cloud.uuid().replace("-", ""), value, now, now)
        _write(version, call.body)
        self.secrets.setdefault(name.lower(), Secret(name)).versions.append(version)
        if value not in NOT_CANARIES:
            self.cloud.canaries[value] = f"value of secret {name}"
        return Answer(200, self._shown(name, version, value=True))

    def _get(self, call: Request, name: str, version: str) -> Answer:
        self._demand(call, "getSecret/action", name)
        _, found = self._find(name, version)
        if not found.enabled:
            raise Refusal(
                403, "Forbidden", "Operation get is not allowed on a disabled secret.", inner="SecretDisabled"
            )
        return Answer(200, self._shown(name, found, value=True))

    def _update(self, call: Request, name: str, version: str) -> Answer:
        self._demand(call, "update/action", name)
        _, found = self._find(name, version)
        _write(found, call.body)
        found.updated = int(self.cloud.clock.now())
        return Answer(200, self._shown(name, found))

    def _delete(self, call: Request, name: str, _: str) -> Answer:
        self._demand(call, "delete", name)
        self._refuse_deleted(name)
        secret, _version = self._find(name)
        now = self.cloud.clock.now()
        secret.deleted, secret.settled = now, now + self.cloud.latency(latencies.SECRET_DELETION)
        return Answer(200, self._shown_deleted(secret))

    def _versions(self, call: Request, name: str) -> Answer:
        self._demand(call, "readMetadata/action", name)
        secret = self.secrets.get(name.lower())
        listed = secret.versions if secret and secret.deleted is None else []
        return Answer(200, {"value": [self._shown(name, version) for version in listed], "nextLink": None})

    def _list(self, call: Request, deleted: bool) -> Answer:
        self._demand(call, "readMetadata/action")
        now = self.cloud.clock.now()
        found = [secret for secret in self.secrets.values() if (secret.deleted is not None) == deleted]
        if deleted:
            shown = [self._shown_deleted(secret) for secret in found if secret.settled <= now]
        else:
            shown = [self._shown(secret.name, secret.versions[-1], item=True) for secret in found]
        return Answer(200, {"value": shown, "nextLink": None})

    def _deleted(self, call: Request, name: str, more: str) -> Answer:
        action = {"DELETE": "purge/action", "POST": "recover/action"}.get(call.method, "readMetadata/action")
        self._demand(call, action, name)
        secret = self.secrets.get(name.lower())
        if secret is None or secret.deleted is None or self.cloud.clock.now() < secret.settled:
            raise NotFound("SecretNotFound", f"Deleted Secret not found: {name}")
        if call.method == "DELETE":
            self._refuse_purge()
            del self.secrets[name.lower()]
            return Answer(204)
        if call.method == "POST" and more == "recover":
            secret.deleted = None
            return Answer(200, self._shown(name, secret.versions[-1]))
        return Answer(200, self._shown_deleted(secret))

    def _shown(self, name: str, version: Version, *, value: bool = False, item: bool = False) -> Json:
        attributes: Json = {
            "enabled": version.enabled,
            "created": version.created,
            "updated": version.updated,
            "recoveryLevel": "Recoverable" if self._protected else "Recoverable+Purgeable",
            "recoverableDays": RETENTION_DAYS,
        }
        attributes |= {"nbf": version.not_before} if version.not_before is not None else {}
        attributes |= {"exp": version.expires} if version.expires is not None else {}
        identifier = f"{self.url}/secrets/{name}" + ("" if item else f"/{version.id}")
        shown: Json = {"id": identifier, "attributes": attributes, "tags": dict(version.tags)}
        shown |= {"contentType": version.content_type} if version.content_type else {}
        return shown | ({"value": version.value} if value else {})

    def _shown_deleted(self, secret: Secret) -> Json:
        deleted = int(secret.deleted or 0)
        return self._shown(secret.name, secret.versions[-1]) | {
            "recoveryId": f"{self.url}/deletedsecrets/{secret.name}",
            "deletedDate": deleted,
            "scheduledPurgeDate": deleted + RETENTION_DAYS * 86400,
        }


def _write(version: Version, body: Json) -> None:
    """Takes over what the body says; what it leaves out stays."""
    attributes = body.get("attributes") or {}
    if attributes.get("enabled") is not None:
        version.enabled = bool(attributes["enabled"])
    version.not_before = attributes.get("nbf", version.not_before)
    version.expires = attributes.get("exp", version.expires)
    version.content_type = body.get("contentType", version.content_type)
    if isinstance(body.get("tags"), dict):
        if len(body["tags"]) > MOST_TAGS:
            raise Refusal(400, "BadParameter", f"A secret bears at most {MOST_TAGS} tags.")
        version.tags = dict(body["tags"])
