"""Blob storage as far as records need it: containers, block blobs with conditions, flat and folder-like lists."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from xml.sax.saxutils import escape

from localcloud.azure.entra import LOGIN, Directory
from localcloud.azure.errors import Refusal
from localcloud.azure.model import Answer, Cloud, Resource
from localcloud.azure.rbac import Caller

CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"
LIST_LIMIT = 5000


@dataclass
class Blob:
    content: bytes
    etag: str
    modified: float
    created: float
    content_type: str


@dataclass
class Container:
    etag: str
    modified: float
    blobs: dict[str, Blob] = field(default_factory=dict)


@dataclass
class Call:
    """One HTTP request. `blob`: empty for the container itself."""

    method: str
    container: str
    blob: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes
    caller: Caller


@dataclass
class Storage:
    """The data of one storage account."""

    cloud: Cloud
    resource: Resource
    containers: dict[str, Container] = field(default_factory=dict)

    def handle(
        self,
        directory: Directory,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        content: bytes,
    ) -> Answer:
        try:
            caller = directory.caller(headers.get("Authorization"), "storage")
        except Refusal as refusal:
            refusal.code = "InvalidAuthenticationInfo" if "Authorization" in headers else "NoAuthenticationInformation"
            refusal.headers["WWW-Authenticate"] = (
                f"Bearer authorization_uri={LOGIN}/{self.cloud.tenant}/oauth2/authorize "
                "resource_id=https://storage.azure.com"
            )
            raise
        if "x-ms-version" not in headers:
            raise Refusal(400, "MissingRequiredHeader", "x-ms-version is required with a bearer token.")
        container, _, blob = path.lstrip("/").partition("/")
        answer = self._route(Call(method, container, blob, query, headers, content, caller))
        answer.headers.setdefault("x-ms-version", headers["x-ms-version"])
        return answer

    def _route(self, call: Call) -> Answer:
        if not call.container:
            raise Refusal(400, "InvalidUri", "This storage has no operations on the account.")
        if not call.blob:
            return self._container(call)
        if "comp" in call.query:
            raise Refusal(400, "InvalidQueryParameterValue", f"comp={call.query['comp']} is not offered here.")
        handler = {"PUT": self._put, "GET": self._get, "HEAD": self._get, "DELETE": self._delete}.get(call.method)
        if handler is None:
            raise Refusal(405, "UnsupportedHttpVerb", "The resource doesn't support specified Http Verb.")
        return handler(call)

    def _demand(self, call: Call, action: str, *, data: bool = True) -> None:
        scope = f"{self.resource.id}/blobServices/default/containers/{call.container}"
        if not self.cloud.access.allowed(call.caller, f"{CONTAINERS}/{action}", scope, data=data):
            raise Refusal(
                403,
                "AuthorizationPermissionMismatch",
                "This request is not authorized to perform this operation using this permission.",
            )

    def _container(self, call: Call) -> Answer:
        if call.query.get("restype") != "container":
            raise Refusal(400, "InvalidUri", "The requested URI does not represent any resource on the server.")
        if call.query.get("comp") == "list":
            return self._list(call)
        verb = {"PUT": "write", "DELETE": "delete"}.get(call.method, "read")
        self._demand(call, verb, data=False)
        if call.method == "PUT":
            return self._create(call)
        container = self._need(call)
        if call.method == "DELETE":
            del self.containers[call.container]
            return Answer(202)
        return Answer(200, None, _stamps(container.etag, container.modified))

    def _create(self, call: Call) -> Answer:
        if not re.fullmatch(r"[a-z0-9](?:-?[a-z0-9]){2,62}", call.container):
            raise Refusal(400, "InvalidResourceName", "The specified resource name contains invalid characters.")
        if call.container in self.containers:
            raise Refusal(409, "ContainerAlreadyExists", "The specified container already exists.")
        made = self.containers[call.container] = Container(self._etag(), self.cloud.clock.now())
        return Answer(201, None, _stamps(made.etag, made.modified))

    def _need(self, call: Call) -> Container:
        found = self.containers.get(call.container)
        if found is None:
            raise Refusal(404, "ContainerNotFound", "The specified container does not exist.")
        return found

    def _etag(self) -> str:
        return f'"0x8D{self.cloud.random.getrandbits(48):012X}"'

    def _put(self, call: Call) -> Answer:
        self._demand(call, "blobs/write")
        container = self._need(call)
        if call.headers.get("x-ms-blob-type") != "BlockBlob":
            raise Refusal(400, "InvalidHeaderValue", "Only x-ms-blob-type BlockBlob is offered here.")
        former = container.blobs.get(call.blob)
        _check_conditions(call.headers, former)
        now = self.cloud.clock.now()
        kind = call.headers.get("x-ms-blob-content-type") or call.headers.get("Content-Type")
        blob = Blob(
            call.content, self._etag(), now, former.created if former else now, kind or "application/octet-stream"
        )
        container.blobs[call.blob] = blob
        md5 = b64encode(hashlib.md5(blob.content, usedforsecurity=False).digest()).decode()
        return Answer(
            201,
            None,
            _stamps(blob.etag, now) | {"Content-MD5": md5, "x-ms-request-server-encrypted": "true"},
        )

    def _find(self, call: Call) -> Blob:
        blob = self._need(call).blobs.get(call.blob)
        if blob is None:
            raise Refusal(404, "BlobNotFound", "The specified blob does not exist.")
        return blob

    def _get(self, call: Call) -> Answer:
        self._demand(call, "blobs/read")
        blob = self._find(call)
        _check_conditions(call.headers, blob, reading=True)
        headers = _stamps(blob.etag, blob.modified) | {
            "Content-Type": blob.content_type,
            "Accept-Ranges": "bytes",
            "x-ms-blob-type": "BlockBlob",
            "x-ms-creation-time": formatdate(blob.created, usegmt=True),
            "x-ms-lease-status": "unlocked",
            "x-ms-lease-state": "available",
            "x-ms-server-encrypted": "true",
        }
        asked = call.headers.get("x-ms-range") or call.headers.get("Range")
        if asked is None or call.method == "HEAD":
            return Answer(200, blob.content, headers)
        return _range(blob, asked, headers)

    def _delete(self, call: Call) -> Answer:
        self._demand(call, "blobs/delete")
        _check_conditions(call.headers, self._find(call))
        del self._need(call).blobs[call.blob]
        return Answer(202, None, {"x-ms-delete-type-permanent": "true"})

    def _list(self, call: Call) -> Answer:
        self._demand(call, "blobs/read")
        container = self._need(call)
        prefix, delimiter = call.query.get("prefix", ""), call.query.get("delimiter", "")
        after, limit = call.query.get("marker", ""), int(call.query.get("maxresults", LIST_LIMIT))
        entries: dict[str, str] = {}
        for name in sorted(container.blobs):
            if not name.startswith(prefix):
                continue
            head, found, _ = name[len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
            folder = f"{prefix}{head}{found}"
            if found:
                entries[folder] = f"<BlobPrefix><Name>{escape(folder)}</Name></BlobPrefix>"
            else:
                entries[name] = _listed(name, container.blobs[name])
        names = [name for name in sorted(entries) if name > after]
        page, rest = names[:limit], names[limit:]
        body = (
            '<?xml version="1.0" encoding="utf-8"?><EnumerationResults '
            f'ServiceEndpoint="https://{self.resource.name}.blob.core.windows.net/" ContainerName="{call.container}">'
            f"<Prefix>{escape(prefix)}</Prefix><MaxResults>{limit}</MaxResults>"
            f"<Blobs>{''.join(entries[name] for name in page)}</Blobs>"
            f"<NextMarker>{escape(page[-1]) if rest else ''}</NextMarker></EnumerationResults>"
        )
        return Answer(200, body.encode(), {"Content-Type": "application/xml"})


def _stamps(etag: str, modified: float) -> dict[str, str]:
    return {"ETag": etag, "Last-Modified": formatdate(modified, usegmt=True)}


def _check_conditions(headers: Mapping[str, str], blob: Blob | None, *, reading: bool = False) -> None:
    match, none_match = headers.get("If-Match"), headers.get("If-None-Match")
    if match and (blob is None or match not in ("*", blob.etag)):
        raise Refusal(412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")
    if none_match and blob is not None and none_match in ("*", blob.etag):
        if reading:
            raise Refusal(304, "ConditionNotMet", "The blob has not been modified.")
        if none_match == "*":
            raise Refusal(409, "BlobAlreadyExists", "The specified blob already exists.")
        raise Refusal(412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")


def _range(blob: Blob, asked: str, headers: dict[str, str]) -> Answer:
    match = re.fullmatch(r"bytes=(\d+)-(\d*)", asked)
    total = len(blob.content)
    if not match or int(match[1]) >= total:
        raise Refusal(416, "InvalidRange", "The range specified is invalid for the current size of the resource.")
    first, last = int(match[1]), min(int(match[2] or total - 1), total - 1)
    return Answer(206, blob.content[first : last + 1], headers | {"Content-Range": f"bytes {first}-{last}/{total}"})


def _listed(name: str, blob: Blob) -> str:
    modified, created = (formatdate(moment, usegmt=True) for moment in (blob.modified, blob.created))
    return (
        f"<Blob><Name>{escape(name)}</Name><Properties><Creation-Time>{created}</Creation-Time>"
        f"<Last-Modified>{modified}</Last-Modified><Etag>{blob.etag.strip(chr(34))}</Etag>"
        f"<Content-Length>{len(blob.content)}</Content-Length><Content-Type>{escape(blob.content_type)}</Content-Type>"
        "<BlobType>BlockBlob</BlobType><AccessTier>Hot</AccessTier><LeaseStatus>unlocked</LeaseStatus>"
        "<LeaseState>available</LeaseState><ServerEncrypted>true</ServerEncrypted></Properties></Blob>"
    )
