"""The main job on the local cloud, shown: build, answer, proof, teardown, census.

Exit codes: 0 every check of the proof passed and nothing was left; 3 nothing failed, but some checks could not
be made on this machine; 1 anything else; 130 interrupted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from localcloud.client import call
from localcloud.conductor import LocalCloud, StartError

SPEC = {
    "name": "demo",
    "corps": [
        {"name": "ai-corp", "role": "provider", "address_space": "10.0.0.0/16"},
        {"name": "health-corp", "role": "consumer", "address_space": "192.168.0.0/16"},
    ],
    "question": "What is Ockham's Razor?",
}
LOOK_EVERY = 0.5
BUILD_SECONDS = 300.0
COLOURS = {"ready": "green", "pending": "yellow", "removing": "yellow", "failed": "red"}
MARKS = {"ready": "✔", "pending": "▸", "removing": "▸", "failed": "✘", "waiting": "·", "skipped": "-", "removed": "∅"}
STATES = {"passed": ("✔", "green"), "failed": ("✘", "red"), "not_checked": ("?", "yellow")}
OK, FAILED, INCOMPLETE, INTERRUPTED = 0, 1, 3, 130
KEPT = ("blobs", "containers")
"""What outlives an environment on purpose: its records."""


def demo(mode: str | None, speed: float, console: Console) -> int:
    """Runs the whole job; gives the exit code."""
    try:
        with LocalCloud(mode=mode, speed=speed, tell=lambda line: console.print(f"[dim]{line}[/]")) as cloud:
            return _job(cloud, console)
    except KeyboardInterrupt:
        console.print("[yellow]interrupted; everything that was started has been ended[/]")
        return INTERRUPTED
    except StartError as error:
        console.print(f"[red]{error}[/]", markup=True)
        return FAILED


def _job(cloud: LocalCloud, console: Console) -> int:
    before = census(cloud)
    began = time.monotonic()
    answer = call("POST", f"{cloud.url}/api/environments", SPEC)
    if answer.status != 202:
        console.print(f"[red]the request was refused ({answer.status}):[/] {answer.text}")
        return FAILED
    accepted = answer.json()
    console.print(f"POST /api/environments [green]202[/] {accepted['name']}, generation {accepted['generation']}")
    status = follow(accepted["status_url"], ("ready", "failed", "gone"), console, _corps)
    console.print(f"phase [bold]{status['phase']}[/] after {time.monotonic() - began:.1f} s\n")
    _show_result(status, accepted, console)
    result = (status.get("proof") or {}).get("result")
    if status["phase"] != "gone":
        call("DELETE", accepted["status_url"])
        status = follow(accepted["status_url"], ("gone", "failed"), console, _teardown)
    clean = _show_census(before, census(cloud), console)
    console.print(f"[dim]{time.monotonic() - began:.1f} s in all[/]")
    if result not in ("passed", "incomplete") or not clean or status["phase"] != "gone":
        return FAILED
    return OK if result == "passed" else INCOMPLETE


def follow(
    url: str, until: tuple[str, ...], console: Console, draw: Callable[[Mapping[str, Any]], Any]
) -> dict[str, Any]:
    """Looks at the status until it is in one of the phases, showing it meanwhile; the last status."""
    deadline = time.monotonic() + BUILD_SECONDS
    with _live(console) as show:
        while True:
            status: dict[str, Any] = call("GET", url).json()
            show(draw(status))
            if status["phase"] in until or time.monotonic() > deadline:
                return status
            time.sleep(LOOK_EVERY)


@contextmanager
def _live(console: Console) -> Iterator[Callable[[Any], None]]:
    """Redraws in a terminal; elsewhere only the last picture is printed."""
    if console.is_terminal:
        with Live(console=console, refresh_per_second=8) as live:
            yield live.update
    else:
        last: list[Any] = [""]
        yield lambda picture: last.__setitem__(0, picture)
        console.print(last[0])


def _corps(status: Mapping[str, Any]) -> Any:
    table = Table.grid(padding=(0, 3))
    table.add_row(*(_corp(corp) for corp in status["corps"]))
    done = status["progress"]
    return Group(Text(f"{status['phase']}: {done['ready']} of {done['steps']} steps"), table)


def _corp(corp: Mapping[str, Any]) -> Panel:
    lines = Table.grid(padding=(0, 1))
    for step in corp["steps"]:
        style = COLOURS.get(step["state"], "dim")
        seconds = f"{step['took']:.1f} s" if step.get("took") is not None else ""
        lines.add_row(Text(MARKS[step["state"]], style), Text(step["title"], style), Text(seconds, "dim"))
    return Panel(lines, title=f"{corp['name']} ({corp['role']})", border_style="blue")


def _teardown(status: Mapping[str, Any]) -> Any:
    done = status["progress"]
    return Text(f"teardown: {status['phase']}, {done['removed']} of {done['steps']} removed")


def _show_result(status: Mapping[str, Any], accepted: Mapping[str, Any], console: Console) -> None:
    if status.get("error"):
        error = status["error"]
        console.print(f"[red]{error['code']}[/]: {error['message']} {error['hint']}", highlight=False)
    proof = status.get("proof")
    if proof:
        console.print(Panel(proof["answer"] or "no answer", title=str(SPEC["question"]), border_style="green"))
        console.print(f"proof: [bold]{proof['result']}[/]")
        for check in proof["checks"]:
            mark, colour = STATES[check["state"]]
            console.print(f"  [{colour}]{mark}[/] {check['title']} [dim]({check['corp']})[/]", highlight=False)
            console.print(Text(f"      {check['evidence']}", "dim"))
    console.print(f"\nstatus          {accepted['status_url']}", highlight=False, soft_wrap=True)
    console.print(f"durable status  {accepted['durable']['statusQueryGetUri']}\n", highlight=False, soft_wrap=True)


def census(cloud: LocalCloud) -> dict[str, list[str]]:
    """Everything that exists in the local Azure: kind -> ids."""
    found: dict[str, list[str]] = call("GET", f"{cloud.control}/localcloud/census").json()
    return found


def left_over(before: Mapping[str, list[str]], after: Mapping[str, list[str]]) -> list[str]:
    """What is there and was not before, records aside."""
    return [
        f"{kind}: {item}"
        for kind, items in sorted(after.items())
        if kind not in KEPT
        for item in sorted(set(items) - set(before.get(kind, [])))
    ]


def _show_census(before: Mapping[str, list[str]], after: Mapping[str, list[str]], console: Console) -> bool:
    left = left_over(before, after)
    if left:
        console.print("[red]census: left over[/]")
        for line in left:
            console.print(f"  {line}", highlight=False)
    else:
        console.print("census: [green]nothing left[/], soft-deleted things included", highlight=False)
    return not left
