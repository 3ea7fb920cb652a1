"""Orchestrators on virtual time with their generators kept alive: what tests/unit/driver.py does by replay, and many
times quicker, for the hundreds of runs that ask what becomes of the resources and not of the histories.

Nothing sleeps: time goes from event to event. Inputs and results go through JSON, as they would.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import json
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf
from typing import Any

from tests.unit.driver import ACTIVITY_SECONDS, START, orchestrators

RESTART_SECONDS = 10.0
"""From the death of a host until its work is given out again."""
Act = Callable[[str, dict[str, Any]], tuple[Any, float]]
"""(activity, input) -> its result, and how many seconds it took beyond the usual; what it raises fails it."""


class HostDiedError(BaseException):
    """The host died in the middle of an activity: nothing of it is recorded, and it is run again later."""


class Task:
    """Something that an orchestrator waits for."""

    def __init__(self) -> None:
        self.done = self.cancelled = False
        self.value: Any = None
        self.error: Exception | None = None

    def settle(self, value: Any = None, error: Exception | None = None) -> None:
        if not self.done:
            self.done, self.value, self.error = True, value, error

    def look(self) -> None:
        """Takes over what has become of its parts."""

    def cancel(self) -> None:
        self.cancelled = True


class All(Task):
    def __init__(self, parts: list[Task]) -> None:
        super().__init__()
        self.parts = parts

    def look(self) -> None:
        error = next((part.error for part in self.parts if part.error), None)
        if error:
            self.settle(error=error)
        elif all(part.done for part in self.parts):
            self.settle([part.value for part in self.parts])


class First(Task):
    def __init__(self, parts: list[Task]) -> None:
        super().__init__()
        self.parts = parts

    def look(self) -> None:
        winner = next((part for part in self.parts if part.done), None)
        if winner:
            self.settle(winner)


@dataclass
class Instance:
    """An orchestration. `parent`: the task of another one that waits for it."""

    id: str
    name: str
    given: Any
    parent: tuple[Instance, Task] | None = None
    status: str = "Running"
    output: Any = None
    work: Generator[Any, Any, Any] | None = None
    awaited: Task = field(default_factory=Task)
    waiting: dict[str, list[Task]] = field(default_factory=dict)
    early: dict[str, int] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        return self.status != "Running"


class Context:
    """What an orchestrator is given: as much of DurableOrchestrationContext as ours use."""

    def __init__(self, hub: Hub, instance: Instance) -> None:
        self._hub, self._instance = hub, instance
        self._children = 0

    @property
    def current_utc_datetime(self) -> datetime:
        return datetime.fromtimestamp(self._hub.now, UTC)

    def get_input(self) -> Any:
        return _through_json(self._instance.given)

    def set_custom_status(self, status: Any) -> None:
        json.dumps(status)

    def call_activity(self, name: str, given: Any) -> Task:
        return self._hub.begin(self._instance, name, _through_json(given))

    def call_sub_orchestrator(self, name: str, given: Any, instance_id: str | None = None) -> Task:
        task = Task()
        self._children += 1
        self._hub.start(name, given, instance_id or f"{self._instance.id}:{self._children}", (self._instance, task))
        return task

    def create_timer(self, moment: datetime) -> Task:
        task = Task()
        self._hub.post(moment.timestamp() - self._hub.now, self._instance, task.settle, task)
        return task

    def wait_for_external_event(self, name: str) -> Task:
        task = Task()
        if self._instance.early.get(name):
            self._instance.early[name] -= 1
            task.settle(True)
        else:
            self._instance.waiting.setdefault(name, []).append(task)
        return task

    def task_all(self, parts: list[Task]) -> Task:
        return All(parts)

    def task_any(self, parts: list[Task]) -> Task:
        return First(parts)


class Hub:
    """All orchestrations of one app. `after_episode`: called with the number of each episode once it is committed."""

    def __init__(self, act: Act) -> None:
        self.act = act
        self.now = START
        self.instances: dict[str, Instance] = {}
        self.activities = self.episodes = 0
        self.after_episode: Callable[[int], None] = lambda number: None
        self._flying: list[Callable[[], None]] = []
        self._order = itertools.count()
        self._queue: list[tuple[float, int, Instance | None, Callable[[], None], Task | None]] = []

    @property
    def seconds(self) -> float:
        """Since the start."""
        return self.now - START

    def start(self, name: str, given: Any, instance_id: str, parent: tuple[Instance, Task] | None = None) -> Instance:
        """As the hub does it: an instance of that id that still runs is left alone."""
        known = self.instances.get(instance_id)
        if known and not known.over:
            return known
        instance = self.instances[instance_id] = Instance(instance_id, name, given, parent)
        function = orchestrators().find("orchestrationTrigger", name)
        assert function is not None, f"there is no orchestrator {name}"
        instance.work = function.call.orchestrator_function(Context(self, instance))  # type: ignore[attr-defined]
        instance.awaited.settle()
        self.post(0.0, instance, lambda: None)
        return instance

    def raise_event(self, instance_id: str, name: str) -> None:
        """The newest waiter gets it; one that comes too early is kept."""
        instance = self.instances[instance_id]

        def tell() -> None:
            waiting = instance.waiting.get(name)
            if waiting:
                waiting.pop().settle(True)
            else:
                instance.early[name] = instance.early.get(name, 0) + 1

        self.post(0.0, instance, tell)

    def at(self, seconds: float, do: Callable[[], None]) -> None:
        """Something that a test wants to happen so long after the start."""
        heapq.heappush(self._queue, (max(START + seconds, self.now), next(self._order), None, do, None))

    def post(self, after: float, instance: Instance, do: Callable[[], None], timer: Task | None = None) -> None:
        """Something that befalls an instance later; not if it is a timer that was cancelled by then."""
        heapq.heappush(self._queue, (self.now + max(0.0, after), next(self._order), instance, do, timer))

    def begin(self, instance: Instance, name: str, given: Any) -> Task:
        """An activity."""
        task = Task()

        def land() -> None:
            self._flying.remove(unheard)
            self._activity(instance, name, given, task)

        def unheard() -> None:
            with contextlib.suppress(HostDiedError, Exception):
                self.act(name, given)

        self._flying.append(unheard)
        self.post(ACTIVITY_SECONDS, instance, land)
        return task

    def die(self) -> None:
        """The host dies between two episodes. What was under way was carried out, and nobody has heard what came of it;
        when the host is back, everything that is due is given out again."""
        for unheard in list(self._flying):
            unheard()
        back = self.now + RESTART_SECONDS
        self._queue = [(max(moment, back), *rest) for moment, *rest in self._queue]  # type: ignore[misc]
        heapq.heapify(self._queue)

    def lose(self) -> None:
        """Everything that it remembers and had to do is gone."""
        self.instances.clear()
        self._queue.clear()
        self._flying.clear()

    def run(self, most: int = 6_000, until: float = inf) -> None:
        """Until nothing is left to do, or until that virtual second since the start."""
        for _ in range(most):
            if not self._queue or self._queue[0][0] > START + until:
                self.now = max(self.now, START + until) if until < inf else self.now
                return
            moment, _, instance, do, timer = heapq.heappop(self._queue)
            if (instance and instance.over) or (timer and timer.cancelled):
                continue
            self.now = moment
            do()
            if instance:
                self._resume(instance)
        raise AssertionError(f"not done after {most} events, at {self.seconds:.0f} s")

    def _activity(self, instance: Instance, name: str, given: Any, task: Task) -> None:
        self.activities += 1
        result: Any = None
        error: Exception | None = None
        more = 0.0
        try:
            result, more = self.act(name, given)
            result = _through_json(result)
        except HostDiedError:
            self.post(RESTART_SECONDS, instance, lambda: self._activity(instance, name, given, task))
            return
        except Exception as failure:
            error = Exception(f"Activity function '{name}' failed:  {type(failure).__name__}: {failure}")
        if more:
            self.post(more, instance, lambda: task.settle(result, error))
        else:
            task.settle(result, error)

    def _resume(self, instance: Instance) -> None:
        assert instance.work is not None
        moved = False
        while not instance.over:
            awaited = instance.awaited
            awaited.look()
            if not awaited.done:
                break
            moved = True
            try:
                error = awaited.error
                instance.awaited = instance.work.throw(error) if error else instance.work.send(awaited.value)
            except StopIteration as end:
                self._end(instance, "Completed", _through_json(end.value))
            except Exception as error:
                self._end(instance, "Failed", f"{type(error).__name__}: {error}")

        if moved:
            self.episodes += 1
            self.after_episode(self.episodes)

    def _end(self, instance: Instance, status: str, output: Any) -> None:
        instance.status, instance.output = status, output
        if instance.parent:
            parent, task = instance.parent
            error = None if status == "Completed" else Exception(str(output))
            self.post(0.0, parent, lambda: task.settle(output, error))


def _through_json(value: Any) -> Any:
    return json.loads(json.dumps(value))
