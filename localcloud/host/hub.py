"""The task hub at work: claims what is due, runs episodes and activities, and sleeps until something happens."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from localcloud.host import episode
from localcloud.host.app import App, Function, missing
from localcloud.host.events import Event, Type, event
from localcloud.host.invoke import FunctionTimeoutError, Invoker
from localcloud.host.settings import HostSettings
from localcloud.host.store import LEASE_SECONDS, Claim, LeaseLostError, Store, Work

LOOK_SECONDS = 0.5
"""How long at most until it is noticed what another host on the same file has written."""
END_SECONDS = 5.0
KINDS = {"activity": "activityTrigger", "sub-orchestration": "orchestrationTrigger"}
log = logging.getLogger("host.hub")


@dataclass
class Hub:
    """Runs until `stop`. `clock`: seconds since 1970."""

    app: App
    store: Store
    settings: HostSettings
    invoker: Invoker
    clock: Callable[[], float] = time.time
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _episodes: int = 0
    _working: Counter[str] = field(default_factory=Counter)
    _results: list[tuple[Work, Event]] = field(default_factory=list)
    _resting: dict[str, float] = field(default_factory=dict)
    _stopping: bool = False

    def __post_init__(self) -> None:
        self._woken = asyncio.Event()
        self._episode_pool = ThreadPoolExecutor(self.settings.orchestrators, "orchestrator")
        self._activity_pool = ThreadPoolExecutor(self.settings.activities, "activity")

    def wake(self) -> None:
        """Something new is in the store."""
        self._woken.set()

    def knows(self, kind: str, name: str) -> bool:
        return self.app.find(KINDS[kind], name) is not None

    async def run(self) -> None:
        """Claims and begins work until `stop` is called."""
        renewing = asyncio.create_task(self._renew())
        try:
            while not self._stopping:
                self._woken.clear()
                self._record()
                self._begin_activities()
                self._begin_episodes()
                await self._sleep()
        finally:
            renewing.cancel()
            await self._end()

    def stop(self) -> None:
        self._stopping = True
        self.wake()

    def _record(self) -> None:
        """Writes the results of all activities that have ended since the last time, in one transaction."""
        results, self._results = self._results, []
        for work in self.store.finish(results, self.clock()) if results else []:
            log.warning("activity %s of %s: another host has taken it over", work.name, work.instance)

    def _begin_activities(self) -> None:
        room = self.settings.activities - self._working.total()
        for work in self.store.claim_work(room, self.clock()) if room > 0 else []:
            self._working[work.instance] += 1
            self._spawn(self._activity(work))

    def _begin_episodes(self) -> None:
        now = self.clock()
        self._resting = {one: end for one, end in self._resting.items() if end > now and self._working[one]}
        room = self.settings.orchestrators - self._episodes
        for claim in self.store.claim_instances(room, now, self._resting) if room > 0 else []:
            self._episodes += 1
            self._spawn(self._episode(claim))

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _sleep(self) -> None:
        now = self.clock()
        times = [LOOK_SECONDS + now, *self._resting.values()]
        if (due := self.store.next_due(now)) is not None:
            times.append(due)
        pause = min(times) - now
        try:
            await asyncio.wait_for(self._woken.wait(), max(pause, 0.001))
        except TimeoutError:
            return

    async def _episode(self, claim: Claim) -> None:
        name, begun = claim.instance.name, self.clock()
        try:
            function = self.app.find("orchestrationTrigger", name)
            result = await asyncio.get_running_loop().run_in_executor(self._episode_pool, self._replay, claim, function)
            for word in self.store.commit(claim, result, self.clock()):
                log.warning(word)
            if result.over:
                log.info("%s %s: %s", name, claim.instance.id, result.status)
            else:
                # While activities of it run, it rests for as long as it took: their results come together then, and
                # a wide fan-out is not replayed for each of them.
                now = self.clock()
                self._resting[claim.instance.id] = now + (now - begun)
        except LeaseLostError:
            log.warning("%s %s: another host has taken it over", name, claim.instance.id)
        except Exception:
            log.exception("%s %s: the episode could not be run", name, claim.instance.id)
            self.store.give_back(claim)
        finally:
            self._episodes -= 1
            self.wake()

    def _replay(self, claim: Claim, function: Function | None) -> episode.Episode:
        def call(context: str) -> str:
            if function is None:
                raise LookupError(missing(claim.instance.name, "sub-orchestration"))
            return self.invoker.orchestrate(function, context)

        new = [one for _, one in claim.messages]
        return episode.run(claim.instance, claim.history, new, self.clock(), call, self.knows)

    async def _activity(self, work: Work) -> None:
        try:
            result = await self._result(work)  # first: the list may be another one when it is there
            self._results.append((work, result))
        finally:
            self._working[work.instance] -= 1
            if not self._working[work.instance]:
                del self._working[work.instance]
            self.wake()

    async def _result(self, work: Work) -> Event:
        """The event that the activity's orchestration gets."""
        function = self.app.find("activityTrigger", work.name)
        try:
            if function is None:
                raise LookupError(missing(work.name, "activity"))
            text = await self.invoker.act(function, work.input, self._activity_pool)
        except FunctionTimeoutError as error:
            return self._failed(work, str(error))
        except Exception as error:
            log.warning("activity %s of %s failed: %s", work.name, work.instance, type(error).__name__)
            return self._failed(work, f"{type(error).__name__}: {error}")
        result = None if text == "null" else text
        return event(Type.TASK_COMPLETED, self.clock(), TaskScheduledId=work.number, Result=result)

    def _failed(self, work: Work, message: str) -> Event:
        reason = f"Activity function '{work.name}' failed:  {message}"
        return event(Type.TASK_FAILED, self.clock(), TaskScheduledId=work.number, Reason=reason, Details="")

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / 3)
            self.store.renew_leases(self.clock())

    async def _end(self) -> None:
        """Lets what runs come to its end for a moment; what does not is done again by the next host."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=END_SECONDS)
        self._record()
        for task in list(self._tasks):
            task.cancel()
        for pool in (self._episode_pool, self._activity_pool):
            pool.shutdown(wait=False, cancel_futures=True)
