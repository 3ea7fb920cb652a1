"""The extension's side of the out-of-process protocol: the actions that an orchestrator returned, awaited strictly
in their order against its history.

That order is the extension's own: an action that comes after one that is still awaited is not begun, whatever the
orchestrator's code meant. What the history does not show yet is new, and is what the hub has to do.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Any

from localcloud.host.app import missing
from localcloud.host.events import Event, Type, seconds_of, stamp
from localcloud.host.promise import Promise, kept, spawn, when_all, when_any

Json = dict[str, Any]


class Action(IntEnum):
    """azure-functions-durable's ActionType."""

    ACTIVITY = 0
    ACTIVITY_WITH_RETRY = 1
    SUB = 2
    SUB_WITH_RETRY = 3
    CONTINUE_AS_NEW = 4
    TIMER = 5
    EXTERNAL_EVENT = 6
    CALL_ENTITY = 7
    CALL_HTTP = 8
    SIGNAL_ENTITY = 9
    WHEN_ANY = 11
    WHEN_ALL = 12


SCHEDULED_BY = {Type.TASK_SCHEDULED: "activity", Type.SUB_CREATED: "sub-orchestration", Type.TIMER_CREATED: "timer"}


class TaskFailedError(Exception):
    """An activity or sub-orchestration failed; the text is its reason."""


class RefusedError(Exception):
    """The orchestrator asked for what there is not: a function that is missing, an action not offered here."""


class NonDeterminismError(Exception):
    """The orchestrator asked for something else than its history says it had."""


@dataclass(frozen=True)
class Scheduled:
    """Something new that the hub must do. `input`: as the protocol carries it; `at`: a timer's time; `wanted`
    False: a timer that was cancelled before it was ever set."""

    number: int
    kind: str
    name: str = ""
    input: Any = None
    instance: str | None = None
    at: float = 0.0
    wanted: bool = True


@dataclass(frozen=True)
class Finished:
    """How the orchestrator ended: `error` None for success. `again`: continue-as-new's input, in a list."""

    output: Any
    error: str | None
    again: list[Any] | None


class Replay:
    """One episode's replay: feed every event with `process`, then read `new` and `finished`."""

    def __init__(self, state: Json, error: str | None, knows: Callable[[str, str], bool]) -> None:
        self.new: dict[int, Scheduled] = {}
        self._state, self._error, self._knows = state, error, knows
        self._next = 0
        self._open: dict[int, Promise] = {}
        self._waiting: dict[str, list[Promise]] = {}
        self._early: dict[str, list[Any]] = {}
        self._again: list[Any] | None = None
        self._main: Promise | None = None
        self._now = 0.0

    @property
    def finished(self) -> Finished | None:
        """None while anything is still awaited or open: an instance completes only when nothing is. Raises
        RefusedError at once."""
        if self._main is None or not self._main.settled:
            return None
        if self._main.error is not None:
            raise self._main.error
        if self._open:
            return None
        result: Finished = self._main.value
        return result

    def process(self, event: Event) -> None:
        """Takes the next event of the history."""
        kind = event["EventType"]
        if kind == Type.ORCHESTRATOR_STARTED:
            self._now = seconds_of(event["Timestamp"])
        elif kind == Type.EXECUTION_STARTED:
            self._main = spawn(self._run())
        elif kind in SCHEDULED_BY:
            self._confirm(event, SCHEDULED_BY[Type(kind)])
        elif kind in (Type.TASK_COMPLETED, Type.SUB_COMPLETED):
            self._settle(event["TaskScheduledId"], event.get("Result"))
        elif kind in (Type.TASK_FAILED, Type.SUB_FAILED):
            self._settle(event["TaskScheduledId"], error=TaskFailedError(event.get("Reason")))
        elif kind == Type.TIMER_FIRED:
            self._settle(event["TimerId"])
        elif kind == Type.EVENT_RAISED:
            self._raised(event["Name"], event["Input"])

    def _settle(self, number: int, value: Any = None, error: Exception | None = None) -> None:
        if promise := self._open.pop(number, None):
            promise.settle(value, error)

    def _confirm(self, event: Event, kind: str) -> None:
        """The history shows that this was scheduled before: the code must ask for the very same now."""
        asked = self.new.pop(event["EventId"], None)
        if asked is not None and asked.kind == kind and (kind == "timer" or self._is_same(asked, event)):
            return
        had = f"{kind} {event.get('Name') or event.get('FireAt')} at place {event['EventId']}"
        if asked is None:
            what = f"its history has {had}, and the code asks for nothing there."
        elif asked.kind == kind and asked.name.lower() == str(event.get("Name")).lower():
            then, now = _short(event.get("Input")), _short(recorded_input(asked))
            what = f"{had} had the input {then}, and the code now gives {now}."
        else:
            what = f"its history has {had}, and the code asks for {asked.kind} {asked.name or stamp(asked.at)}."
        raise NonDeterminismError(f"Non-deterministic orchestrator: {what}")

    @staticmethod
    def _is_same(asked: Scheduled, event: Event) -> bool:
        same_name = asked.name.lower() == str(event.get("Name")).lower()
        return same_name and event.get("Input") == recorded_input(asked)

    def _raised(self, name: str, value: Any) -> None:
        # The extension keeps its waiters in a stack and early events in a queue; names are case-insensitive.
        waiting = self._waiting.get(name.lower())
        if waiting:
            waiting.pop().settle(value)
        else:
            self._early.setdefault(name.lower(), []).append(value)

    async def _run(self) -> Finished:
        for action in self._state["actions"][0]:
            try:
                await self._invoke(action)
            except TaskFailedError:
                continue  # the orchestrator's code has seen it; only the order matters here
        if self._error is None and not self._state["isDone"]:
            await Promise()
        return Finished(self._state.get("output"), self._error, self._again)

    def _invoke(self, action: Json) -> Promise:
        """Begins an action. Raises RefusedError."""
        kind = action["actionType"]
        if kind in (Action.WHEN_ANY, Action.WHEN_ALL):
            children = [self._invoke(child) for child in action["compoundActions"]]
            return when_all(children) if kind == Action.WHEN_ALL else when_any(children)
        if kind in (Action.ACTIVITY, Action.SUB):
            return self._call(action, "activity" if kind == Action.ACTIVITY else "sub-orchestration")
        if kind in (Action.ACTIVITY_WITH_RETRY, Action.SUB_WITH_RETRY):
            return spawn(self._retried(action))
        if kind == Action.TIMER:
            return self._timer(action)
        if kind == Action.EXTERNAL_EVENT:
            return self._listen(action["externalEventName"].lower())
        if kind == Action.CONTINUE_AS_NEW:
            self._again = [action["input"]]
            return kept()
        what = Action(kind).name.lower() if kind in set(Action) else f"action type {kind}"
        raise RefusedError(f"This host does not offer {what}.")

    def _schedule(self, scheduled: Scheduled) -> Promise:
        self._next += 1
        self.new[scheduled.number] = scheduled
        promise = self._open[scheduled.number] = Promise()
        return promise

    def _call(self, action: Json, kind: str) -> Promise:
        name = action["functionName"]
        if not self._knows(kind, name):
            raise RefusedError(missing(name, kind))
        return self._schedule(Scheduled(self._next, kind, name, action["input"], action.get("instanceId")))

    def _timer(self, action: Json) -> Promise:
        number = self._next
        cancelled = action["isCanceled"]
        promise = self._schedule(Scheduled(number, "timer", at=seconds_of(action["fireAt"]), wanted=not cancelled))
        if cancelled:
            self._open.pop(number)
            promise.settle(error=TaskFailedError("cancelled"))
        return promise

    def _listen(self, name: str) -> Promise:
        promise = Promise()
        self._waiting.setdefault(name, []).append(promise)
        if self._early.get(name):
            self._raised(name, self._early[name].pop(0))
        return promise

    async def _retried(self, action: Json) -> Any:
        kind = "activity" if action["actionType"] == Action.ACTIVITY_WITH_RETRY else "sub-orchestration"
        options = action["retryOptions"]
        attempts, pause = options["maxNumberOfAttempts"], options["firstRetryIntervalInMilliseconds"] / 1000
        last: Exception = TaskFailedError("it was never tried")
        for attempt in range(1, attempts + 1):
            try:
                return await self._call(action, kind)
            except TaskFailedError as error:
                last = error
            # One timer more after the last failure: the SDK's own count of timers expects it.
            wake = datetime.fromtimestamp(self._now, UTC) + timedelta(seconds=pause if attempt < attempts else 0)
            await self._schedule(Scheduled(self._next, "timer", at=wake.timestamp()))
        raise last


def recorded_input(scheduled: Scheduled) -> str:
    """A task's input as its event in the history has it: JSON text, activities' in a list."""
    return json.dumps([scheduled.input] if scheduled.kind == "activity" else scheduled.input)


def _short(text: Any) -> str:
    shown = str(text)
    return shown if len(shown) <= 120 else shown[:117] + "..."
