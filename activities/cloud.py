"""The one façade to Azure: credential, clients, and one request at a time.

Clients never wait by themselves (`retry_total=0`, no poller thread): the orchestrator does the waiting. Errors
come out as outcomes, by the table in `isthmus.errors`.
"""

from __future__ import annotations

import email.utils
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.core.polling import PollingMethod
from azure.core.rest import HttpRequest

from activities import telemetry
from isthmus.errors import classify
from isthmus.outcomes import Failed, Outcome, Pending
from isthmus.settings import Settings

NO_RETRIES = {"retry_total": 0}
log = telemetry.logger("cloud")


class Cloud:
    """Credential and clients of one subscription; each client is made when it is first asked for."""

    at_once = 8
    """Requests that one call may have under way at the same time, where it looks at many things."""

    def __init__(self, settings: Settings, **options: Any) -> None:
        self.settings = settings
        self._more = options
        self._elsewhere: dict[str, Cloud] = {}

    def at(self, resource: str) -> Cloud:
        """This identity's clients of the subscription that an ARM id names: a hub's DNS zone is often in another."""
        subscription = resource.split("/")[2].lower()
        if subscription == self.settings.subscription.lower():
            return self
        if subscription not in self._elsewhere:
            self._elsewhere[subscription] = self._of(subscription)
        return self._elsewhere[subscription]

    def _of(self, subscription: str) -> Cloud:
        other = Cloud(replace(self.settings, subscription=subscription), **self._more)
        other.credential = self.credential
        return other

    @property
    def options(self) -> dict[str, Any]:
        """What every client is given; anew, since clients add to the list."""
        return {"per_call_policies": [telemetry.Telling()], **self._more}

    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.now(UTC)

    @cached_property
    def credential(self) -> Any:
        from azure.identity import DefaultAzureCredential

        return DefaultAzureCredential()

    @cached_property
    def resources(self) -> Any:
        from azure.mgmt.resource.resources import ResourceManagementClient

        return self._management(ResourceManagementClient)

    @cached_property
    def network(self) -> Any:
        from azure.mgmt.network import NetworkManagementClient

        return self._management(NetworkManagementClient)

    @cached_property
    def private_dns(self) -> Any:
        from azure.mgmt.privatedns import PrivateDnsManagementClient

        return self._management(PrivateDnsManagementClient)

    @cached_property
    def compute(self) -> Any:
        from azure.mgmt.compute import ComputeManagementClient

        return self._management(ComputeManagementClient)

    @cached_property
    def cognitive(self) -> Any:
        from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient

        return self._management(CognitiveServicesManagementClient)

    @cached_property
    def identities(self) -> Any:
        from azure.mgmt.msi import ManagedServiceIdentityClient

        return self._management(ManagedServiceIdentityClient)

    @cached_property
    def authorization(self) -> Any:
        from azure.mgmt.authorization import AuthorizationManagementClient

        return self._management(AuthorizationManagementClient)

    @cached_property
    def secrets(self) -> Any:
        from azure.keyvault.secrets import SecretClient

        return SecretClient(self.settings.vault_url, self.credential, **NO_RETRIES, **self.options)

    @cached_property
    def records(self) -> Any:
        """Container client of the records; the one client that retries, since nobody waits on its behalf."""
        from azure.storage.blob import BlobServiceClient

        service = BlobServiceClient(self.settings.storage_url, self.credential, **self.options)
        return service.get_container_client("isthmus")

    def _management(self, client: Callable[..., Any]) -> Any:
        return client(self.credential, self.settings.subscription, **NO_RETRIES, **self.options)

    def get_url(self, url: str) -> Any:
        """One GET of an absolute ARM URL, such as an operation's status; the raw response of any status."""
        with telemetry.untraced():  # the URL may be signed
            return self.resources.send_request(HttpRequest("GET", url), tracing_options={"enabled": False})


_shared: list[Cloud] = []


def cloud() -> Cloud:
    """The cloud that all functions of this process share: unless one was given, that of the app settings."""
    if not _shared:
        share(Cloud(Settings.read(os.environ)))
    return _shared[0]


def share(given: Cloud | None) -> None:
    """From now on all functions of this process use this cloud; None: that of the app settings, made anew."""
    _shared[:] = [given] if given else []


class OneRequest(PollingMethod[Any]):
    """Makes a `begin_*` call exactly one request: remembers the first response and claims to be finished."""

    def __init__(self) -> None:
        self.response: Any = None

    def initialize(self, client: Any, initial_response: Any, deserialization_callback: Any) -> None:
        self.response = initial_response.http_response

    def run(self) -> None:
        """Nothing: the orchestrator looks again later."""

    def status(self) -> str:
        return "Succeeded"

    def finished(self) -> bool:
        return True

    def resource(self) -> Any:
        return None


def begin(operation: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
    """Calls `begin_*` or a plain method once; the raw response of its one request."""
    if operation.__name__.startswith("begin_"):
        method = OneRequest()
        operation(*arguments, polling=method, **more)
        return method.response
    return operation(*arguments, cls=_raw, **more)


def get(operation: Callable[..., Any], *arguments: Any, **more: Any) -> dict[str, Any] | None:
    """The resource as ARM's JSON (never a model: models drop what they don't know), None if it is not there."""
    try:
        body: dict[str, Any] = operation(*arguments, cls=_raw, **more).json()
        return body
    except ResourceNotFoundError as error:
        if code_of(error).lower() == "subscriptionnotfound":
            raise
        return None


def listed(items: Iterable[Any]) -> list[dict[str, Any]]:
    """Every item of a pageable answer with ARM's own property names, of whichever generation the SDK's models are."""
    return [item.serialize(keep_readonly=True) if hasattr(item, "serialize") else item.as_dict() for item in items]


def _raw(response: Any, _deserialized: Any, _headers: Any) -> Any:
    return response.http_response


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the service asked to wait; None where it said nothing."""
    if milliseconds := headers.get("x-ms-retry-after-ms"):
        return float(milliseconds) / 1000
    text = headers.get("Retry-After")
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        moment = email.utils.parsedate_to_datetime(text).timestamp()
        return max(0.0, moment - time.time())


def code_of(error: AzureError) -> str:
    """Azure's own error code, or an empty text. Key Vault and ARM nest the telling one inside."""
    inner = getattr(error, "error", None)
    nested = getattr(inner, "innererror", None) or {}
    return str(nested.get("code") or getattr(inner, "code", None) or getattr(error, "error_code", None) or "")


def request_id_of(error: Exception) -> str | None:
    """For Azure's support; None where no answer came."""
    headers: Mapping[str, str] = getattr(getattr(error, "response", None), "headers", {})
    return headers.get("x-ms-request-id")


def outcome_of(error: AzureError, *, wrote: bool = False) -> Pending | Failed:
    """What an error that an SDK raised means for a step."""
    if not isinstance(error, HttpResponseError) or error.response is None:
        return _told(0, {}, classify(0, type(error).__name__, "the service could not be reached", wrote=wrote))
    headers: Mapping[str, str] = error.response.headers  # type: ignore[attr-defined]
    message = getattr(getattr(error, "error", None), "message", None) or error.reason or "no message"
    status = error.status_code or 0
    outcome = classify(
        status,
        code_of(error),
        str(message),
        retry_after=retry_after(headers),
        request_id=headers.get("x-ms-request-id"),
        wrote=wrote,
    )
    return _told(status, headers, outcome)


def outcome_of_body(status: int, body: Mapping[str, Any], headers: Mapping[str, str]) -> Outcome:
    """What an error document means for a step: ARM's `{"error": {...}}` at an operation's URL."""
    error = body.get("error") or (body.get("properties") or {}).get("error") or {}
    said = (error, *(error.get("details") or ()))
    words = " ".join(dict.fromkeys(str(one["message"]) for one in said if one.get("message")))
    outcome = classify(
        status,
        str(error.get("code") or ("OperationFailed" if status < 400 else "")),
        words or "the operation failed without a word",
        retry_after=retry_after(headers),
        request_id=headers.get("x-ms-request-id"),
    )
    return _told(status, headers, outcome)


def _told(status: int, headers: Mapping[str, str], outcome: Pending | Failed) -> Pending | Failed:
    """What is waited for stands in the log with Azure's words and request id; what failed is told with its step."""
    if outcome["state"] == "pending":
        request_id = headers.get("x-ms-request-id") or "none"
        more = {"status": status, "request_id": request_id}
        log.warning("HTTP %d: %s (request id %s)", status, outcome["detail"], request_id, extra=more)
    return outcome
