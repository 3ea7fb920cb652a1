"""Records the renderings that the tests compare: `python -m tests.cli.record` writes them anew."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from cli.picture import picture
from cli.report import report
from tests.cli.lives import Life
from tests.unit import samples

FOLDER = Path(__file__).resolve().parent / "recorded"
SCREENS = ((80, 24), (120, 40))
VM = "corp-7/virtual_machine"
MANY = Life(consumers=20)
MOMENTS = {
    "two-building": (Life(), 75.0),
    "landing-building": (Life(landing=True), 75.0),
    "many-building": (MANY, 75.0),
    "many-verifying": (MANY, 130.0),
    "many-failed": (Life(consumers=20, failing=VM), 105.0),
    "many-deleting": (Life(consumers=20, stopped=(75, "cancel")), 120.0),
}
ENDS = {
    "two-ready": (Life(), 300.0),
    "many-incomplete": (Life(consumers=20, proof="incomplete"), 300.0),
    "many-kept": (Life(consumers=20, failing=VM, keep=True), 300.0),
}


def _console(width: int) -> Console:
    return Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None, legacy_windows=False)


def _text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


def live(life: Life, second: float, width: int, height: int) -> str:
    """What a terminal of that size shows at that second."""
    console = _console(width)
    console.print(picture(life.status(second), samples.REQUESTED + timedelta(seconds=second), width, height))
    return _text(console)


def told(life: Life, second: float, width: int) -> str:
    """What `isthmus status` says then."""
    console = _console(width)
    report(life.status(second), samples.REQUESTED + timedelta(seconds=second), console)
    return _text(console)


def recordings() -> dict[str, str]:
    """File name -> text."""
    return {
        f"{name}-{width}.txt": live(*MOMENTS[name], width, height) for name in MOMENTS for width, height in SCREENS
    } | {f"{name}-{width}.txt": told(*ENDS[name], width) for name in ENDS for width, _ in SCREENS}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in recordings().items():
        (FOLDER / name).write_text(text)
