"""Representative faults on the full stack: the real host, real TLS, real VMs' programs; some environments in one world,
each with a fault of its own."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from localcloud.client import call
from localcloud.conductor import LocalCloud
from localcloud.demo import left_over
from tests.e2e.environment import ask, census, spec, status

READY = "ready"
PATIENCE = 240.0
LOOK = 0.5
SOON = {"Retry-After": "1"}
Rule = dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """One environment under one fault. rule: fields of a Fault, its path below the environment's own (`{life}` stands
    for the environment's part of a name); comes_to: ready, or the code of the failure."""

    name: str
    rule: Rule
    comes_to: str = READY

    def fault(self) -> Rule:
        return self.rule | {"path": self.rule["path"].format(life=f"isthmus-{self.name}-[a-z2-7]{{6}}")}


def _group(tail: str, method: str = "PUT", **rule: Any) -> Rule:
    return {"method": method, "path": "{life}[^/]*/.*" + tail, **rule}


def _answer(status: int, code: str, count: int = 2, **more: Any) -> dict[str, Any]:
    return {"status": status, "code": code, "message": "as asked", "count": count, "headers": SOON} | more


def _always(status: int, code: str) -> dict[str, Any]:
    return _answer(status, code, 0)


CELLS = (
    Cell("throttled", _group("/natGateways/", **_answer(429, "TooManyRequests"))),
    Cell("unavailable", _group("/virtualNetworks/", "GET", **_answer(503, "ServiceUnavailable"))),
    Cell("reset", _group("/networkSecurityGroups/", effect="reset", count=2)),
    Cell("lost", _group("/virtualMachines/[^/]+$", effect="lost")),
    Cell("half", _group("/networkInterfaces/", effect="half")),
    Cell("broken", _group("/natGateways/", effect="operation", code="InternalServerError")),
    Cell("late", _group("/accounts/[^/]+$", effect="late", seconds=2.0)),
    Cell("unsettled", _group("/privateEndpoints/", **_answer(400, "AccountProvisioningStateInvalid"))),
    Cell("busy", _group("/accounts/.*/deployments/", **_answer(409, "RequestConflict"))),
    Cell("roles", _group("/roleAssignments/", effect="slow", seconds=3.0, count=0)
         | {"path": "/secrets/{life}.*/roleAssignments/"}),
    Cell("vault", {"method": "GET", "path": "vault.azure.net/secrets/{life}", **_answer(403, "Forbidden"),
                   "inner": "ForbiddenByRbac"}),
    Cell("portal", {"method": "POST", "path": "{life}.*/chat/completions", **_answer(503, "Busy")}),
    Cell("quota", _group("/deployments/", **_always(400, "InsufficientQuota")), "InsufficientQuota"),
    Cell("size", _group("/virtualMachines/[^/]+$", **_always(409, "SkuNotAvailable")), "SkuNotAvailable"),
    Cell("image", _group("/virtualMachines/[^/]+$", **_always(400, "PlatformImageNotFound")), "PlatformImageNotFound"),
    Cell("policy", _group("/publicIPAddresses/", **_always(403, "RequestDisallowedByPolicy")),
         "RequestDisallowedByPolicy"),
    Cell("denied", _group("/virtualNetworks/[^/]+$", **_always(403, "AuthorizationFailed")), "AuthorizationFailed"),
    Cell("domain", _group("/accounts/[^/]+$", **_always(409, "CustomDomainInUse")), "CustomDomainInUse"),
    Cell("allocation", _group("/virtualMachines/[^/]+$", effect="operation", code="AllocationFailed", count=0),
         "AllocationFailed"),
    Cell("grouplock", {"method": "DELETE", "path": "/resourcegroups/{life}[^/]*$", "effect": "operation",
                       "code": "InternalServerError"}),
    Cell("purge", {"method": "DELETE", "path": "/deletedAccounts/{life}", **_answer(409, "RequestConflict")}),
    Cell("purgelost", {"method": "DELETE", "path": "/deletedsecrets/{life}", "effect": "lost", "count": 3}),
)  # fmt: skip
REFUSED: Rule = {"method": "CONNECT", "path": "vault.azure.net", "effect": "refuse", "count": 2}
"""Befalls whoever comes first: no connection knows whose it is."""


def lived(cloud: LocalCloud, cells: Sequence[Cell]) -> dict[str, list[str]]:
    """Cell -> what is not as it must be, after all of them lived at the same time and are gone again."""
    before = census(cloud)
    rules = [REFUSED, *(cell.fault() for cell in cells)]
    assert call("POST", f"{cloud.control}/localcloud/faults", rules).status == 200
    for cell in cells:
        assert ask(cloud, spec(cell.name, on_failure="rollback")).status == 202
    wrong: dict[str, list[str]] = {cell.name: [] for cell in cells}
    for cell in cells:
        document = _settled(cloud, cell.name, (READY, "gone"))
        came_to = (document["error"] or {}).get("code") or document["phase"]
        if came_to != cell.comes_to:
            wrong[cell.name].append(f"came to {came_to}, not to {cell.comes_to}: {document['error']}")
        if document["error"] and not document["error"]["hint"]:
            wrong[cell.name].append(f"{came_to} comes without a hint")
        if document["phase"] == READY:
            call("DELETE", f"{cloud.url}/api/environments/{cell.name}")
    for cell in cells:
        if _settled(cloud, cell.name, ("gone",))["phase"] != "gone":
            wrong[cell.name].append(f"it is not gone: {status(cloud, cell.name)['teardown']}")
        wrong[cell.name] += [line for line in left_over(before, census(cloud)) if f"-{cell.name}-" in line]
    faults = call("GET", f"{cloud.control}/localcloud/faults").json()["faults"]
    unhit = {fault["path"] for fault in faults if not fault["hit"]}
    for cell in cells:
        if cell.fault()["path"] in unhit:
            wrong[cell.name].append("the fault never befell anything")
    call("DELETE", f"{cloud.control}/localcloud/faults")
    return wrong


def _settled(cloud: LocalCloud, name: str, phases: tuple[str, ...]) -> dict[str, Any]:
    """The document once it is in one of the phases, or as it is when its time is over."""
    deadline = time.monotonic() + PATIENCE
    while True:
        document = status(cloud, name)
        if document["phase"] in phases or time.monotonic() > deadline:
            return document
        time.sleep(LOOK)
