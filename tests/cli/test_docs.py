"""docs/command.md says what the command does: every code, command and option; its pictures are the recorded ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cli.codes import MEANINGS
from tests.cli.conftest import Command
from tests.cli.record import FOLDER

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "command.md").read_text()
COMMANDS = ("plan", "up", "status", "list", "logs", "cancel", "retry", "renew", "down", "open", "schema")


def test_every_code_with_its_meaning_and_no_other() -> None:
    found = dict(re.findall(r"^\| (\d+) \| (.+) \|$", PAGE, re.MULTILINE))
    assert found == {str(int(code)): meaning for code, meaning in MEANINGS.items()}


def test_every_command_and_no_other() -> None:
    assert tuple(re.findall(r"^\| `(\w+)[^`]*` \| [^|]+ \|$", PAGE, re.MULTILINE)) == COMMANDS


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "schema"])
def test_every_option_stands_there(command: str, isthmus: Command) -> None:
    isthmus.environment["COLUMNS"] = "200"
    options = set(re.findall(r"(--[a-z-]+)", isthmus(command, "--help").out)) - {"--help"}
    assert options
    assert {one for one in options if f"`{one}" not in PAGE and f" {one}" not in PAGE} == set()


@pytest.mark.parametrize("name", ["two-building-80.txt", "many-failed-80.txt"])
def test_the_pictures_are_the_recorded_ones(name: str) -> None:
    assert (FOLDER / name).read_text() in PAGE


def test_no_example_has_a_key_on_a_command_line() -> None:
    pages = [PAGE, *(path.read_text() for path in (Path(__file__).resolve().parents[2] / "docs/pipelines").iterdir())]
    assert not any(re.search(r"--key[ =]", page) for page in pages)
