"""Runs orchestrators as the local host does, episode by episode, with a virtual clock and activities of a test's own.

Nothing sleeps: time goes from event to event. Histories are the host's, so that they can be kept and replayed.
"""

from __future__ import annotations

import heapq
import itertools
import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import azure.durable_functions as df

from localcloud.host import app as functions
from localcloud.host.episode import Episode, Instance, Parent, run
from localcloud.host.events import Event, Type, event
from localcloud.host.invoke import Invoker
from localcloud.host.replay import Scheduled
from orchestrators import (
    build_corp,
    check_drift,
    clean_up,
    provision_environment,
    repair_environment,
    teardown_environment,
)

START = 1_780_000_000.0
ACTIVITY_SECONDS = 0.25
Activity = Callable[[str, dict[str, Any], float], Any]
"""(name, input, seconds since START) -> result; what it raises fails the activity."""


@cache
def orchestrators() -> functions.App:
    """The app's orchestrators and nothing else."""
    app = df.DFApp()
    for module in (
        provision_environment,
        build_corp,
        teardown_environment,
        clean_up,
        check_drift,
        repair_environment,
    ):
        app.register_functions(module.blueprint)
    return functions.index(app)


def call(name: str) -> Callable[[str], str]:
    """Context JSON -> state JSON, as the worker runs that orchestrator."""
    function = orchestrators().find("orchestrationTrigger", name)
    assert function is not None, f"there is no orchestrator {name}"

    def orchestrate(context: str) -> str:
        with warnings.catch_warnings():
            # The SDK warns of its own future.
            warnings.filterwarnings("ignore", "azure.functions df_loads")
            # ... and of an event that nobody waits for yet, which it keeps.
            warnings.filterwarnings("ignore", "Potential duplicate Task completion")
            return Invoker("{}", None).orchestrate(function, context)

    return orchestrate


def knows(kind: str, name: str) -> bool:
    return kind == "activity" or orchestrators().find("orchestrationTrigger", name) is not None


def started(instance: Instance, now: float) -> Event:
    return event(Type.EXECUTION_STARTED, now, Name=instance.name, Version="", Input=instance.input)


@dataclass
class Running:
    """An instance with its history."""

    instance: Instance
    history: list[Event] = field(default_factory=list)
    episode: Episode = field(default_factory=lambda: Episode("Pending"))

    @property
    def output(self) -> Any:
        return self.episode.output


class Driver:
    """A hub in memory. `activities`: called for every activity, when it has run its ACTIVITY_SECONDS."""

    def __init__(self, activities: Activity) -> None:
        self.activities = activities
        self.now = START
        self.instances: dict[str, Running] = {}
        self.episodes = 0
        self._order = itertools.count()
        self._queue: list[tuple[float, int, str, Callable[[], Any]]] = []

    def start(self, name: str, given: Any, instance_id: str, parent: Parent | None = None) -> None:
        execution = f"run-{next(self._order)}"
        instance = Instance(instance_id, execution, name, "", "Running", json.dumps(given), parent)
        self.instances[instance_id] = Running(instance)
        self._post(0.0, instance_id, lambda: started(instance, self.now))

    def at(self, seconds: float, do: Callable[[], None]) -> None:
        """Something that a test wants to happen so long after the start."""
        heapq.heappush(self._queue, (START + seconds, next(self._order), "", do))

    def raise_event(self, instance_id: str, name: str) -> None:
        self._post(0.0, instance_id, lambda: event(Type.EVENT_RAISED, self.now, Name=name, Input="true"))

    def run(self, most: int = 5000) -> None:
        """Until nothing is left to do."""
        for _ in range(most):
            if not self._queue:
                return
            self.now, _, instance_id, do = heapq.heappop(self._queue)
            if instance_id:
                self._deliver(instance_id, do)
            else:
                do()
        raise AssertionError(f"not done after {most} episodes")

    @property
    def seconds(self) -> float:
        return self.now - START

    def _post(self, after: float, instance_id: str, make: Callable[[], Event]) -> None:
        heapq.heappush(self._queue, (self.now + after, next(self._order), instance_id, make))

    def _deliver(self, instance_id: str, make: Callable[[], Event]) -> None:
        """One episode with this message and those that come to the same instance at the same moment."""
        makers = [make]
        while self._queue and (self._queue[0][0], self._queue[0][2]) == (self.now, instance_id):
            makers.append(heapq.heappop(self._queue)[3])
        running = self.instances[instance_id]
        if not running.episode.over:
            self._episode(running, [make() for make in makers])

    def _episode(self, running: Running, new: list[Event]) -> None:
        instance = running.instance
        self.episodes += 1
        episode = run(instance, running.history, new, self.now, call(instance.name), knows)
        running.history = running.history + episode.events
        running.episode = episode
        for scheduled in episode.scheduled:
            self._begin(instance, scheduled)
        if episode.over and instance.parent is not None:
            self._tell(instance.parent, episode)

    def _tell(self, parent: Parent, episode: Episode) -> None:
        good = episode.status == "Completed"
        result: dict[str, Any] = (
            {"Result": json.dumps(episode.output)} if good else {"Reason": str(episode.output), "Details": ""}
        )
        kind = Type.SUB_COMPLETED if good else Type.SUB_FAILED
        self._post(0.0, parent.instance, lambda: event(kind, self.now, TaskScheduledId=parent.number, **result))

    def _begin(self, instance: Instance, scheduled: Scheduled) -> None:
        if scheduled.kind == "timer":
            number, after = scheduled.number, max(0.0, scheduled.at - self.now)
            self._post(after, instance.id, lambda: event(Type.TIMER_FIRED, self.now, TimerId=number, FireAt=""))
        elif scheduled.kind == "activity":
            self._post(ACTIVITY_SECONDS, instance.id, lambda: self._activity(scheduled))
        else:
            assert scheduled.instance is not None
            parent = Parent(instance.id, instance.execution, scheduled.number)
            self.start(scheduled.name, _plain(scheduled.input), scheduled.instance, parent)

    def _activity(self, scheduled: Scheduled) -> Event:
        try:
            result = self.activities(scheduled.name, _plain(scheduled.input), self.seconds)
        except Exception as error:
            reason = f"Activity function '{scheduled.name}' failed:  {type(error).__name__}: {error}"
            return event(Type.TASK_FAILED, self.now, TaskScheduledId=scheduled.number, Reason=reason, Details="")
        text = json.dumps(result)
        return event(Type.TASK_COMPLETED, self.now, TaskScheduledId=scheduled.number, Result=text)


def _plain(given: Any) -> Any:
    """A task's input: the protocol carries it as JSON text inside JSON."""
    return json.loads(given) if isinstance(given, str) else given
