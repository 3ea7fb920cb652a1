"""Runs of many lives, in several processes, and the table of what came of them."""

from __future__ import annotations

import logging
import random
import statistics
import subprocess
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from rich.table import Table

from tests.reliability import deaths, faults, orders, stack, states, trouble, wishes
from tests.reliability.life import HEARD, READY, Judgement
from tests.reliability.operations import undisturbed
from tests.unit.telemetry import told


class Run(Protocol):
    def live(self) -> Judgement | list[Judgement]: ...


@dataclass(frozen=True)
class Section:
    """name: as it is asked for; runs: all of them; `seed`: of what is drawn by chance."""

    name: str
    title: str
    runs: Callable[[int], Sequence[Run]]


def _chaos(chance: float) -> Callable[[int], Sequence[Run]]:
    return lambda seed: [trouble.Chaos(chance, seed * 1000 + number) for number in range(40)]


def _twice(seed: int) -> Sequence[Run]:
    at_once = [trouble.AtOnce(number, after) for number in range(1, 6) for after in (False, True)]
    return [trouble.InARow(), *at_once, trouble.Afterwards()]


@dataclass(frozen=True)
class Overheard:
    """A run during which all that anything logs or traces is heard, and searched like everything else."""

    run: Run

    def __str__(self) -> str:
        return f"overheard: {self.run}"

    def live(self) -> Judgement:
        root = logging.getLogger()
        handlers, level, disabled = root.handlers, root.level, root.manager.disable
        HEARD.heard.clear()
        root.handlers = [HEARD]
        root.setLevel(logging.DEBUG)
        logging.disable(logging.NOTSET)
        try:
            with told() as kept:
                HEARD.traces = lambda: [span.to_json() for span in kept.spans()]
                (judgement,) = _quietly(self.run)
                spans = HEARD.traces()
        finally:
            HEARD.traces = list
            root.handlers = handlers
            root.setLevel(level)
            logging.disable(disabled)
        for what, lines in (("logged", HEARD.heard), ("traced", spans)):
            if not any(CONTROL in line for line in lines):
                judgement.wrong.append(f"nothing of it was {what}")
        HEARD.heard.clear()
        return judgement


CONTROL = "management.azure.com"
"""Stands in logs and traces of every life in which anything was asked of Azure."""


def _overheard(seed: int) -> Sequence[Run]:
    """Some of every other section."""
    runs = [
        run
        for section in SECTIONS
        if section.name not in ("secrets", "stack")
        for run in drawn(section.runs(seed), 12, seed)
    ]
    return [Overheard(run) for run in runs]


SECTIONS = (
    Section("faults", "every operation x every fault", lambda seed: list(faults.cells())),
    Section("states", "what the region offers changes; VMs that don't do", lambda seed: list(states.states())),
    Section("deaths", "the host dies at every request and episode", lambda seed: list(deaths.deaths())),
    Section("wishes", "cancelled at every episode; kept, mended, retried", lambda seed: list(wishes.wishes())),
    Section(
        "orders",
        "people and accidents in any order",
        lambda seed: [orders.InAnyOrder(seed * 100 + n) for n in range(30)],
    ),
    Section("twice", "every activity twice, at once, afterwards", _twice),
    Section("denied", "each permission taken away", lambda seed: list(trouble.denials())),
    Section("secrets", "of each some, with all logs and traces", _overheard),
    Section("stack", "faults on the full stack, with real processes", lambda seed: list(stack.stacks())),
    *(Section(f"chaos{chance:.0%}".strip("%"), f"chaos at {chance:.0%}", _chaos(chance)) for chance in trouble.CHANCES),
)


@dataclass
class Outcome:
    section: Section
    judgements: list[Judgement]

    def wrong(self) -> list[Judgement]:
        return [judgement for judgement in self.judgements if not judgement.fine]


def drawn(runs: Sequence[Run], count: int | None, seed: int) -> Sequence[Run]:
    """So many of them, by chance; all without a number."""
    return runs if count is None or count >= len(runs) else random.Random(seed).sample(list(runs), count)


def _quietly(run: Run) -> list[Judgement]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        judged = run.live()
    return judged if isinstance(judged, list) else [judged]


def lived(runs: Sequence[Run], processes: int) -> Iterator[list[Judgement]]:
    """Their judgements, run by run as they come."""
    undisturbed()
    if processes == 1:
        yield from map(_quietly, runs)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(_quietly, runs, chunksize=4 if len(runs) > 4 * processes else 1)


def table(outcomes: Sequence[Outcome], seed: int, seconds: float) -> Table:
    """One row a section, with the sums below."""
    made = Table(title=f"Reliability, {datetime.now(UTC):%Y-%m-%d}, seed {seed}, commit {commit()}, {seconds:.0f} s")
    made.add_column("section", no_wrap=True)
    for word in ("runs", "ready", "as it must be", "wrong", "duplicates", "orphans", "lost", "leaks"):
        made.add_column(word, justify="right")
    rows = [_row(outcome) for outcome in outcomes]
    for outcome, row in zip(outcomes, rows, strict=True):
        made.add_row(outcome.section.title, *map(str, row))
    made.add_section()
    made.add_row("all", *(str(sum(column)) for column in zip(*rows, strict=True)))
    return made


def _row(outcome: Outcome) -> tuple[int, ...]:
    every, wrong = outcome.judgements, outcome.wrong()
    return (
        len(every),
        sum(judgement.came_to == READY for judgement in every),
        len(every) - len(wrong),
        len(wrong),
        sum(judgement.duplicates for judgement in every),
        sum(judgement.orphans for judgement in every),
        sum(judgement.lost for judgement in every),
        sum(judgement.leaks for judgement in every),
    )


def chaos_lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Of chaos: the share that succeeds, and time and requests of those against the undisturbed life."""
    usual = undisturbed()
    for outcome in outcomes:
        if outcome.section.name.startswith("chaos"):
            ready = [judgement for judgement in outcome.judgements if judgement.came_to == READY]
            share = len(ready) / len(outcome.judgements)
            line = f"{outcome.section.title}: {share:.0%} of {len(outcome.judgements)} ready"
            if ready:
                time = statistics.median(judgement.seconds for judgement in ready) / usual.seconds
                asked = statistics.median(judgement.requests for judgement in ready) / usual.requests
                line += f"; median time x {time:.2f}, requests x {asked:.2f} of the undisturbed life"
            yield line


def commit() -> str:
    done = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True)
    return done.stdout.strip() or "unknown"
