"""Whenever the host dies, the next one goes on where it was. `make sweep-host` tries every point; here is a sample."""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

import pytest

from tests.host import pair
from tests.host.driver import Running
from tests.host.sweep import Death, End, faults, killed, resumed, undisturbed

SEED = int(os.environ.get("SWEEP_SEED", "7"))
_RANDOM = random.Random(SEED)  # every worker of a parallel run draws the same
SAMPLE = [(when, round(_RANDOM.random(), 3)) for when in ("before", "after") * 3]


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> tuple[End, int]:
    """The undisturbed end, and how many transactions it took."""
    return undisturbed(tmp_path_factory.mktemp("calm"))


@pytest.mark.parametrize(("when", "where"), SAMPLE)
def test_the_end_is_the_undisturbed_one_wherever_it_is_killed(
    tmp_path: Path, calm: tuple[End, int], when: str, where: float
) -> None:
    end, transactions = calm
    assert '"Completed"' in end.outcome
    turn = 1 + int(where * transactions)
    death = killed(tmp_path, when, turn)
    assert faults(end, death, resumed(tmp_path)) == [], f"killed {when} transaction {turn} of {transactions}"


def test_a_sweep_would_notice_what_is_lost_or_done_twice(calm: tuple[End, int]) -> None:
    """What the sample above compares with can fail."""
    end, _ = calm
    effect = 'echo "begin"'
    twice = End(end.outcome, end.histories, end.effects + Counter({effect: 1}))
    assert faults(end, Death(True, Counter()), twice) == [f"{effect}: 2 times instead of 1 to 1"]
    assert faults(end, Death(True, Counter({effect: 1})), twice) == []
    assert len(faults(end, Death(True, Counter()), End("", end.histories[1:], Counter()))) > 2


def test_a_killed_host_leaves_nothing_running_twice_once_it_is_recorded(tmp_path: Path) -> None:
    with Running(tmp_path) as running:
        instance = running.host.start("fan_out", 20)
        running.host.settled(instance)
        done = list(running.traces())
        running.kill()
        running.start()
        assert running.host.settled(instance)["output"] == sum(2 * n for n in range(20))
        assert running.traces() == done


def test_sigterm_ends_it_cleanly(tmp_path: Path) -> None:
    running = Running(tmp_path)
    running.start()
    running.host.start("waits", None, "later")
    assert running.stop() == 0
    with running:
        running.host.manage("POST", "/instances/later/raiseEvent/go", "on")
        assert running.host.settled("later")["output"] == "on"


def test_two_hosts_on_one_file_lose_nothing_and_do_nothing_twice(tmp_path: Path) -> None:
    assert pair.faults(tmp_path, 60) == []
