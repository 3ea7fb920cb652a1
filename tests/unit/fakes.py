"""The seams of activities, in memory: the records' container, and what the services answer."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)

from activities.records import Records
from activities.steps import Request
from isthmus.settings import Settings
from tests.unit.samples import LIFE, REQUESTED, SUBSCRIPTION, VAULT_ID, record


class Container:
    """A blob container client, as far as records use it. `before_write`: called with each name to be written, for
    somebody else to be quicker; `now`: when everything was written last."""

    def __init__(self) -> None:
        self.blobs: dict[str, tuple[bytes, str]] = {}
        self.exists = True
        self.before_write: Callable[[str], None] = lambda name: None
        self.now: Callable[[], datetime] = lambda: REQUESTED
        self._numbers = itertools.count(1)

    def download_blob(self, name: str) -> Any:
        if name not in self.blobs:
            raise ResourceNotFoundError("BlobNotFound")
        content, etag = self.blobs[name]
        return SimpleNamespace(readall=lambda: content, properties=SimpleNamespace(etag=etag))

    def upload_blob(
        self, name: str, body: bytes, *, overwrite: bool, etag: str | None = None, match_condition: Any = None
    ) -> None:
        if not self.exists:
            raise ResourceNotFoundError("ContainerNotFound")
        self.before_write(name)
        if not overwrite and name in self.blobs:
            raise ResourceExistsError("BlobAlreadyExists")
        if match_condition is not None and self.blobs.get(name, (b"", ""))[1] != etag:
            raise ResourceModifiedError("ConditionNotMet")
        self.blobs[name] = (body, f'"{next(self._numbers)}"')

    def delete_blob(self, name: str, *, etag: str | None = None, match_condition: Any = None) -> None:
        if name not in self.blobs:
            raise ResourceNotFoundError("BlobNotFound")
        if match_condition is not None and self.blobs[name][1] != etag:
            raise ResourceModifiedError("ConditionNotMet")
        del self.blobs[name]

    def list_blobs(self, name_starts_with: str) -> Iterator[Any]:
        if not self.exists:
            raise ResourceNotFoundError("ContainerNotFound")
        found = [(name, etag) for name, (_, etag) in sorted(self.blobs.items()) if name.startswith(name_starts_with)]
        return iter([SimpleNamespace(name=name, etag=etag, last_modified=self.now()) for name, etag in found])

    def create_container(self) -> None:
        if self.exists:
            raise ResourceExistsError("ContainerAlreadyExists")
        self.exists = True


def records_with(**more: Any) -> Records:
    """Records that hold one life's."""
    records = Records(Container())
    records.create(LIFE, record(**more))
    return records


@dataclass
class Answer:
    """An HTTP answer. `headers`: as the SDKs' raw responses have them."""

    status_code: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        return b"" if self.body is None else b"x"

    def json(self) -> Any:
        return self.body

    @property
    def reason(self) -> str:
        return "Because"


def refusal(status: int, code: str, message: str = "no", **headers: str) -> HttpResponseError:
    """What an SDK raises for that answer."""
    kind: type[HttpResponseError] = HttpResponseError
    kind = {404: ResourceNotFoundError, 409: ResourceExistsError}.get(status, kind)
    error = kind(response=Answer(status, None, {k.replace("_", "-"): v for k, v in headers.items()}))  # type: ignore[arg-type]
    error.error = SimpleNamespace(code=code, message=message, innererror=None)  # type: ignore[assignment]
    return error


@dataclass
class Group:
    """An operation group of an ARM client with one resource. Each answer or error is used once, in order; what is
    asked is written down."""

    found: list[Any] = field(default_factory=list)
    written: list[Any] = field(default_factory=list)
    deleted: list[Any] = field(default_factory=list)
    calls: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)

    def get(self, *names: Any, cls: Callable[..., Any], **_more: Any) -> Any:
        self.calls.append(("get", names))
        found = self.found.pop(0) if self.found else None
        if isinstance(found, Exception):
            raise found
        if found is None:
            raise refusal(404, "ResourceNotFound")
        return cls(SimpleNamespace(http_response=Answer(200, found)), None, None)

    def begin_create_or_update(self, *arguments: Any, polling: Any) -> None:
        self.calls.append(("put", arguments))
        self._answered(self.written.pop(0), polling)

    def begin_delete(self, *arguments: Any, polling: Any) -> None:
        self.calls.append(("delete", arguments))
        self._answered(self.deleted.pop(0), polling)

    @staticmethod
    def _answered(answer: Any, polling: Any) -> None:
        if isinstance(answer, Exception):
            raise answer
        polling.initialize(None, SimpleNamespace(http_response=answer), None)

    @property
    def verbs(self) -> list[str]:
        return [verb for verb, _ in self.calls]


class Cloud(SimpleNamespace):
    """The façade of activities/cloud.py with what a test gives it. `operations`: URL -> answer."""

    at_once = 1

    def __init__(self, **services: Any) -> None:
        super().__init__(settings=Settings(SUBSCRIPTION, VAULT_ID, "https://records.example"), **services)
        self.operations: dict[str, Answer] = {}
        self.looked: list[str] = []
        self.time = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def at(self, resource: str) -> Cloud:
        return self

    def get_url(self, url: str) -> Answer:
        self.looked.append(url)
        return self.operations[url]


def request(
    step: dict[str, Any],
    cloud: Any,
    records: Records | None = None,
    writes: int = 0,
    outputs: dict[str, Any] | None = None,
) -> Request:
    """One call of ensure or remove, in a life that is being built."""
    return Request(*LIFE, step, outputs or {}, writes, cloud, records or records_with(phase="building"))
