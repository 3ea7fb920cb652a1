"""The control API: what tests and tools may see and do, on loopback only, under /localcloud/.

GET    census                 everything that exists, by kind; what was there from the start stands apart
GET    requests?after=N       the log of requests (method, host, path, status), never a header or a body
GET    bodies                 what ARM was sent, custom data in clear
GET    blobs                  what is in the storage accounts
GET    speed    PUT {"speed": 0.02}
GET    faults   POST [rule, ...]   DELETE     rules as in `faults.Fault`
GET    catalog  PUT {"gone": [...], "retired": {...}, "limits": {...}}     what is on offer, as in `catalog.Catalog`
POST   plant    {"id": ..., "body": {...} or null}    lays a body over a resource, or takes the resource away
PUT    roles    {"id": guid, "actions": [...], "dataActions": [...]}   changes a role definition
GET    events                 what webhooks and Event Grid topics were sent
GET    canaries               every secret value that this cloud ever held, and what it is
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from localcloud.azure import engine, faults, imds
from localcloud.azure.errors import NotFound, Refusal
from localcloud.azure.front import Front, Incoming
from localcloud.azure.model import Answer, Json, Resource

IDENTITY_PATH = "/msi/token"


@dataclass
class Control:
    """`identity`, `identity_secret`: of the app, for App Service's endpoint."""

    front: Front
    identity: Resource
    identity_secret: str
    seeded: frozenset[str]

    async def handle(self, incoming: Incoming) -> Answer:
        if incoming.path == IDENTITY_PATH:
            return imds.app_service(
                self.front.directory, self.identity, self.identity_secret, incoming.query, incoming.headers
            )
        name = incoming.path.removeprefix("/localcloud/")
        handler = self._handlers().get((incoming.method, name))
        if handler is None:
            raise NotFound("NotFound", f"The local cloud has no {incoming.method} {incoming.path}.")
        return await handler(incoming)

    def _handlers(self) -> dict[tuple[str, str], Callable[[Incoming], Awaitable[Answer]]]:
        return {
            ("GET", "census"): self._census,
            ("GET", "requests"): self._requests,
            ("GET", "bodies"): self._bodies,
            ("GET", "blobs"): self._blobs,
            ("GET", "speed"): self._speed,
            ("PUT", "speed"): self._speed,
            ("GET", "faults"): self._faults,
            ("POST", "faults"): self._faults,
            ("DELETE", "faults"): self._faults,
            ("GET", "catalog"): self._catalog,
            ("PUT", "catalog"): self._catalog,
            ("POST", "plant"): self._plant,
            ("PUT", "roles"): self._roles,
            ("GET", "events"): self._events,
            ("GET", "canaries"): self._canaries,
        }

    async def _census(self, incoming: Incoming) -> Answer:
        return Answer(200, self.census())

    def census(self) -> Json:
        """Everything that exists beside what was there from the start, which stands under "seeded"."""
        everything = self._everything()
        made = {kind: [item for item in items if item not in self.seeded] for kind, items in everything.items()}
        return {kind: items for kind, items in made.items() if items} | {"seeded": sorted(self.seeded)}

    def _everything(self) -> dict[str, list[str]]:
        cloud = self.front.cloud
        found: dict[str, list[str]] = {}
        for resource in cloud.resources.values():
            found.setdefault(resource.kind.type, []).append(resource.id)
        found["deleted accounts"] = [kept.id for kept in cloud.deleted_accounts.values()]
        found["role assignments"] = [assignment.id for assignment in cloud.access.assignments.values()]
        found["secrets"], found["deleted secrets"] = self._secrets(False), self._secrets(True)
        found["containers"] = [f"{name}/{c}" for name, s in self.front.storages.items() for c in s.containers]
        found["blobs"] = [
            f"{name}/{container}/{blob}"
            for name, storage in self.front.storages.items()
            for container, held in storage.containers.items()
            for blob in held.blobs
        ]
        under_way = (op for op in cloud.operations.values() if op.status == "InProgress")
        found["operations"] = [f"{operation.verb} {operation.target}" for operation in under_way]
        return found

    def _secrets(self, deleted: bool) -> list[str]:
        return [
            f"{vault.resource.name}/{secret.name}"
            for vault in self.front.vaults.values()
            for secret in vault.secrets.values()
            if (secret.deleted is not None) == deleted
        ]

    async def _requests(self, incoming: Incoming) -> Answer:
        after = int(incoming.query.get("after", "0"))
        return Answer(200, {"requests": [entry for entry in self.front.log if entry["number"] > after]})

    async def _bodies(self, incoming: Incoming) -> Answer:
        return Answer(200, {"bodies": list(self.front.bodies)})

    async def _blobs(self, incoming: Incoming) -> Answer:
        found = {
            f"{account}/{container}/{name}": blob.content.decode(errors="replace")
            for account, storage in self.front.storages.items()
            for container, held in storage.containers.items()
            for name, blob in held.blobs.items()
        }
        return Answer(200, {"blobs": found})

    async def _speed(self, incoming: Incoming) -> Answer:
        if incoming.method == "PUT":
            speed = _object(incoming)["speed"]
            if not isinstance(speed, int | float) or speed < 0:
                raise Refusal(400, "BadRequest", "speed is a number, 0 or more.")
            self.front.cloud.speed = float(speed)
        return Answer(200, {"speed": self.front.cloud.speed})

    async def _faults(self, incoming: Incoming) -> Answer:
        if incoming.method == "DELETE":
            self.front.faults.clear()
        elif incoming.method == "POST":
            try:
                self.front.faults.extend(faults.parse(incoming.json()))
            except (TypeError, ValueError, re.error) as error:
                raise Refusal(400, "BadRequest", f"A list of fault rules is wanted: {error}.") from error
        return Answer(200, {"faults": faults.shown(self.front.faults)})

    async def _catalog(self, incoming: Incoming) -> Answer:
        catalog = self.front.cloud.catalog
        if incoming.method == "PUT":
            try:
                catalog.change(_object(incoming))
            except (TypeError, ValueError, AttributeError) as error:
                raise Refusal(400, "BadRequest", f"A change of the catalog is wanted: {error}.") from error
        return Answer(200, {"gone": sorted(catalog.gone), "retired": catalog.retired, "limits": catalog.limits})

    async def _plant(self, incoming: Incoming) -> Answer:
        wanted = _object(incoming)
        resource = self.front.cloud.get(str(wanted.get("id")))
        if resource is None:
            raise NotFound("NotFound", f"There is no {wanted.get('id')} to change.")
        if wanted.get("body") is None:
            await resource.kind.ended(self.front.cloud, resource)
            engine.forget(self.front.cloud, resource)
        else:
            _lay_over(resource.body, wanted["body"])
        await engine.apply(self.front.cloud)
        return Answer(200, {"id": resource.id})

    async def _roles(self, incoming: Incoming) -> Answer:
        wanted = _object(incoming)
        role = self.front.cloud.access.role(str(wanted.get("id")))
        if role is None:
            raise NotFound("NotFound", f"There is no role {wanted.get('id')}.")
        role.actions = tuple(wanted.get("actions", role.actions))
        role.not_actions = tuple(wanted.get("notActions", role.not_actions))
        role.data_actions = tuple(wanted.get("dataActions", role.data_actions))
        return Answer(200, {"id": role.id})

    async def _events(self, incoming: Incoming) -> Answer:
        return Answer(200, {"events": self.front.receivers.got})

    async def _canaries(self, incoming: Incoming) -> Answer:
        return Answer(200, self.front.cloud.canaries)


def _object(incoming: Incoming) -> Json:
    body: Any = incoming.json()
    if not isinstance(body, dict):
        raise Refusal(400, "BadRequest", "A JSON object is wanted.")
    return body


def _lay_over(under: Json, over: Json) -> None:
    for name, value in over.items():
        if isinstance(value, dict) and isinstance(under.get(name), dict):
            _lay_over(under[name], value)
        else:
            under[name] = value
