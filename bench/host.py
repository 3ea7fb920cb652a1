"""`python -m bench.host`: the local Functions host, every step on disk, against durabletask's in-memory backend.

Both run the same orchestrations on this machine in one run, each in a process of its own. What counts is the ratio.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.sides import InMemory, LocalHost, Side

CHAINS, LATENCIES, FAN, MEMORY = 300, 30, 1000, 10_000
LENGTHS = (50, 200, 800)


@dataclass(frozen=True)
class Figure:
    """One measurement on both sides. `target`: what it should be, as text; `met`: None where there is no target."""

    name: str
    unit: str
    local: float
    memory: float
    better: str
    target: str = ""
    met: bool | None = None

    @property
    def ratio(self) -> float:
        """The local host's figure over the other's."""
        return self.local / self.memory


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.host", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--quick", action="store_true", help="a tenth of everything: to see that it runs")
    arguments = parser.parse_args()
    for name in [key for key in os.environ if key.lower().endswith("_proxy")]:
        del os.environ[name]
    figures = list(measured(10 if arguments.quick else 1))
    if arguments.json:
        print(json.dumps([asdict(one) | {"ratio": one.ratio} for one in figures], indent=2))
    else:
        Console().print(table(figures))


def table(figures: list[Figure]) -> Table:
    shown = Table(title="local host (SQLite) against durabletask in memory")
    for column in ("", "local host", "in memory", "unit", "ratio", "target"):
        shown.add_column(column, justify="left" if column in ("", "unit", "target") else "right")
    for one in figures:
        mark = {None: "", True: "[green]met[/]", False: "[red]missed[/]"}[one.met]
        ratio = f"{one.ratio:.2f} ({one.better} is better)"
        shown.add_row(one.name, f"{one.local:,.1f}", f"{one.memory:,.1f}", one.unit, ratio, f"{one.target} {mark}")
    return shown


def measured(divisor: int) -> Iterator[Figure]:
    """All figures, each measured on one side and then on the other."""
    local, memory = both(latency, LATENCIES // divisor)
    yield Figure("chain of 5, start to finish", "ms", local, memory, "lower", "below 50 ms", local < 50)
    yield Figure("chain of 5", "per second", *both(throughput, CHAINS // divisor), "higher")
    local, memory = both(fan_out, FAN // divisor)
    yield Figure(f"fan-out of {FAN // divisor:,}", "ms", local, memory, "lower", "no slower", local <= memory)
    yield from replays()
    count = MEMORY // divisor
    yield Figure(f"memory for {count:,} finished instances", "MB", *both(memory_growth, count), "lower")


def replays() -> Iterator[Figure]:
    """A step's time over the history's length. Linear: four times as long, at most four times the time."""
    shorter: tuple[int, float] | None = None
    for length in LENGTHS:
        local, memory = both(step, length)
        name = f"one step of a chain of {length}"
        if shorter is None:
            yield Figure(name, "ms", local, memory, "lower")
        else:
            most = shorter[1] * length / shorter[0]
            yield Figure(name, "ms", local, memory, "lower", f"linear: below {most:.0f} ms", local <= most)
        shorter = (length, local)


def both(measure: Callable[[Side, int], float], size: int) -> tuple[float, float]:
    figures = []
    for side in (LocalHost, InMemory):
        with running(side) as one:
            one.wait(one.start("hello_cities", None))  # the first one pays for imports and threads
            figures.append(measure(one, size))
    return figures[0], figures[1]


@contextmanager
def running(side: type[LocalHost] | type[InMemory]) -> Iterator[Side]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        one = side(Path(folder))
        try:
            yield one
        finally:
            one.close()


def latency(side: Side, count: int) -> float:
    """Milliseconds from the start to the moment at which the client knows of the end; the median."""
    return statistics.median(timed(lambda: side.wait(side.start("hello_cities", None))) for _ in range(count)) * 1000


def throughput(side: Side, count: int) -> float:
    """Orchestrations a second."""
    return count / timed(lambda: side.wait_all([side.start("hello_cities", None) for _ in range(count)]))


def fan_out(side: Side, width: int) -> float:
    """Milliseconds; the better of three, as the other side's threads make it jump."""
    return min(timed(lambda: side.wait(side.start("fan_out", width))) for _ in range(3)) * 1000


def step(side: Side, length: int) -> float:
    """Milliseconds per step of a chain: each replays the history so far, so it may grow with the length, linearly."""
    return timed(lambda: side.wait(side.start("chain", length))) / length * 1000


def memory_growth(side: Side, count: int) -> float:
    """Resident megabytes of the process after so many instances have finished."""
    for _ in range(0, count, 500):
        side.wait_all([side.start("single", "somebody") for _ in range(min(500, count))])
    return side.memory() / 1e6


def timed(call: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
