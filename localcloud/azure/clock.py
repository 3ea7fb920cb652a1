"""Time, passed in: the machine's own, or a virtual one that a test moves forward."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> float:
        """Seconds since 1970 (UTC)."""

    async def sleep(self, seconds: float) -> None:
        """Returns when that many seconds have passed."""


class SystemClock:
    """The machine's clock and the event loop's timers."""

    def now(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class VirtualClock:
    """Stands still until `advance`; sleepers wake in the order of their times."""

    def __init__(self, start: float) -> None:
        self._now = start
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        wakes: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), wakes))
        await wakes

    def next_wake(self) -> float | None:
        """When the next sleeper wakes (seconds since 1970); None when nobody sleeps."""
        return self._sleepers[0][0] if self._sleepers else None

    async def advance(self, seconds: float) -> None:
        """Moves time forward; whoever wakes may go to sleep again and wake within the same span."""
        end = self._now + seconds
        await _let_others_run()
        while self._sleepers and self._sleepers[0][0] <= end:
            self._now, _, wakes = heapq.heappop(self._sleepers)
            if not wakes.done():
                wakes.set_result(None)
            await _let_others_run()
        self._now = end


async def _let_others_run() -> None:
    # A woken task may hand on to others (locks, futures): a few turns of the loop let them all settle.
    for _ in range(10):
        await asyncio.sleep(0)


def iso(seconds: float) -> str:
    """ISO 8601 in UTC with seven decimals, as ARM writes times."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"
