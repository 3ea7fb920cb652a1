"""An environment as it stands -> the answer, the proof, what went wrong, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cli.events import error_text
from cli.outcomes import kept
from cli.picture import picture
from isthmus.drift import repaired
from isthmus.events import in_words

Status = Mapping[str, Any]
CHECKS = {"passed": ("✔", "green"), "failed": ("✘", "red"), "not_checked": ("?", "yellow")}
FEW = 3
"""So many steps or corps are named; of more, the number is told (`isthmus logs` and --json have them all)."""


def report(status: Status, now: datetime, console: Console) -> None:
    """Everything that there is to say."""
    console.print(picture(status, now, console.width))
    result(status, console)


def result(status: Status, console: Console) -> None:
    """What comes below the picture."""
    proof = status.get("proof")
    if proof:
        _proof(proof, status.get("question") or "answer", console)
    for text in _errors(status):
        console.print(Text(text, "red"))
    for label, value in _facts(status):
        console.print(Text.assemble((f"{label:<10}", "bold"), value), soft_wrap=True)


def _errors(status: Status) -> Iterator[str]:
    """What blocks its teardown; the environment's own error, unless it is that of a step; then the steps', with their
    corps."""
    blocked = (status.get("teardown") or {}).get("error")
    if blocked and status["phase"] == "failed":
        yield f"not taken down: {error_text(blocked)}"
    failed = [
        (step, step["error"])
        for corp in status.get("corps", ())
        for step in corp["steps"]
        if step.get("error") and step["state"] == "failed"
    ]
    failed = [(step, error) for step, error in failed if not (blocked and error["code"] == blocked["code"])]
    own = status.get("error")
    if own and not any((error["code"], error["message"]) == (own["code"], own["message"]) for _, error in failed):
        yield error_text(own)
    for step, error in failed[:FEW]:
        yield f"{step['corp']}: {step['title']}: {error_text(error)}"
    if len(failed) > FEW:
        yield f"{len(failed) - FEW} more failed; see: isthmus logs {status['name']}"


def _proof(proof: Mapping[str, Any], question: str, console: Console) -> None:
    if proof.get("answer"):
        console.print(Panel(Text(str(proof["answer"])), title=Text(question), border_style="green"))
    console.print(Text.assemble(("proof", "bold"), f": {proof['result']}"))
    for title, checks in _by_title(proof.get("checks", ())).items():
        _check(title, checks, console)


def _by_title(checks: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for check in checks:
        found.setdefault(check["title"], []).append(check)
    return found


def _check(title: str, checks: list[Mapping[str, Any]], console: Console) -> None:
    """One line for the corps that passed, and one for those of which the same is to be said."""
    passed = [check for check in checks if check["state"] == "passed"]
    if passed:
        _line("passed", title, passed, console)
        if len(passed) == 1:
            _evidence(passed[0], console)
    alike: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for check in checks:
        if check["state"] != "passed":
            alike.setdefault((check["state"], str(check["evidence"])), []).append(check)
    for (state, _), same in alike.items():
        _line(state, title, same, console)
        _evidence(same[0], console)


def _line(state: str, title: str, checks: list[Mapping[str, Any]], console: Console) -> None:
    names = [str(check["corp"]) for check in checks]
    whose = f"{len(names)} corps" if len(names) > FEW else ", ".join(names)
    line = Table.grid(padding=(0, 1, 0, 0))
    line.add_row(Text.assemble(CHECKS[state]), Text.assemble(f"{title} ", (f"({whose})", "dim")))
    console.print(Padding(line, (0, 0, 0, 2), expand=False))


def _evidence(check: Mapping[str, Any], console: Console) -> None:
    console.print(Padding(Text(str(check["evidence"]), "dim"), (0, 0, 0, 6), expand=False))


def _facts(status: Status) -> Iterator[tuple[str, str]]:
    name, may = status["name"], status.get("actions") or {}
    if status["phase"] == "ready":
        yield from _drift(status.get("drift") or {})
        yield "lease", f"until {status['expires_at']}; longer: isthmus renew {name}"
    if may.get("retry"):
        yield "retry", f"isthmus retry {name} --wait"
    if status["phase"] == "failed" and may.get("delete"):
        yield "remove", f"isthmus down {name} --wait"
    if events := in_words(status.get("events")):
        yield "events", events
    if stays := kept(status):
        yield "kept", stays
    teardown = status.get("teardown") or {}
    if teardown.get("left") and teardown.get("next_try"):
        yield "teardown", f"tried {teardown['tries']} times; again from {teardown['next_try']} on, with a sweep"
    if status.get("error") and status.get("correlation_id"):
        yield "trace", f"correlation id {status['correlation_id']}"


def _drift(drift: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is not as planned, and what came of putting it right."""
    findings = drift.get("findings") or ()
    for one in findings[:FEW]:
        yield "drift", f"{one['corp']}: {one['title']}: {one['detail']}"
    if len(findings) > FEW:
        yield "drift", f"{len(findings) - FEW} more; see --json"
    if findings:
        yield "repair", repaired(drift)
