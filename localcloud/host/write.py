"""What the task hub's transactions write: a start, a message, an episode's new tasks, an end, a rewind."""

from __future__ import annotations

import json
import sqlite3
import uuid

from localcloud.host.episode import CONTROL, Episode, Instance, Parent
from localcloud.host.events import Event, Type, event, stamp
from localcloud.host.replay import Scheduled

TERMINAL = ("Completed", "Failed", "Terminated", "Canceled")


class AlreadyRunningError(Exception):
    """An instance with this id exists and is not over."""


def start(
    db: sqlite3.Connection, instance_id: str, name: str, given: str, now: float, version: str, parent: Parent | None
) -> str:
    row = db.execute("SELECT status FROM instances WHERE id = ?", (instance_id,)).fetchone()
    if row is not None and row[0] not in TERMINAL:
        raise AlreadyRunningError(instance_id)
    forget(db, instance_id)
    execution = uuid.uuid4().hex
    db.execute(
        """INSERT INTO instances (id, execution, name, version, status, input, parent, created, updated)
        VALUES (?, ?, ?, ?, 'Pending', ?, ?, ?, ?)""",
        (instance_id, execution, name, version, given, parent_text(parent), now, now),
    )
    post(db, instance_id, execution, now, started(instance_id, execution, name, given, version, parent, now))
    return instance_id


def parent_text(parent: Parent | None) -> str | None:
    return json.dumps([parent.instance, parent.execution, parent.number]) if parent else None


def started(
    instance_id: str, execution: str, name: str, given: str, version: str, parent: Parent | None, now: float
) -> Event:
    return event(
        Type.EXECUTION_STARTED,
        now,
        Name=name,
        Version=version,
        Input=given,
        OrchestrationInstance={"InstanceId": instance_id, "ExecutionId": execution},
        ParentInstance={"OrchestrationInstance": {"InstanceId": parent.instance}} if parent else None,
    )


def post(db: sqlite3.Connection, instance_id: str, execution: str | None, due: float, what: Event) -> None:
    db.execute(
        "INSERT INTO messages (instance, execution, due, control, event) VALUES (?, ?, ?, ?, ?)",
        (instance_id, execution, due, what["EventType"] in CONTROL, json.dumps(what)),
    )


def rewind(db: sqlite3.Connection, instance_id: str, reason: str, now: float) -> None:
    """Failures become events that say nothing, and so does what had asked for them; failed children go on, too."""
    rows = db.execute("SELECT place, event FROM history WHERE instance = ? ORDER BY place", (instance_id,)).fetchall()
    events = [(place, json.loads(text)) for place, text in rows]
    failed = {e["TaskScheduledId"] for _, e in events if e["EventType"] == Type.TASK_FAILED}
    children = {e["TaskScheduledId"] for _, e in events if e["EventType"] == Type.SUB_FAILED}
    for place, one in events:
        kind = one["EventType"]
        asked = kind == Type.TASK_SCHEDULED and one["EventId"] in failed
        if asked or kind in (Type.TASK_FAILED, Type.SUB_FAILED, Type.EXECUTION_COMPLETED):
            blank = event(Type.GENERIC, now, Data=f"Rewound: {Type(kind).name}")
            values = (json.dumps(blank), instance_id, place)
            db.execute("UPDATE history SET event = ? WHERE instance = ? AND place = ?", values)
        if kind == Type.SUB_CREATED and one["EventId"] in children:
            rewind(db, one["InstanceId"], reason, now)
    db.execute("UPDATE instances SET status = 'Running', output = NULL, updated = ? WHERE id = ?", (now, instance_id))
    post(db, instance_id, None, now, event(Type.GENERIC, now, Data=reason))


def append(db: sqlite3.Connection, instance_id: str, place: int, events: list[Event]) -> None:
    rows = [(instance_id, place + n, json.dumps(one)) for n, one in enumerate(events)]
    db.executemany("INSERT INTO history VALUES (?, ?, ?)", rows)


def forget(db: sqlite3.Connection, instance_id: str) -> int:
    for table in ("history", "messages", "work"):
        db.execute(f"DELETE FROM {table} WHERE instance = ?", (instance_id,))  # noqa: S608
    return db.execute("DELETE FROM instances WHERE id = ?", (instance_id,)).rowcount


def schedule(db: sqlite3.Connection, instance: Instance, one: Scheduled, now: float) -> str | None:
    """Puts an episode's new task on its way; gives a word of warning if it could not."""
    if one.kind == "activity":
        db.execute(
            "INSERT INTO work (instance, execution, number, name, input) VALUES (?, ?, ?, ?, ?)",
            (instance.id, instance.execution, one.number, one.name, one.input if one.input is not None else "null"),
        )
        return None
    if one.kind == "timer":
        post(
            db,
            instance.id,
            instance.execution,
            one.at,
            event(Type.TIMER_FIRED, one.at, TimerId=one.number, FireAt=stamp(one.at)),
        )
        return None
    assert one.instance is not None
    try:
        parent = Parent(instance.id, instance.execution, one.number)
        start(db, one.instance, one.name, json.dumps(one.input), now, "", parent)
    except AlreadyRunningError:
        reason = (
            f"An orchestration instance with the id {one.instance} is already running. "
            "(On Azure the parent would wait for ever: give each child an id of its own.)"
        )
        failed = event(Type.SUB_FAILED, now, TaskScheduledId=one.number, Reason=reason, Details="")
        post(db, instance.id, instance.execution, now, failed)
        return f"{instance.id}: {reason}"
    return None


def continue_as_new(db: sqlite3.Connection, instance: Instance, given: str, now: float) -> None:
    execution = uuid.uuid4().hex
    for table in ("history", "work"):
        db.execute(f"DELETE FROM {table} WHERE instance = ?", (instance.id,))  # noqa: S608
    # Timers and results belonged to the execution that is over; what came from outside is still on its way.
    db.execute("DELETE FROM messages WHERE instance = ? AND execution IS NOT NULL", (instance.id,))
    db.execute(
        "UPDATE instances SET execution = ?, input = ?, status = 'Running' WHERE id = ?",
        (execution, given, instance.id),
    )
    begun = started(instance.id, execution, instance.name, given, instance.version, instance.parent, now)
    post(db, instance.id, execution, now, begun)


def tell_parent(db: sqlite3.Connection, instance: Instance, episode: Episode, now: float) -> None:
    parent = instance.parent
    if parent is None:
        return
    if episode.status == "Completed":
        result = event(Type.SUB_COMPLETED, now, TaskScheduledId=parent.number, Result=json.dumps(episode.output))
    else:
        result = event(Type.SUB_FAILED, now, TaskScheduledId=parent.number, Reason=str(episode.output), Details="")
    post(db, parent.instance, parent.execution, now, result)
