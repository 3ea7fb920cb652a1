"""Some faults on the full stack: as many environments at once as a small machine bears, in one world."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from localcloud.conductor import LocalCloud
from tests.e2e.faulty import CELLS, Cell, lived
from tests.reliability.life import Judgement

AT_ONCE = 4


@dataclass(frozen=True)
class Stack:
    """A world of its own with some cells in it."""

    cells: tuple[Cell, ...]

    def __str__(self) -> str:
        return f"full stack: {', '.join(cell.name for cell in self.cells)}"

    def live(self) -> list[Judgement]:
        with LocalCloud(mode="loopback") as cloud:
            wrong = lived(cloud, self.cells)
        return [self._judged(cell, wrong[cell.name]) for cell in self.cells]

    def _judged(self, cell: Cell, wrong: list[str]) -> Judgement:
        came_to = cell.comes_to if not wrong else "wrong"
        return Judgement(f"full stack: {cell.name}", came_to, wrong, orphans=sum("/" in line for line in wrong))


def stacks() -> Iterator[Stack]:
    cells = iter(CELLS)
    while some := tuple(islice(cells, AT_ONCE)):
        yield Stack(some)
