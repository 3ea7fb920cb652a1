"""What can go wrong with an operation, and what must come of it: one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from isthmus.errors import rule_of
from localcloud.azure.faults import Fault
from tests.localazure.engine import Engine
from tests.reliability.life import (
    AGES,
    READY,
    Judgement,
    Staged,
    judge_build,
    judge_end,
    judge_refused_teardown,
    run,
)
from tests.reliability.operations import Operation, operations

Befalls = Callable[[Operation], bool]


def any_call(operation: Operation) -> bool:
    return True


def of_the_app(operation: Operation) -> bool:
    return not operation.of_vms


def ticket_of_vm(operation: Operation) -> bool:
    """A VM fetches a secret: its ticket, or the API key."""
    return operation.of_vms and operation.service == "vault"


def arm_calls(operation: Operation) -> bool:
    return operation.service == "arm"


def arm_writes(operation: Operation) -> bool:
    return operation.service == "arm" and operation.writes


def creations(operation: Operation) -> bool:
    return operation.service == "arm" and operation.method == "PUT"


def vault_calls(operation: Operation) -> bool:
    return operation.service == "vault" and not operation.of_vms


def begun(operation: Operation) -> bool:
    return operation.begins


def told_of(operation: Operation) -> bool:
    """It begins something whose failure Azure explains at the operation's URL."""
    return operation.begins and not told_by_body(operation)


def told_by_body(operation: Operation) -> bool:
    """... of whose failure only the resource itself tells, without a reason."""
    return operation.method == "PUT" and operation.name.startswith("Microsoft.CognitiveServices/accounts")


@dataclass(frozen=True)
class Put:
    """PUTs of what ends so. (No function in a function: runs go to other processes.)"""

    name: str

    def __call__(self, operation: Operation) -> bool:
        return operation.method == "PUT" and operation.name.endswith(self.name)


def group_deletes(operation: Operation) -> bool:
    return operation.method == "DELETE" and operation.name == "resourcegroups"


@dataclass(frozen=True)
class Trouble:
    """name: as figures show it; befalls: which operations; rule: fields of a Fault; comes_to: READY or a code."""

    name: str
    befalls: Befalls
    rule: dict[str, Any] = field(default_factory=dict)
    comes_to: str = READY


@dataclass(frozen=True)
class Cell:
    """One operation under one trouble."""

    operation: Operation
    trouble: Trouble

    def fault(self) -> Fault:
        method = "CONNECT" if self.trouble.rule.get("effect") == "refuse" else self.operation.method
        return Fault(method, self.operation.path, **self.trouble.rule)

    def __str__(self) -> str:
        return f"{self.operation}: {self.trouble.name}"

    def _comes_to(self) -> str:
        """What preflight can't look at is a finding of its own, or its deadline, which name the code."""
        code = self.trouble.comes_to
        if not self.operation.preflight or code in (READY, "DeadlineExceeded"):
            return code
        return "PreflightFailed" if rule_of(0, code).does == "fail" else "DeadlineExceeded"

    def live(self) -> Judgement:
        """A life with one operation under one trouble."""
        judgement = Judgement(str(self))
        stage, comes_to = self.operation.stage, self._comes_to()
        with Engine() as engine:
            fault = self.fault()
            staged = Staged(engine, stage, fault)
            life = engine.ask()
            run(engine, judgement)
            judge_build(engine, life, judgement, comes_to if stage == "build" else READY)
            if engine.phase(life) == READY:
                engine.delete(life)
                run(engine, judgement)
            if stage == "teardown" and comes_to != READY:
                judge_refused_teardown(engine, life, judgement, comes_to)
                staged.lift()
                engine.hub.at(engine.hub.seconds + AGES, lambda: engine.delete(life))
                run(engine, judgement)
            if not fault.hit:
                judgement.wrong.append("the fault never befell anything")
            judge_end(engine, life, judgement)
        return judgement


def _answer(status: int, code: str, message: str = "as asked", *, count: int = 2, **headers: str) -> dict[str, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"status": status, "code": code, "message": message, "count": count, "headers": named}


def _always(status: int, code: str, message: str = "as asked", **more: Any) -> dict[str, Any]:
    return _answer(status, code, message, count=0) | more


BY_ROLE = {"inner": "ForbiddenByRbac"}
TROUBLES: tuple[Trouble, ...] = (
    # What passes by itself.
    Trouble("429 with Retry-After", any_call, _answer(429, "TooManyRequests", Retry_After="17")),
    Trouble("429 without Retry-After", any_call, _answer(429, "TooManyRequests")),
    Trouble("500", any_call, _answer(500, "InternalServerError")),
    Trouble("502", any_call, _answer(502, "BadGateway")),
    Trouble("503", any_call, _answer(503, "ServiceUnavailable")),
    Trouble("connection refused", of_the_app, {"effect": "refuse", "count": 2}),
    Trouble("connection reset", any_call, {"effect": "reset", "count": 2}),
    Trouble("done, answer lost", any_call, {"effect": "lost", "count": 2}),
    Trouble("done, answer cut in half", any_call, {"effect": "half", "count": 2}),
    Trouble("no answer", any_call, {"effect": "hang", "count": 1}),
    Trouble("another operation in progress", arm_writes, _answer(409, "AnotherOperationInProgress")),
    Trouble("conflict", arm_writes, _answer(409, "RequestConflict")),
    Trouble("dependency not ready", creations, _answer(429, "RetryableError")),
    Trouble("vault forbids for a while", vault_calls, _answer(403, "Forbidden", count=3) | BY_ROLE),
    Trouble("operation fails once", begun, {"effect": "operation", "code": "InternalServerError", "count": 1}),
    Trouble("operation is slow", begun, {"effect": "slow", "seconds": 300.0, "count": 1}),
    Trouble("account: failed, later succeeded", Put("/accounts"),
            {"effect": "late", "seconds": 60.0, "code": "InternalServerError"}),
    Trouble("roles propagate slowly", Put("/roleAssignments"), {"effect": "slow", "seconds": 200.0, "count": 0}),
    Trouble("names are seen late", Put("/virtualNetworkLinks"), {"effect": "unseen", "seconds": 100.0}),
    Trouble("group's delete is blocked for a while", group_deletes,
            {"effect": "operation", "code": "ResourceGroupDeletionBlocked", "count": 3}),
    # What no waiting mends.
    Trouble("denied", arm_calls, _always(403, "AuthorizationFailed"), "AuthorizationFailed"),
    Trouble("linked permission denied", creations, _always(403, "LinkedAuthorizationFailed"),
            "LinkedAuthorizationFailed"),
    Trouble("policy", creations, _always(403, "RequestDisallowedByPolicy"), "RequestDisallowedByPolicy"),
    Trouble("operation fails always", told_of, {"effect": "operation", "code": "AllocationFailed", "count": 0},
            "AllocationFailed"),
    Trouble("operation fails always without a word", told_by_body, {"effect": "operation", "count": 0}, "NotAsWanted"),
    Trouble("operation never ends", begun, {"effect": "slow", "seconds": AGES, "count": 0}, "DeadlineExceeded"),
    Trouble("500 always", of_the_app, _always(500, "InternalServerError"), "DeadlineExceeded"),
    Trouble("vault forbids always", vault_calls, _always(403, "Forbidden") | BY_ROLE, "ForbiddenByRbac"),
    Trouble("quota exhausted", Put("/deployments"), _always(400, "InsufficientQuota"), "InsufficientQuota"),
    Trouble("model retired", Put("/deployments"), _always(400, "ServiceModelDeprecated"), "ServiceModelDeprecated"),
    Trouble("model not offered", Put("/deployments"), _always(400, "DeploymentModelNotSupported"),
            "DeploymentModelNotSupported"),
    Trouble("subdomain taken", Put("/accounts"), _always(409, "CustomDomainInUse"), "CustomDomainInUse"),
    Trouble("names are never seen", Put("/virtualNetworkLinks"), {"effect": "unseen", "seconds": AGES}, "ProofFailed"),
    Trouble("VM never boots", Put("/virtualMachines"), {"effect": "dead", "count": 0}, "OSProvisioningTimedOut"),
    Trouble("node never gets its ticket", ticket_of_vm, _always(503, "ServiceUnavailable"), "ProofFailed"),
    Trouble("size not available", Put("/virtualMachines"), _always(409, "SkuNotAvailable"), "SkuNotAvailable"),
    Trouble("image gone", Put("/virtualMachines"), _always(400, "PlatformImageNotFound"), "PlatformImageNotFound"),
    Trouble("cores used up", Put("/virtualMachines"),
            _always(409, "OperationNotAllowed", "exceeding approved standardDSv5Family Cores quota"),
            "OperationNotAllowed"),
    Trouble("property can't be changed", Put("/virtualMachines"), _always(409, "PropertyChangeNotAllowed"),
            "PropertyChangeNotAllowed"),
    Trouble("public addresses used up", Put("/publicIPAddresses"), _always(400, "PublicIPCountLimitReached"),
            "PublicIPCountLimitReached"),
    Trouble("group is locked", group_deletes, _always(409, "ScopeLocked"), "ScopeLocked"),
    Trouble("group's delete is blocked always", group_deletes,
            {"effect": "operation", "code": "ResourceGroupDeletionBlocked", "count": 0},
            "ResourceGroupDeletionBlocked"),
)  # fmt: skip


def cells() -> Iterator[Cell]:
    """The whole grid."""
    for operation in operations():
        for trouble in TROUBLES:
            if trouble.befalls(operation):
                yield Cell(operation, trouble)
