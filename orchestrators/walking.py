"""How a walk is gone through: rounds of short activities, then one timer beside the stop event.

Never `task_any` over old and new tasks: the extension awaits the actions strictly in order, so a new step would
wait for an unrelated timer. Each round therefore waits for a stop event of its own; the newest waiter gets it.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df

from isthmus.lifecycle import STOP_EVENT
from isthmus.walk import Verb, Walk

Steps = Generator[Any, Any, None]


def go_through(
    context: df.DurableOrchestrationContext, walk: Walk, life: dict[str, str], part: str, verb: Verb = "ensure"
) -> Steps:
    """Walks until nothing is under way and nothing more can begin; keeps the part's progress in the record."""
    kept = walk.states()
    while True:
        due = walk.due(context.current_utc_datetime)
        calls = [context.call_activity(f"{verb}_{p.step['kind']}", life | walk.request(p)) for p in due]
        if calls:
            outcomes = yield context.task_all(calls)
            for progress, outcome in zip(due, outcomes, strict=True):
                walk.take(progress.step["id"], outcome, context.current_utc_datetime)
        if walk.states() != kept:
            news = {"part": part, "lines": walk.lines(), "changed": walk.changed(kept)}
            kept = walk.states()
            saved = yield context.call_activity("save_progress", life | news)
            walk.stopping = walk.stopping or (verb == "ensure" and bool(saved["stop"]))
        if walk.done:
            return
        # To ask what is due ends what is overdue: then there may be nothing left to sleep for.
        if not walk.due(context.current_utc_datetime) and not walk.done:
            yield from _sleep(context, walk)


def _sleep(context: df.DurableOrchestrationContext, walk: Walk) -> Steps:
    timer = context.create_timer(walk.next_due())
    stop = context.wait_for_external_event(STOP_EVENT)
    winner = yield context.task_any([timer, stop])
    if winner is stop:
        timer.cancel()
        walk.stopping = True
