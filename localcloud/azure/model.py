"""What the cloud is made of: kinds of resources (rows of `table.py`), resources, operations, and the whole."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from localcloud.azure import ids
from localcloud.azure.catalog import Catalog
from localcloud.azure.clock import Clock
from localcloud.azure.errors import Refusal
from localcloud.azure.shapes import Shape
from localcloud.fabric import Fabric

if TYPE_CHECKING:
    from localcloud.azure.faults import Fault
    from localcloud.azure.rbac import Access, Caller

Json = dict[str, Any]
Status = Literal["InProgress", "Succeeded", "Failed"]
Style = Literal["sync", "async_operation", "location_201", "location_202", "body"]
"""How a PUT is answered: at once; 201 + Azure-AsyncOperation; 201 + Location; 202 + Location; or 201 and the body's
provisioningState is all there is."""


@dataclass(frozen=True)
class Reference:
    """Where a body names another resource. `action`: what the caller must be allowed to do there (linked access
    check); `keys`: the ids are the keys of an object; `ready`: it must have been provisioned already."""

    path: str
    action: str
    keys: bool = False
    ready: bool = True

    def ids(self, body: Json) -> list[str]:
        found = list(ids.find(body, self.path))
        return [text for table in found for text in table] if self.keys else [text for text in found if text]


@dataclass
class Resource:
    """body: what ARM shows of it, without id, name, type and etag; private: what ARM knows and never shows;
    settled: when it was first provisioned (None: not yet); operation: id of what is under way."""

    id: str
    kind: Kind
    body: Json
    private: Json = field(default_factory=dict)
    etag: str = ""
    state: str = "Succeeded"
    settled: float | None = None
    operation: str | None = None

    @property
    def key(self) -> str:
        return ids.key(self.id)

    @property
    def name(self) -> str:
        return self.id.rsplit("/", 1)[1]

    @property
    def properties(self) -> Json:
        properties: Json = self.body.setdefault("properties", {})
        return properties


@dataclass
class Change:
    """A PUT (or PATCH) on its way in. `body`: clean, the normaliser may change it; `private`: what must not be
    shown; `before`: what is there already."""

    cloud: Cloud
    id: str
    body: Json
    caller: Caller
    before: Resource | None = None
    private: Json = field(default_factory=dict)

    @property
    def properties(self) -> Json:
        properties: Json = self.body.setdefault("properties", {})
        return properties

    @property
    def name(self) -> str:
        return self.id.rsplit("/", 1)[1]


async def _nothing(cloud: Cloud, resource: Resource) -> None:
    return None


def _as_it_is(change: Change) -> None:
    return None


def _fine(cloud: Cloud, resource: Resource) -> None:
    return None


def _plain(cloud: Cloud, resource: Resource, shown: Json) -> None:
    return None


Action = Callable[["Cloud", Resource, Json], Awaitable["Answer"]]


@dataclass(frozen=True)
class Kind:
    """One resource type: a row of the table.

    seconds, delete_seconds: typical durations of PUT and DELETE (0: at once)
    making: the provisioning state while it is being made
    normalise: brings a clean body into the form that ARM keeps, or refuses it
    finish: what happens when a PUT ends (may refuse: then the operation fails); ended: when a DELETE ends
    guard: refuses a DELETE; show: adds what ARM computes when it answers
    serial: writes in one parent exclude each other; busy: how a write is refused while another is under way
    """

    type: str
    versions: tuple[str, ...]
    shape: Shape
    style: Style = "sync"
    seconds: float = 0.0
    delete_seconds: float = 0.0
    making: str = "Updating"
    references: tuple[Reference, ...] = ()
    normalise: Callable[[Change], None] = _as_it_is
    finish: Callable[[Cloud, Resource], Awaitable[None]] = _nothing
    ended: Callable[[Cloud, Resource], Awaitable[None]] = _nothing
    guard: Callable[[Cloud, Resource], None] = _fine
    show: Callable[[Cloud, Resource, Json], None] = _plain
    actions: Mapping[str, Action] = field(default_factory=dict)
    serial: bool = False
    busy: tuple[int, str] = (429, "AnotherOperationInProgress")
    group_segment: str = "resourceGroups"
    network: bool = False
    writable: bool = True

    @property
    def key(self) -> str:
        return self.type.lower()

    @property
    def namespace(self) -> str:
        return self.type.split("/")[0]


@dataclass
class Answer:
    """An HTTP answer in the making. `body` None: no content."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Operation:
    """Something asynchronous. `signature`: stands in its URLs, without which nobody may look; `fate`: the fault rule
    that befell the call which began it."""

    id: str
    namespace: str
    location: str
    version: str
    target: str
    verb: str
    signature: str
    started: float
    status: Status = "InProgress"
    ended: float | None = None
    error: Json | None = None
    error_status: int = 409
    result: Json | None = None
    fate: Fault | None = None

    def doom(self) -> None:
        """Called where its work begins. Raises Refusal if it shall fail."""
        if self.fate is not None and self.fate.effect == "operation":
            raise Refusal(409, self.fate.code, self.fate.message)


@dataclass
class Cloud:
    """Everything that exists. Mutated on one event loop only; nothing in it awaits between check and change."""

    fabric: Fabric
    clock: Clock
    speed: float
    random: random.Random
    subscription: str
    tenant: str
    access: Access = field(init=False)
    resources: dict[str, Resource] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    deleted_accounts: dict[str, Resource] = field(default_factory=dict)
    lingering: dict[str, float] = field(default_factory=dict)
    locks: dict[str, Json] = field(default_factory=dict)
    catalog: Catalog = field(default_factory=Catalog)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    applying: asyncio.Lock = field(default_factory=asyncio.Lock)
    canaries: dict[str, str] = field(default_factory=dict)

    @property
    def hub(self) -> str:
        """A second subscription of the tenant, for what a landing zone keeps apart from the app's."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, self.subscription))

    def has(self, subscription: str) -> bool:
        return subscription.lower() in (self.subscription, self.hub)

    def latency(self, seconds: float) -> float:
        return seconds * self.speed

    def uuid(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def secret(self, what: str, letters: int = 42) -> str:
        """A new secret value; remembered so that tests can search for it everywhere."""
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        value = "".join(self.random.choice(alphabet) for _ in range(letters))
        self.canaries[value] = what
        return value

    def etag(self) -> str:
        return f'W/"{self.uuid()}"'

    def get(self, identifier: str) -> Resource | None:
        return self.resources.get(ids.key(identifier))

    def of(self, resource_type: str, scope: str = "") -> Iterator[Resource]:
        """All of a type below a scope (an id; "" is everywhere)."""
        wanted = resource_type.lower()
        for resource in list(self.resources.values()):
            if resource.kind.key == wanted and ids.within(resource.id, scope):
                yield resource

    def children(self, identifier: str) -> list[Resource]:
        prefix = ids.key(identifier) + "/"
        return [resource for key, resource in self.resources.items() if key.startswith(prefix)]

    def referring(self, identifier: str, *types: str) -> Iterator[Resource]:
        """Resources of those types whose references name the id."""
        wanted = ids.key(identifier)
        for resource_type in types:
            for resource in self.of(resource_type):
                named = (text for reference in resource.kind.references for text in reference.ids(resource.body))
                if any(ids.key(text) == wanted for text in named):
                    yield resource

    def need(self, identifier: str, *, code: str = "InvalidResourceReference", referrer: str = "") -> Resource:
        """The resource, or a Refusal 400 as for a reference to nothing."""
        resource = self.get(identifier)
        if resource is None:
            raise self.unreferable(identifier, referrer, code)
        return resource

    @staticmethod
    def unreferable(identifier: str, referrer: str, code: str = "InvalidResourceReference") -> Refusal:
        return Refusal(
            400,
            code,
            f"Resource {identifier} referenced by resource {referrer} was not found. Please make sure that the "
            "referenced resource exists, and that both resources are in the same region.",
        )

    def linger(self, what: str, seconds: float) -> None:
        """Remembers that something still has an effect for a while after it is gone."""
        self.lingering[what.lower()] = self.clock.now() + self.latency(seconds)

    def lingers(self, what: str) -> bool:
        return self.lingering.get(what.lower(), 0.0) > self.clock.now()
