"""Two hosts on one database, under load."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.host.driver import Running

WIDTH = 3
RESULT = sum(2 * n for n in range(WIDTH))


def faults(folder: Path, orchestrations: int) -> list[str]:
    """What was lost or done twice while both ran so many orchestrations together; empty if nothing."""
    first, second = (Running(_made(folder / name), database=folder / "hub.db") for name in ("first", "second"))
    with first, second:
        hosts = (first.host, second.host)
        ids = [hosts[n % 2].start("fan_out", WIDTH, f"load-{n}") for n in range(orchestrations)]
        outputs = Counter(str(hosts[0].settled(instance)["output"]) for instance in ids)
        mine, others = first.traces(), second.traces()
    found = []
    if outputs != Counter({str(RESULT): orchestrations}):
        found.append(f"outputs: {outputs}")
    if Counter(mine + others) != Counter({f"double {n}": orchestrations for n in range(WIDTH)}):
        found.append(f"effects: {Counter(mine + others)}")
    if not mine or not others:
        found.append("one of the hosts had nothing to do")
    return found


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
