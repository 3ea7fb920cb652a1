"""The documents that the API answers with. The OpenAPI document is made from these types, and mypy holds us to them.

Times are ISO 8601 in UTC; durations are seconds.
"""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from isthmus.existing import ExistingParts
from isthmus.graph import Role, Stage
from isthmus.lifecycle import Phase
from isthmus.proof import Result, State

StepState = Literal["waiting", "pending", "ready", "failed", "skipped", "removing", "removed"]
Severity = Literal["error", "warning"]


class StepError(TypedDict):
    """`code`: Azure's own where there is one; `request_id`: for Azure's support; `hint`: how to mend it."""

    code: str
    message: str
    hint: str
    request_id: str | None


class StepStatus(TypedDict):
    """One thing that is built. `waits_for`: in words, while it is pending; `portal`: a link to the resource;
    `stays_until`: it was removed, and Key Vault keeps it recoverable until then, since nobody may purge there."""

    id: str
    kind: str
    title: str
    corp: str
    state: StepState
    needs: list[str]
    typical: float
    started: str | None
    ended: str | None
    took: float | None
    attempts: int
    waits_for: str | None
    stays_until: str | None
    error: StepError | None
    portal: str | None


class CorpStatus(TypedDict):
    name: str
    role: Role
    resource_group: str
    existing: ExistingParts
    steps: list[StepStatus]


class Progress(TypedDict):
    """How many of the steps are ready, and how many are removed."""

    ready: int
    removed: int
    steps: int


class ChosenModel(TypedDict):
    """`capacity`: thousands of tokens a minute; `retires`: when it takes no new deployments any more."""

    name: str
    version: str
    sku: str
    capacity: int
    retires: str | None


class CheckStatus(TypedDict):
    id: str
    corp: str
    title: str
    state: State
    evidence: str


class Proof(TypedDict):
    """What verification found. `answer`: the model's, to the question of the request."""

    result: Result
    answer: str
    checks: list[CheckStatus]


class PlanFinding(TypedDict):
    """What preflight found wrong. With an error nothing is built. `mend`: how to put it right."""

    severity: Severity
    check: str
    detail: str
    mend: str


class Stop(TypedDict):
    """Why nothing new is begun in it."""

    why: Literal["failure", "delete", "cancel", "lease"]
    detail: str


class Teardown(TypedDict):
    """What the teardown came to. `left`: ids of the steps that are still there; `tries`: how often it was tried;
    `next_try`: from when on the next sweep tries it again, null if nothing is left."""

    left: list[str]
    error: StepError | None
    steps: int
    tries: int
    next_try: str | None


class DriftFinding(TypedDict):
    """One thing that is not as planned. `repairable`: whether `drift: repair` puts it right; the rest is for people."""

    step: str
    kind: str
    title: str
    corp: str
    what: Literal["missing", "changed", "astray"]
    detail: str
    repairable: bool


class Repair(TypedDict):
    """The last time that something was put right. `ended_at`: null while it is under way; `steps`: what was broken;
    `error`: why it could not be put right, or is not proved to be."""

    began_at: str
    ended_at: str | None
    steps: list[str]
    error: StepError | None


class Drift(TypedDict):
    """What the last look at an environment that is ready found. `unseen`: what could not be looked at, in words."""

    looked_at: str
    mode: Literal["report", "repair"]
    findings: list[DriftFinding]
    unseen: list[str]
    repair: Repair | None


class Allowed(TypedDict):
    """What may be done with it now."""

    cancel: bool
    retry: bool
    renew: bool
    delete: bool


class LogEntry(TypedDict):
    """What somebody did with it. `by`: the caller's name where one is signed in."""

    at: str
    action: Literal["create", "cancel", "retry", "renew", "delete"]
    by: str | None
    correlation_id: str


class Delivery(TypedDict):
    """What became of its lifecycle events. `error`: why the last one that was not taken was not."""

    url: str
    sent: int
    waiting: int
    given_up: int
    error: str | None


class StatusDocument(TypedDict):
    """One environment, whole. `estimate_seconds`: along the critical path, whose step ids stand in order."""

    name: str
    generation: str
    phase: Phase
    attempt: int
    question: str
    requested_at: str
    requested_by: str | None
    correlation_id: str
    expires_at: str
    updated_at: str
    model: ChosenModel | None
    estimate_seconds: float | None
    critical_path: list[str]
    progress: Progress
    corps: list[CorpStatus]
    findings: list[PlanFinding]
    error: StepError | None
    proof: Proof | None
    stop: Stop | None
    teardown: Teardown | None
    drift: Drift | None
    actions: Allowed
    events: Delivery | None
    log: list[LogEntry]


class Summary(TypedDict):
    name: str
    generation: str
    phase: Phase
    requested_at: str
    requested_by: str | None
    expires_at: str
    updated_at: str
    proof: Result | None
    error_code: str | None


class ListedEnvironment(Summary):
    status_url: str


class EnvironmentList(TypedDict):
    """`next`: the value of `after` for the next page, null at the end."""

    environments: list[ListedEnvironment]
    next: str | None


class Accepted(TypedDict):
    """`durable`: the orchestration's own status-query URLs, which carry a key of the whole task hub."""

    name: str
    generation: str
    phase: Phase
    status_url: str
    page_url: str
    durable: dict[str, str] | None


class Taken(TypedDict):
    name: str
    generation: str
    phase: Phase
    status_url: str


class Retried(Taken):
    attempt: int


class Renewed(TypedDict):
    name: str
    generation: str
    expires_at: str
    status_url: str


class PlannedStep(TypedDict):
    """`resource`: its ARM id where it has one; `exists`: whether it is there already."""

    id: str
    kind: str
    title: str
    corp: str
    stage: Stage
    needs: list[str]
    typical: float
    resource: str | None
    exists: bool


class CostLine(TypedDict):
    """One of Azure's meters. Amounts are of all `count` together; null: the price is not known."""

    meter: str
    count: int
    per_hour: float | None
    for_lease: float | None


class Cost(TypedDict):
    """An estimate: sums of the lines whose price is known (null: of none; `complete`: of all). `prices_written`,
    `prices_refreshed`: dates of the price table; null: never refreshed from Azure's price list."""

    currency: str
    lease_hours: float
    per_hour: float | None
    for_lease: float | None
    complete: bool
    lines: list[CostLine]
    not_counted: list[str]
    prices_written: str
    prices_refreshed: str | None


class PlanDocument(TypedDict):
    """What would be built, in order, and what stands against it. `ok`: no finding is an error."""

    ok: bool
    name: str
    generation: str
    location: str
    model: ChosenModel | None
    estimate_seconds: float
    critical_path: list[str]
    steps: list[PlannedStep]
    cost: Cost
    findings: list[PlanFinding]


class SweptLife(TypedDict):
    """One life of an environment, and why a sweep has to do with it.

    `why`: lease (it ended), again (a teardown had left something), lost (its orchestration seems to be dead),
    leftovers (something came to light after it was gone), stopping (its own orchestration was told to end it)
    """

    environment: str
    generation: str
    correlation_id: str
    why: Literal["lease", "again", "lost", "leftovers", "stopping"]
    lease_ended: str | None


class TakenDown(SweptLife):
    """`phase`: what it came to, null if the teardown broke; `left`: ids of the steps that are still there."""

    phase: Phase | None
    left: list[str]


class LeftAlone(TypedDict):
    """Something that looks like ours and was not touched, or could not be looked at, and why."""

    kind: str
    name: str
    reason: str


class ForgottenLife(TypedDict):
    environment: str
    generation: str


class Purged(TypedDict):
    """Finished orchestrations whose history was removed: how many, and up to when they had been begun."""

    instances: int
    until: str


class SweepFindings(TypedDict):
    """What a sweep has to do. `due`: what it takes down; `put_off`: what is due and beyond the cap, for next time;
    `unseen`: what could not be looked at."""

    dry_run: bool
    due: list[SweptLife]
    put_off: list[SweptLife]
    stopping: list[SweptLife]
    left_alone: list[LeftAlone]
    unseen: list[LeftAlone]


class SweepReport(TypedDict):
    """What one sweep did. With `dry_run` nothing was done, and `due` is what would have been taken down."""

    began_at: str
    ended_at: str
    dry_run: bool
    due: list[SweptLife]
    taken_down: list[TakenDown]
    put_off: list[SweptLife]
    stopping: list[SweptLife]
    left_alone: list[LeftAlone]
    unseen: list[LeftAlone]
    forgotten: list[ForgottenLife]
    purged: Purged | None


class SweepList(TypedDict):
    """`cleanup`: the setting that rules; `sweeps`: the last reports, the newest first."""

    cleanup: Literal["on", "dry-run", "off"]
    most: int
    sweeps: list[SweepReport]


class SweepAccepted(TypedDict):
    """`status_url`: where the report will be."""

    status_url: str


class HealthCheck(TypedDict):
    name: str
    ok: bool
    detail: str


class Health(TypedDict):
    status: Literal["ok", "failing"]
    checks: list[HealthCheck]


class ProblemFinding(TypedDict, total=False):
    """`pointer`: where in the request (JSON pointer); `mend`: how to put it right."""

    pointer: str
    detail: str
    mend: str


class ProblemDocument(TypedDict, total=False):
    """Problem details (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[ProblemFinding]
