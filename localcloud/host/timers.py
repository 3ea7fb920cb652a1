"""Timer triggers: each function's schedule, kept in the store, so that a turn missed while no host ran is noticed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from localcloud.host.app import App, AppError, Function
from localcloud.host.invoke import Invoker
from localcloud.host.ncrontab import Schedule, ScheduleError, parse
from localcloud.host.settings import resolved
from localcloud.host.store import Store

log = logging.getLogger("host.timers")


@dataclass(frozen=True)
class Timer:
    """`expression`: with its settings filled in. `monitored` False: missed turns are forgotten at a restart."""

    function: Function
    expression: str
    schedule: Schedule
    at_start: bool
    monitored: bool


def timers(app: App, environment: Mapping[str, str]) -> list[Timer]:
    """Every timer function with its schedule. Raises AppError with every finding."""
    found: list[Timer] = []
    findings: list[str] = []
    for function in app.of_kind("timerTrigger"):
        try:
            found.append(_timer(function, environment))
        except AppError as error:
            findings += error.findings
        except ScheduleError as error:
            findings.append(f"{function.name}: schedule: {error}")
    if findings:
        raise AppError(*findings)
    return found


def _timer(function: Function, environment: Mapping[str, str]) -> Timer:
    trigger = function.trigger
    text = resolved(str(trigger.get("schedule", "")), environment, f"{function.name}: schedule")
    monitored = trigger.get("useMonitor") is not False
    return Timer(function, text, parse(text), bool(trigger.get("runOnStartup")), monitored)


async def keep(timer: Timer, store: Store, invoker: Invoker, pool: Executor, clock: Callable[[], float]) -> None:
    """Runs the function whenever its turn comes, until cancelled; one host of several takes each turn."""
    name, now = timer.function.name, clock()
    last, due = store.schedule(name, timer.expression, _after(timer, now))
    late = timer.monitored and due <= now
    if timer.at_start or late:
        if store.take_turn(name, due, now, _after(timer, now)):
            await _fire(timer, invoker, pool, late, _status(last, due, now))
        last, due = store.schedule(name, timer.expression, due)
    elif due <= now:
        store.take_turn(name, due, now, _after(timer, now))
    while True:
        last, due = store.schedule(name, timer.expression, due)
        await asyncio.sleep(max(0.0, due - clock()))
        now = clock()
        if now >= due and store.take_turn(name, due, now, _after(timer, now)):
            await _fire(timer, invoker, pool, False, _status(last, due, now))


async def _fire(timer: Timer, invoker: Invoker, pool: Executor, late: bool, status: dict[str, Any]) -> None:
    try:
        await invoker.fire(timer.function, late, status, pool)
    except Exception:
        log.exception("timer function %s failed", timer.function.name)


def _after(timer: Timer, now: float) -> float:
    return timer.schedule.after(datetime.fromtimestamp(now, UTC)).timestamp()


def _status(last: float | None, following: float, now: float) -> dict[str, Any]:
    times = {"Last": last or 0.0, "Next": following, "LastUpdated": now}
    return {name: datetime.fromtimestamp(value, UTC).isoformat() for name, value in times.items()}
