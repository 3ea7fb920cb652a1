"""Microsoft.Authorization/locks: what somebody put at a scope so that nothing there is deleted, or changed."""

from __future__ import annotations

from localcloud.azure import ids
from localcloud.azure.arm import Call, check_version
from localcloud.azure.errors import NotFound, Refusal, invalid_content
from localcloud.azure.model import Answer, Json

VERSIONS = ("2020-05-01", "2016-09-01")
TYPE = "Microsoft.Authorization/locks"
LEVELS = ("CanNotDelete", "ReadOnly")


def locks(call: Call) -> Answer:
    """The list at a scope: made at it, above it and below it."""
    check_version(call, TYPE, VERSIONS)
    scope = call.captured["scope"]
    call.demand(f"{TYPE}/read", scope)
    made = call.cloud.locks.items()
    found = [lock for where, lock in made if ids.within(where, scope) or ids.within(scope, _scope(where))]
    return Answer(200, {"value": found})


def lock(call: Call) -> Answer:
    check_version(call, TYPE, VERSIONS)
    verb = {"GET": "read", "DELETE": "delete"}.get(call.method, "write")
    call.demand(f"{TYPE}/{verb}", call.captured["scope"])
    key, name = ids.key(call.path), call.captured["name"]
    found = call.cloud.locks.get(key)
    if call.method == "PUT":
        properties: Json = call.json.get("properties") or {}
        if properties.get("level") not in LEVELS:
            raise invalid_content(f"the level of a lock is one of {', '.join(LEVELS)}")
        call.cloud.locks[key] = {"id": call.path, "name": name, "type": TYPE, "properties": properties}
        return Answer(200 if found else 201, call.cloud.locks[key])
    if call.method == "DELETE":
        call.cloud.locks.pop(key, None)
        return Answer(200 if found else 204)
    if found is None:
        raise NotFound("LockNotFound", f"The lock '{name}' could not be found.")
    return Answer(200, found)


def refuse(call: Call, identifier: str) -> None:
    """Raises Refusal 409 if a lock stands against the call: at the resource or above it, and of a DELETE below it."""
    deletes = call.method == "DELETE"
    against = {
        _scope(key): found
        for key, found in call.cloud.locks.items()
        if (deletes or found["properties"]["level"] == "ReadOnly")
        and (ids.within(identifier, _scope(key)) or (deletes and ids.within(_scope(key), identifier)))
    }
    if against:
        doing = "delete" if deletes else "write"
        where = ",".join(found["id"].rsplit("/providers/", 1)[0] for found in against.values())
        raise Refusal(
            409,
            "ScopeLocked",
            f"The scope '{identifier}' cannot perform {doing} operation because following scope(s) are locked: "
            f"'{where}'. Please remove the lock and try again.",
        )


def _scope(key: str) -> str:
    return key.rsplit("/providers/", 1)[0]
