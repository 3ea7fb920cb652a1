"""Where the steps of a corp stand in the picture: columns by needs, lanes like the tracks of a railway.

The longest chain of needs is the main line, lane 0. Every other step has a track of its own, which runs on to the
last step that needs it; whatever needs it earlier branches off. So no line runs through a step that it does not
concern. The order of tracks is what bends the lines least.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

Needs = tuple[tuple[str, tuple[str, ...]], ...]
"""(step, what it needs), in the plan's order; needs that are no step of this corp are left out."""


@dataclass(frozen=True)
class Layout:
    """columns, lanes: step -> 0, 1, ...; edges: (needed, needing), without those that follow from others."""

    columns: Mapping[str, int]
    lanes: Mapping[str, int]
    edges: tuple[tuple[str, str], ...]

    @property
    def width(self) -> int:
        return max(self.columns.values(), default=-1) + 1

    @property
    def height(self) -> int:
        return max(self.lanes.values(), default=-1) + 1


@dataclass(frozen=True)
class _Track:
    steps: tuple[str, ...]
    first: int
    last: int


@lru_cache(maxsize=64)
def arrange(steps: Needs) -> Layout:
    """Pure: the same steps give the same picture."""
    known = {step for step, _ in steps}
    needs = {step: [need for need in wanted if need in known] for step, wanted in steps}
    columns = _columns(needs)
    edges = _reduced(needs)
    main, *others = _tracks(columns, edges) or [_Track((), 0, 0)]
    order = _settled(main, others, edges)
    return Layout(columns, _lanes(main, order), edges)


def _columns(needs: Mapping[str, list[str]]) -> dict[str, int]:
    """The length of the longest chain of needs before each step."""
    columns: dict[str, int] = {}

    def column(step: str) -> int:
        if step not in columns:
            columns[step] = 0  # A circle of needs, which no plan has, must not hang the page.
            columns[step] = max((column(need) + 1 for need in needs[step]), default=0)
        return columns[step]

    for step in needs:
        column(step)
    return columns


def _reduced(needs: Mapping[str, list[str]]) -> tuple[tuple[str, str], ...]:
    """The needs that do not follow from other needs."""
    behind: dict[str, set[str]] = {}

    def all_behind(step: str) -> set[str]:
        if step not in behind:
            behind[step] = set()
            behind[step] = {far for need in needs[step] for far in {need, *all_behind(need)}}
        return behind[step]

    return tuple(
        (need, step)
        for step, wanted in needs.items()
        for need in dict.fromkeys(wanted)
        if not any(need in all_behind(other) for other in wanted if other != need)
    )


def _tracks(columns: Mapping[str, int], edges: tuple[tuple[str, str], ...]) -> list[_Track]:
    """The main line first; each further track goes on with whatever needs its last step and stands farthest."""
    needing: dict[str, list[str]] = {step: [] for step in columns}
    for needed, step in edges:
        needing[needed].append(step)
    left = dict.fromkeys(_main_line(columns, edges))
    tracks = [_Track(tuple(left), 0, max(columns.values(), default=0))] if left else []
    placed = set(left)
    for step in sorted(columns, key=lambda one: columns[one]):
        if step in placed:
            continue
        line = [step]
        while farthest := max(needing[line[-1]], key=lambda one: columns[one], default=None):
            if farthest in placed:
                break
            line.append(farthest)
            placed.add(farthest)
        placed.add(step)
        reach = max((columns[one] - 1 for one in needing[line[-1]]), default=0)
        tracks.append(_Track(tuple(line), columns[step], max(reach, columns[line[-1]])))
    return tracks


def _main_line(columns: Mapping[str, int], edges: tuple[tuple[str, str], ...]) -> list[str]:
    """The longest chain, from its end to its beginning and turned round."""
    step = max(columns, key=lambda one: columns[one], default=None)
    line: list[str] = []
    while step is not None:
        line.append(step)
        step = next((a for a, b in edges if b == step and columns[a] == columns[step] - 1), None)
    return line[::-1]


def _lanes(main: _Track, order: list[_Track]) -> dict[str, int]:
    """Each track in the first lane from the main line where there is room."""
    lanes = dict.fromkeys(main.steps, 0)
    taken: list[list[_Track]] = []
    for track in order:
        free = (number for number, lane in enumerate(taken) if not any(_meet(track, other) for other in lane))
        number = next(free, len(taken))
        if number == len(taken):
            taken.append([])
        taken[number].append(track)
        lanes |= dict.fromkeys(track.steps, number + 1)
    return lanes


def _meet(one: _Track, other: _Track) -> bool:
    return one.first <= other.last and other.first <= one.last


def _settled(main: _Track, order: list[_Track], edges: tuple[tuple[str, str], ...]) -> list[_Track]:
    """Swaps tracks as long as that makes the picture calmer."""

    def unrest(candidate: list[_Track]) -> int:
        lanes = _lanes(main, candidate)
        return sum(abs(lanes[a] - lanes[b]) for a, b in edges) + 3 * max(lanes.values(), default=0)

    best = unrest(order)
    improved = True
    while improved:
        improved = False
        for one, other in combinations(range(len(order)), 2):
            swapped = list(order)
            swapped[one], swapped[other] = swapped[other], swapped[one]
            if (cost := unrest(swapped)) < best:
                order, best, improved = swapped, cost, True
    return order
