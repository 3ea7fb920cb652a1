"""Key Vault: places reserved early, tickets handed in, the API key. No value leaves this module."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from azure.core.exceptions import AzureError, ResourceNotFoundError

from activities.cloud import Cloud, code_of, outcome_of
from activities.steps import Request
from isthmus import names
from isthmus.drift import Difference
from isthmus.errors import own_failure, rule_of
from isthmus.outcomes import Failed, Outcome, pending, ready, stopped
from isthmus.plan import utc
from isthmus.secretref import Secret

ContentType = Literal["reserved", "ticket", "api-key"]
SETTLES = timedelta(minutes=5)
"""A deletion that shows nothing after so long has been purged by somebody."""


def latest(cloud: Cloud, secret: str) -> Any | None:
    """Properties (never the value) of the secret's newest version; None when there is none."""
    versions = list(cloud.secrets.list_properties_of_secret_versions(secret))
    return max(versions, key=lambda version: version.created_on, default=None)


def is_value(version: Any | None, content_type: ContentType) -> bool:
    """That version is enabled and of that content type."""
    return version is not None and bool(version.enabled) and version.content_type == content_type


def holds(cloud: Cloud, secret: str, content_type: ContentType) -> bool:
    """The secret's newest version is such a value."""
    return is_value(latest(cloud, secret), content_type)


def api_key_in(cloud: Cloud, secret: str, text: str) -> bool:
    """Whether the text holds the API key of that secret; its value does not leave this module. Raises AzureError."""
    return holds(cloud, secret, "api-key") and str(cloud.secrets.get_secret(secret).value) in text


def without_api_key(cloud: Cloud, secret: str, document: Any) -> Any:
    """The JSON document with the API key of that secret taken out wherever it stands."""
    if not holds(cloud, secret, "api-key"):
        return document
    return _replaced(document, str(cloud.secrets.get_secret(secret).value))


def _replaced(value: Any, key: str) -> Any:
    if isinstance(value, str):
        return value.replace(key, "[the API key stood here]")
    if isinstance(value, dict):
        return {name: _replaced(inner, key) for name, inner in value.items()}
    return [_replaced(inner, key) for inner in value] if isinstance(value, list) else value


def not_reserved(secret: str) -> Failed:
    """Only a reserved place is ever filled: what was never reserved would have no access and no end."""
    return own_failure("NotReserved", f"Key Vault has no reserved place {secret}.")


def put(
    cloud: Cloud,
    secret: str,
    value: Secret,
    content_type: ContentType,
    tags: Mapping[str, str],
    expires_on: datetime | None = None,
) -> None:
    """A new version of the secret. Raises AzureError."""
    cloud.secrets.set_secret(
        secret,
        value.reveal(),
        content_type=content_type,
        enabled=content_type != "reserved",
        tags=dict(tags),
        expires_on=expires_on,
    )


def ensure_reserved(request: Request) -> Outcome:
    """The secret exists, if only as a disabled place that no VM can mistake for a value. One that somebody deleted is
    recovered: what VMs may read hangs on it."""
    wanted = request.wanted()
    try:
        if latest(request.cloud, wanted["secret"]) is not None:
            return ready()
        if request.stopping():
            return stopped()
        put(request.cloud, wanted["secret"], Secret("reserved"), "reserved", wanted["tags"])
        return ready(wrote=True)
    except AzureError as error:
        return _recovered(request, error) or outcome_of(error)


def _recovered(request: Request, error: AzureError) -> Outcome | None:
    if not rule_of(0, code_of(error)).purge:
        return None
    try:
        request.cloud.secrets.begin_recover_deleted_secret(request.step["wanted"]["secret"])
    except AzureError as refusal:
        return outcome_of(refusal)
    return pending("somebody deleted it: asked to be recovered", 2.0)


def remove_reserved(request: Request) -> Outcome:
    """Deletes the secret, then purges it, then sees that it is gone. Of a vault in which nobody may purge: until when
    it stays there, deleted but recoverable; no call of ours can end that sooner.

    While it is being deleted the vault shows it in neither place, as when it has been purged. So each is noted before
    it is asked for, and what was noted last tells them apart: whoever asked, and however often.
    """
    secret, client = request.step["wanted"]["secret"], request.cloud.secrets
    try:
        if latest(request.cloud, secret) is not None:
            _note(request, "delete")
            client.begin_delete_secret(secret)
            return pending("asked to be deleted", 1.0, wrote=True)
        kept = client.get_deleted_secret(secret)
        if "purgeable" not in str(kept.properties.recovery_level).lower():
            return ready({"stays_until": utc(kept.scheduled_purge_date)})
        _note(request, "purge")
        client.purge_deleted_secret(secret)
        return pending("asked to be purged", 1.0, wrote=True)
    except ResourceNotFoundError:
        return pending("being deleted", 1.0) if _being_deleted(request) else ready()
    except AzureError as error:
        return outcome_of(error)


def _note(request: Request, asked: Literal["delete", "purge"]) -> None:
    at = request.cloud.now().isoformat()
    request.records.keep_operation(request.life, request.id, "", asked, at=at)


def _being_deleted(request: Request) -> bool:
    noted = request.records.operation(request.life, request.id)
    if noted is None or noted["verb"] != "delete":
        return False
    return request.cloud.now() - datetime.fromisoformat(noted["at"]) < SETTLES


def ensure_api_key(request: Request) -> Outcome:
    """The account's key is in the vault; it goes from one to the other without leaving this call."""
    wanted = request.wanted()
    group, account = wanted["account"].split("/")[4], wanted["account"].rsplit("/", 1)[1]
    try:
        place = latest(request.cloud, wanted["secret"])
        if place is None:
            return not_reserved(wanted["secret"])
        held = is_value(place, "api-key")
        if not held and request.stopping():
            return stopped()
        keys = request.cloud.cognitive.accounts.list_keys(group, account)
        if held and _opens(request.cloud, wanted["secret"], keys):
            return ready()
        if request.stopping():
            return stopped()
        put(request.cloud, wanted["secret"], Secret(keys.key1), "api-key", wanted["tags"])
        return ready(wrote=True)
    except AzureError as error:
        return outcome_of(error)


def _opens(cloud: Cloud, secret: str, keys: Any) -> bool:
    """Whether what the vault has is a key of the account; neither leaves this module."""
    return cloud.secrets.get_secret(secret).value in (keys.key1, keys.key2)


def look_at_api_key(request: Request) -> Difference | None:
    """Whether the vault has a key of the account. Raises AzureError."""
    wanted = request.step["wanted"]
    group, account = wanted["account"].split("/")[4], wanted["account"].rsplit("/", 1)[1]
    if not holds(request.cloud, wanted["secret"], "api-key"):
        return "missing", f"Key Vault has no API key in {wanted['secret']}"
    keys = request.cloud.cognitive.accounts.list_keys(group, account)
    opens = _opens(request.cloud, wanted["secret"], keys)
    return None if opens else ("changed", "the key in Key Vault is no key of the account (any more)")


def look_at_reserved(request: Request) -> Difference | None:
    """Whether the secret is there at all. Raises AzureError."""
    secret = request.step["wanted"]["secret"]
    return ("missing", f"Key Vault has no {secret}") if latest(request.cloud, secret) is None else None


def remove_api_key(request: Request) -> Outcome:
    """Shuts the secret at once; its place is removed later, when nobody has access any more."""
    secret = request.step["wanted"]["secret"]
    try:
        found = latest(request.cloud, secret)
        if found is None or not found.enabled:
            return ready()
        request.cloud.secrets.update_secret_properties(secret, enabled=False)
        return ready(wrote=True)
    except ResourceNotFoundError:
        return ready()
    except AzureError as error:
        return outcome_of(error)


def keep_tickets(
    cloud: Cloud,
    environment: str,
    generation: str,
    tickets: Mapping[str, Secret],
    tags: Mapping[str, str],
    *,
    anew: bool = False,
) -> None:
    """Puts tickets that came with a request into the vault; `tags`: beside those that say whose they are; `anew`: even
    where there are some. Raises AzureError."""
    for corp, ticket in tickets.items():
        whose = {names.TAG_ENVIRONMENT: environment, names.TAG_GENERATION: generation, names.TAG_CORP: corp}
        secret = names.ticket_secret(environment, generation, corp)
        if anew or not holds(cloud, secret, "ticket"):
            put(cloud, secret, ticket, "ticket", {**tags, **whose})
