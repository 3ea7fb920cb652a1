"""`python -m tests.host.sweep`: kills a host before and after each of its transactions, and looks whether the next one
brings everything to the same end; then lets two hosts share a load. The tests take a sample of both."""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import sys
import tempfile
import time
import urllib.error
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException
from itertools import count
from pathlib import Path

from tests.host import pair
from tests.host.driver import Host, Running, until

INSTANCE = "sweep"
WHENS = ("before", "after")
GONE = (urllib.error.URLError, HTTPException, OSError, ValueError)
PATIENCE = 60.0
TOGETHER = 200
"""Orchestrations that two hosts run together."""
SILENT = ("hush",)
"""Activities without an effect."""


@dataclass(frozen=True)
class End:
    """What a run came to. `histories`: of all instances, without times, ids and how often an event came; `effects`:
    what activities did, and how often."""

    outcome: str
    histories: list[str]
    effects: Counter[str]


@dataclass(frozen=True)
class Death:
    """What a killed host left. `open`: effects of activities that had been asked for and had no result yet."""

    died: bool
    open: Counter[str]


def drive(host: Host) -> None:
    """Starts the script, holds it up for a moment, and gives it its event; harmless when repeated."""
    if host.manage("GET", f"/instances/{INSTANCE}").status == 404:
        host.manage("POST", f"/orchestrators/everything/{INSTANCE}")
    for action in ("suspend", "resume", "raiseEvent/go"):
        host.manage("POST", f"/instances/{INSTANCE}/{action}", "ahead")


def over(host: Host) -> bool:
    return host.manage("GET", f"/instances/{INSTANCE}").status == 200


def undisturbed(folder: Path) -> tuple[End, int]:
    """The end of a run in which nobody dies, and how many transactions it took."""
    with Running(folder, command=("-m", "tests.host.dying", "never", "0")) as running:
        drive(running.host)
        end = _end(running)
    return end, int(running.log.splitlines()[-1])


def killed(folder: Path, when: str, turn: int) -> Death:
    """Runs the script on a host that dies at its `turn`-th transaction, unless all is over before."""
    mortal = Running(folder, command=("-m", "tests.host.dying", when, str(turn)))
    mortal.start()
    try:
        if mortal.came_up:
            drive(mortal.host)
            until(lambda: mortal.process.poll() is not None or over(mortal.host), PATIENCE)
    except GONE:
        until(lambda: mortal.process.poll() is not None)
    died = not mortal.came_up or mortal.process.poll() is not None
    mortal.kill()
    return Death(died, _open_work(mortal.database))


def resumed(folder: Path) -> End:
    """The end that the next host brings it to."""
    with Running(folder) as running:
        drive(running.host)
        return _end(running)


def faults(calm: End, death: Death, end: End) -> list[str]:
    """In what a resumed run differs from the undisturbed one; empty if it is equivalent."""
    found = []
    if end.outcome != calm.outcome:
        found.append(f"outcome: {end.outcome} instead of {calm.outcome}")
    if end.histories != calm.histories:
        found.append(f"histories: {end.histories} instead of {calm.histories}")
    for effect in calm.effects | end.effects:
        wanted, most = calm.effects[effect], calm.effects[effect] + death.open[effect]
        if not wanted <= end.effects[effect] <= most:
            found.append(f"{effect}: {end.effects[effect]} times instead of {wanted} to {most}")
    return found


def _end(running: Running) -> End:
    status = running.host.settled(INSTANCE)
    instances = running.host.manage("GET", "/instances").json()
    outcome = json.dumps([status["runtimeStatus"], status["customStatus"], status["output"]])
    return End(
        outcome,
        sorted(f"{one['name']}: {_told(running.host, one['instanceId'])}" for one in instances),
        Counter(running.traces()),
    )


def _told(host: Host, instance: str) -> list[tuple[str, str, str]]:
    return sorted(
        (str(event["EventType"]), str(event.get("FunctionName")), str(event.get("Result") or event.get("Reason")))
        for event in host.events(instance)
        if event["EventType"] != "EventRaised"
    )


def _open_work(database: Path) -> Counter[str]:
    db = sqlite3.connect(database)
    try:
        rows = db.execute("SELECT name, input FROM work").fetchall()
    finally:
        db.close()
    return Counter(f"{name} {given}" for name, given in rows if name not in SILENT)


def point(calm: End, when: str, turn: int) -> tuple[bool, list[str]]:
    """(whether it died before it was over, faults) of one point of the sweep."""
    with tempfile.TemporaryDirectory(prefix="sweep-") as folder:
        death = killed(Path(folder), when, turn)
        return death.died, faults(calm, death, resumed(Path(folder)))


def sweep(calm: End, first: int, jobs: int) -> Iterator[tuple[str, int, list[str]]]:
    """Every point from `first` on, until one is past the end of the run."""
    with ThreadPoolExecutor(jobs) as pool:
        for turn in count(first):
            results = list(pool.map(lambda when, turn=turn: point(calm, when, turn), WHENS))
            for when, (_, found) in zip(WHENS, results, strict=True):
                yield when, turn, found
            if not any(died for died, _ in results):
                return


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.host.sweep", description=__doc__)
    parser.add_argument("--from", dest="first", type=int, default=1, metavar="N", help="the first transaction (1)")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="points at the same time")
    arguments = parser.parse_args()
    begun, points, bad = time.monotonic(), 0, 0
    with tempfile.TemporaryDirectory(prefix="sweep-") as folder:
        calm, _ = undisturbed(Path(folder))
    for when, turn, found in sweep(calm, arguments.first, arguments.jobs):
        points += 1
        bad += bool(found)
        print(f"{when} {turn}: {'; '.join(found) or 'the same end'}", flush=True)  # noqa: T201
    print(f"{points} points, {bad} with another end, {time.monotonic() - begun:.0f} s")  # noqa: T201
    with tempfile.TemporaryDirectory(prefix="sweep-") as folder:
        shared = pair.faults(Path(folder), TOGETHER)
    print(f"two hosts, {TOGETHER} orchestrations: {'; '.join(shared) or 'nothing lost, nothing twice'}")  # noqa: T201
    sys.exit(1 if bad or shared else 0)


if __name__ == "__main__":
    main()
