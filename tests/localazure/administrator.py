"""The `ockam` command of an enrolled administrator: tickets and members are lines and files in its OCKAM_HOME."""

from __future__ import annotations

import os
from pathlib import Path

COMMAND = """#!/bin/sh
cd "$OCKAM_HOME" || exit 1
if [ -e broken ]; then echo "the project's authority does not answer" >&2; exit 1; fi
case "$1 $2" in
"project ticket")
    while [ $# -gt 0 ]; do [ "$1" = --attribute ] && attribute=$2; shift; done
    echo "TICKET-$$-$attribute" | tee -a tickets ;;
"project-member list")
    between=; printf '['
    for member in members/*; do
        [ -e "$member" ] || continue
        read -r attribute <"$member"
        printf '%s{"identifier":"%s","attributes":{"%s":"true"}}' "$between" "${member#members/}" "$attribute"
        between=,
    done
    echo ']' ;;
"project-member delete") rm "members/$3" ;;
*) exit 2 ;;
esac
"""


class Administrator:
    """An Ockam project in a directory. The command is found on PATH while the process has our environment."""

    def __init__(self, directory: Path) -> None:
        self.home, self.bin = directory / "home", directory / "bin"
        (self.home / "members").mkdir(parents=True)
        self.bin.mkdir()
        command = self.bin / "ockam"
        command.write_text(COMMAND)
        command.chmod(0o755)

    def use(self) -> None:
        """The `ockam` of this process is this one, until another is used."""
        os.environ["OCKAM_HOME"] = str(self.home)
        path = os.environ["PATH"].split(":")
        os.environ["PATH"] = ":".join([str(self.bin), *(place for place in path if place != str(self.bin))])

    def enrol(self, ticket: str) -> None:
        """Whoever has the ticket becomes a member; a second time it does nothing."""
        _, number, attribute = ticket.split("-", 2)
        (self.home / "members" / number).write_text(f"{attribute}\n")

    def members(self) -> list[str]:
        return sorted(path.read_text().strip() for path in (self.home / "members").iterdir())

    def tickets(self) -> list[str]:
        """Every ticket that was ever issued."""
        issued = self.home / "tickets"
        return issued.read_text().split() if issued.exists() else []

    def break_down(self, broken: bool = True) -> None:
        """From now on every command fails (or works again)."""
        mark = self.home / "broken"
        if broken:
            mark.touch()
        else:
            mark.unlink(missing_ok=True)
