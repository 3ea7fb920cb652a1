"""What one deployment holds: the needs of an environment, counted from the graph, against Azure's limits.

Everything that follows from the graph is counted; Azure's limits are Azure's, with what can be done about each.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from docs.markup import page, table
from isthmus.graph import Kind, Role, kinds_of

HOST = Path(__file__).resolve().parent.parent / "host.json"
SIZES = (2, 6, 21, 101)
"""Corps of the environments in the tables; the last is the largest that may be asked for."""
READS_A_WRITE = 3
"""A look before, one while it is made, one that it is there: what the local cloud's log shows on the average."""
READS_OF_PREFLIGHT = 36
BUILD_SECONDS = 240
"""From request to proof, on Azure's typical durations."""


@dataclass(frozen=True)
class Bucket:
    """What Resource Manager gives one identity in one subscription: so many at once, so many more a second."""

    name: str
    size: int
    refill: int

    def seconds(self, requests: int) -> float:
        """How long that many requests take at least."""
        return max(0, requests - self.size) / self.refill


WRITES, READS, DELETES = Bucket("writes", 200, 10), Bucket("reads", 250, 25), Bucket("deletes", 200, 10)


def _count(role: Role, wanted: Callable[[Kind], bool]) -> int:
    return sum(1 for kind in kinds_of(role) if wanted(kind))


def of_arm(kind: Kind) -> bool:
    return kind.azure.startswith("Microsoft.")


def each(wanted: Callable[[Kind], bool], corps: int) -> int:
    """How many steps of that sort an environment has: one provider, the rest consumers."""
    return _count("provider", wanted) + (corps - 1) * _count("consumer", wanted)


def steps(corps: int) -> int:
    return each(lambda kind: True, corps)


def writes(corps: int) -> int:
    return each(of_arm, corps)


def reads(corps: int) -> int:
    return READS_OF_PREFLIGHT + READS_A_WRITE * writes(corps)


def deletes(corps: int) -> int:
    """Groups take what is in them along; what is outside of them is deleted by itself, and accounts are purged."""
    return each(lambda kind: of_arm(kind) and (kind.removal == "own" or kind.name == "openai_account"), corps)


def of_kind(name: str) -> Callable[[int], int]:
    return lambda corps: each(lambda kind: kind.name == name, corps)


def of_type(azure: str) -> Callable[[int], int]:
    return lambda corps: each(lambda kind: kind.azure == azure, corps)


@dataclass(frozen=True)
class Limit:
    """One thing that Azure limits. `raised`: what can be done about it."""

    name: str
    need: Callable[[int], int]
    limit: int
    per: str
    raised: str


LIMITS = (
    Limit("resource groups", of_kind("resource_group"), 980, "subscription", "never: another subscription"),
    Limit(
        "role assignments",
        of_type("Microsoft.Authorization/roleAssignments"),
        4000,
        "subscription",
        "never: another subscription",
    ),
    Limit("private DNS zones", of_kind("private_dns_zone"), 1000, "subscription", "by support"),
    Limit("Azure OpenAI accounts", of_kind("openai_account"), 30, "region", "by support; another region"),
    Limit("virtual networks", of_kind("virtual_network"), 1000, "region", "by support; another region"),
    Limit("NAT gateways", of_kind("nat_gateway"), 100, "region", "by support; another region"),
    Limit("standard public IPs", of_kind("public_ip"), 1000, "region", "on request; small subscriptions begin with 10"),
    Limit(
        "vCPUs of one family (two a VM)",
        lambda corps: 2 * of_kind("virtual_machine")(corps),
        100,
        "region",
        "on request; small subscriptions begin with 10",
    ),
)
"""Beside these: the model's own quota (tokens a minute, a region), which preflight compares with each request."""


def fit(limit: Limit, corps: int) -> int:
    """How many environments of that size stay within the limit."""
    return limit.limit // limit.need(corps)


def at_once(bucket: Bucket, requests: int) -> int:
    """How many builds may begin together without one of them being refused for now (429)."""
    return (bucket.size + bucket.refill * BUILD_SECONDS) // requests


def activities(corps: int) -> int:
    """Calls of activities from request to proof: each step is looked at a few times, each round is written down."""
    return 46 + 41 * corps


def tables() -> dict[str, tuple[tuple[str, ...], list[list[str]]]]:
    """Name -> heads and rows, all made from the above."""
    heads = tuple(f"{corps} corps" for corps in SIZES)
    needs = {
        "steps": steps,
        "resource groups": of_kind("resource_group"),
        "role assignments": of_type("Microsoft.Authorization/roleAssignments"),
        "secrets": lambda corps: each(lambda kind: kind.stage == "reserve", corps),
        "VMs, networks, NAT gateways, public IPs each": of_kind("virtual_machine"),
        "ARM writes to build it": writes,
        "ARM reads to build it, about": reads,
        "ARM deletes to take it down": deletes,
    }
    time = [(WRITES, writes), (READS, reads), (DELETES, deletes)]
    return {
        "needs": (("an environment of", *heads), [[name, *_each_size(count)] for name, count in needs.items()]),
        "limits": (
            ("Azure's limit", "is", *(f"fit: {head}" for head in heads), "raised"),
            [
                [
                    limit.name,
                    f"{limit.limit:,} a {limit.per}",
                    *_each_size(lambda corps, limit=limit: fit(limit, corps)),
                    limit.raised,
                ]
                for limit in LIMITS
            ],
        ),
        "time": (
            ("bucket", "holds", "refills", f"{heads[-1]} take at least", *(f"at once: {head}" for head in heads)),
            [
                [
                    bucket.name,
                    str(bucket.size),
                    f"{bucket.refill} a second",
                    f"{bucket.seconds(count(SIZES[-1])):.0f} s",
                    *_each_size(lambda corps, bucket=bucket, count=count: at_once(bucket, count(corps))),
                ]
                for bucket, count in time
            ],
        ),
    }


def _each_size(count: Callable[..., int]) -> list[str]:
    return [f"{count(corps):,}" for corps in SIZES]


BEYOND = (
    ("public IPs, vCPUs, NAT gateways, accounts, model quota", "Ask Azure to raise them, or spread over regions: "
     "`location` is each environment's own."),
    ("resource groups, role assignments, the buckets", "Another subscription. One deployment builds in one "
     "(`AZURE_SUBSCRIPTION_ID`): deploy a second Isthmus there, with another environment name; a pipeline chooses by "
     "its URL. Names in the whole world are salted with the subscription, so the two never meet."),
    ("the task hub: orchestrations wait although instances are idle", "`durableBackend: DurableTaskScheduler`. "
     "Consumption takes 500 actions a second and keeps 30 days; Dedicated takes 2,000 a capacity unit and keeps 90."),
    ("instances", "`maximumInstanceCount`, up to 1,000. Before that, look at `isthmus.arm.throttled`: more instances "
     "only hear 429 more often."),
)  # fmt: skip


def scale() -> str:
    """docs/scale.md"""
    shown = {name: table(*made) for name, made in tables().items()}
    host = json.loads(HOST.read_text())["extensions"]["durableTask"]
    together = at_once(READS, reads(2))
    return page(
        "What one deployment holds",
        "Counted by `docs/scale.py` from `isthmus/graph.py`; the requests are compared in the tests with the log of "
        "the local cloud. Azure's limits are those of a subscription that nobody has raised; preflight asks for the "
        "real ones and refuses a request that does not fit.",
        "## What an environment needs",
        "Of corps that bring nothing along; what a landing zone has already is not built, and needs less.",
        shown["needs"],
        f"A write is one PUT a step that Resource Manager keeps. A read is a look: about {READS_A_WRITE} a write "
        f"(before it, while it is made, once it is there) and {READS_OF_PREFLIGHT} of preflight.",
        "## How many fit beside each other",
        shown["limits"],
        "Each number is the limit divided by the need; the smallest of a column is what fits. 0 means that one does "
        "not fit until the limit is raised. The model's quota (tokens a minute in a region) comes on top: the capacity "
        "that the request asks for, for each environment.",
        "## How many can be built at the same time",
        "Resource Manager gives the app's identity a bucket of requests in the subscription: so many at once, and so "
        f"many more a second. A build takes about {BUILD_SECONDS} s, so that what it has meanwhile is "
        f"`holds + refills × {BUILD_SECONDS}`, and what can be built at once is that, divided by the requests of "
        "one (above). What takes more is refused for a while (429): Isthmus waits as long as it is told to, and all "
        "take longer; nothing fails.",
        shown["time"],
        "## What the app itself holds",
        f"An environment of 2 corps is {activities(2)} calls of activities, one of {SIZES[-1]} "
        f"{activities(SIZES[-1]):,} (46 + 41 a corp). {together} environments of 2 corps, the most that "
        f"the buckets let through, are {together} × {activities(2)} / {BUILD_SECONDS} = "
        f"{together * activities(2) / BUILD_SECONDS:.0f} calls a second. One instance runs "
        f"{host['maxConcurrentActivityFunctions']} at a time, each for about a second, so two or three instances are "
        "busy: Resource Manager is the narrow place, not the app. With Azure Storage a task hub has 4 partitions, and "
        "so at most 4 instances run orchestrators; activities run on all of them.",
        "## Beyond it",
        table(("what is short", "what to change"), BEYOND),
    )
