"""`python -m tests.reliability`: everything that can go wrong, gone through, and the figures of it."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time

from rich.console import Console
from rich.progress import track

from tests.reliability.figures import (
    SECTIONS,
    Outcome,
    Section,
    chaos_lines,
    drawn,
    lived,
    table,
)

WIDTH = 160


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    names = [section.name for section in SECTIONS]
    parser.add_argument("--only", choices=names, action="append", help="these sections (may be repeated)")
    parser.add_argument("--sample", type=int, help="so many runs of each section, drawn by the seed")
    parser.add_argument("--seed", type=int, default=1, help="of everything that is drawn by chance (1)")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="at the same time (one a CPU)")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)  # what goes wrong on purpose would fill the screen
    # Into a file the table goes unbroken.
    console, started = Console(width=None if sys.stdout.isatty() else WIDTH), time.monotonic()
    chosen = [section for section in SECTIONS if not given.only or section.name in given.only]
    outcomes = [_gone_through(section, given, console) for section in chosen]
    console.print(table(outcomes, given.seed, time.monotonic() - started))
    for line in chaos_lines(outcomes):
        console.print(line, highlight=False, soft_wrap=True)
    wrong = [judgement for outcome in outcomes for judgement in outcome.wrong()]
    for judgement in wrong:
        console.print(f"[red]wrong[/] {judgement.what}: {'; '.join(judgement.wrong)}", highlight=False, soft_wrap=True)
    return 1 if wrong else 0


def _gone_through(section: Section, given: argparse.Namespace, console: Console) -> Outcome:
    runs = drawn(section.runs(given.seed), given.sample, given.seed)
    shown = track(lived(runs, given.processes), section.title, len(runs), console=console, transient=True)
    return Outcome(section, [judgement for judged in shown for judgement in judged])


if __name__ == "__main__":
    sys.exit(main())
