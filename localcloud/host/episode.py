"""One episode of an orchestration: its history and what is new give new history and what there is to do. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from localcloud.host.events import Event, Type, event, stamp
from localcloud.host.replay import NonDeterminismError, RefusedError, Replay, Scheduled, recorded_input

STATE_MARK = "\n\n$OutOfProcData$:"
"""What the SDK puts between a failed orchestrator's message and its state."""
CUSTOM_STATUS_BYTES = 16 * 1024
CONTROL = frozenset({Type.EXECUTION_TERMINATED, Type.EXECUTION_SUSPENDED, Type.EXECUTION_RESUMED})
"""Events that also reach a suspended instance."""


@dataclass(frozen=True)
class Parent:
    """The orchestration that waits for this one, and the place of the task that it waits with."""

    instance: str
    execution: str
    number: int


@dataclass(frozen=True)
class Instance:
    """An orchestration as it stands before an episode. `input`: JSON text."""

    id: str
    execution: str
    name: str
    version: str
    status: str
    input: str
    parent: Parent | None


@dataclass(frozen=True)
class Episode:
    """What an episode comes to. `events`: to append to the history; `again`: continue-as-new's input as JSON text;
    `custom`: JSON text, None if nothing was said; `output`: a JSON value."""

    status: str
    events: list[Event] = field(default_factory=list)
    scheduled: list[Scheduled] = field(default_factory=list)
    output: Any = None
    custom: str | None = None
    again: str | None = None

    @property
    def over(self) -> bool:
        return self.status in ("Completed", "Failed", "Terminated")


Orchestrator = Callable[[str], str]
"""Context JSON in, state JSON out; raises what the orchestrator's function raised."""
Knows = Callable[[str, str], bool]
"""Whether there is a function of that kind ("activity", "sub-orchestration") and name."""


def run(
    instance: Instance, history: list[Event], new: Sequence[Event], now: float, call: Orchestrator, knows: Knows
) -> Episode:
    """Runs one episode. What a suspended instance may not see yet must not be in `new`."""
    events = [event(Type.ORCHESTRATOR_STARTED, now), *new]
    status = _controlled(instance.status, new)
    if status == "Terminated":
        reason = next(e["Input"] for e in new if e["EventType"] == Type.EXECUTION_TERMINATED)
        return _over(Episode("Terminated", events, output=reason), now)
    if status == "Suspended":
        return Episode("Suspended", [*events, event(Type.ORCHESTRATOR_COMPLETED, now)])
    return _replayed(instance, history, events, now, call, knows)


def _controlled(status: str, new: Sequence[Event]) -> str:
    for one in new:
        kind = one["EventType"]
        if kind == Type.EXECUTION_TERMINATED:
            return "Terminated"
        if kind in (Type.EXECUTION_SUSPENDED, Type.EXECUTION_RESUMED):
            status = "Suspended" if kind == Type.EXECUTION_SUSPENDED else "Running"
    return status


def _replayed(
    instance: Instance, history: list[Event], events: list[Event], now: float, call: Orchestrator, knows: Knows
) -> Episode:
    whole = history + events
    state, error = _called(instance, whole, bool(history), call)
    custom = None if state.get("customStatus") is None else json.dumps(state["customStatus"])
    replay = Replay(state, error, knows)
    failure = _too_large(custom)
    try:
        for one in whole:
            replay.process(one)
        finished = replay.finished
    except (NonDeterminismError, RefusedError) as refusal:
        failure = str(refusal)
    if failure:
        return _over(Episode("Failed", events, output=_failure(instance.name, failure)), now)
    scheduled = list(replay.new.values())
    events = events + [_recorded(one, instance, now) for one in scheduled]
    scheduled = [replace(one, instance=_child_id(one, instance)) for one in scheduled if one.wanted]
    if finished is None:
        return Episode("Running", [*events, event(Type.ORCHESTRATOR_COMPLETED, now)], scheduled, custom=custom)
    if finished.error is not None:
        output = _failure(instance.name, finished.error)
        return _over(Episode("Failed", events, scheduled, output, custom), now)
    if finished.again is not None:
        return Episode("ContinuedAsNew", events, scheduled, None, custom, json.dumps(finished.again[0]))
    return _over(Episode("Completed", events, scheduled, finished.output, custom), now)


def _called(instance: Instance, history: list[Event], replaying: bool, call: Orchestrator) -> tuple[Any, str | None]:
    """The state that the orchestrator returned, and the message of its exception if it raised one."""
    context = {
        "history": history,
        "input": json.loads(instance.input),
        "instanceId": instance.id,
        "isReplaying": replaying,
        "parentInstanceId": instance.parent.instance if instance.parent else None,
        "upperSchemaVersion": 1,
        "upperSchemaVersionNew": 2,
        "longRunningTimerIntervalDuration": None,
        "maximumShortTimerDuration": None,
        "defaultHttpAsyncRequestSleepTimeMillseconds": 30000,
    }
    try:
        return json.loads(call(json.dumps(context))), None
    except Exception as error:
        message, _, tail = str(error).partition(STATE_MARK)
        state = json.loads(tail) if tail else {"isDone": False, "actions": [[]]}
        return state, str(state.get("error") or message or type(error).__name__)


def _too_large(custom: str | None) -> str | None:
    size = len((custom or "").encode("utf-16-le"))
    if size <= CUSTOM_STATUS_BYTES:
        return None
    return f"The custom status takes {size} bytes of UTF-16; {CUSTOM_STATUS_BYTES} are allowed."


def _failure(name: str, message: str) -> str:
    return f"Orchestrator function '{name}' failed: {message}"


def _child_id(scheduled: Scheduled, instance: Instance) -> str | None:
    if scheduled.kind != "sub-orchestration":
        return None
    return scheduled.instance or f"{instance.execution}:{scheduled.number}"


def _recorded(scheduled: Scheduled, instance: Instance, now: float) -> Event:
    number = scheduled.number
    if scheduled.kind == "timer":
        return event(Type.TIMER_CREATED, now, number, FireAt=stamp(scheduled.at))
    fields = {"Name": scheduled.name, "Version": "", "Input": recorded_input(scheduled)}
    if scheduled.kind == "activity":
        return event(Type.TASK_SCHEDULED, now, number, **fields)
    return event(Type.SUB_CREATED, now, number, InstanceId=_child_id(scheduled, instance), **fields)


def _over(episode: Episode, now: float) -> Episode:
    """The episode with the events that close a history."""
    if episode.status != "Terminated":
        done = event(
            Type.EXECUTION_COMPLETED, now, OrchestrationStatus=episode.status, Result=json.dumps(episode.output)
        )
        episode = replace(episode, events=[*episode.events, done])
    return replace(episode, events=[*episode.events, event(Type.ORCHESTRATOR_COMPLETED, now)])
