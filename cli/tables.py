"""Plan and list, for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.words import clock, rough

Plan = Mapping[str, Any]
PHASES = {"ready": "green", "failed": "red", "gone": "dim", "deleting": "yellow"}


def show_plan(plan: Plan, console: Console, *, every_step: bool) -> None:
    """Findings first, then what would be built. `every_step`: each with its resource id, instead of by kind."""
    model = plan.get("model")
    estimate = timedelta(seconds=plan.get("estimate_seconds") or 0)
    console.print(Text.assemble((plan["name"], "bold"), f" in {plan['location']}, {rough(estimate)} to build"))
    if model:
        retires = f", retires {model['retires']}" if model.get("retires") else ""
        console.print(f"model {model['name']} {model['version']}, {model['sku']} x{model['capacity']}{retires}")
    show_findings(plan, console)
    if every_step:
        for number, step in enumerate(plan["steps"], 1):
            console.print(f"{number:>4}  {_one(step)}", soft_wrap=True, markup=False)
    else:
        console.print(_kinds(plan))
        console.print("* on the critical path; every step with its resource id: --steps", style="dim")
    if plan.get("cost"):
        show_cost(plan["cost"], console)


def show_cost(cost: Mapping[str, Any], console: Console) -> None:
    """The sums, each meter, what is not counted, and how old the prices are."""
    least = "" if cost["complete"] else "at least "
    unit, hours = cost["currency"], f"{cost['lease_hours']:g} h"
    told = "not known" if cost["per_hour"] is None else f"{least}{_amount(cost['per_hour'])} {unit} an hour"
    if cost["for_lease"] is not None:
        told += f", {least}{_amount(cost['for_lease'])} {unit} for the lease of {hours}"
    console.print(Text.assemble(("cost", "bold"), f" {told} (estimate)"), soft_wrap=True)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("meter", "number", f"{unit}/h", "lease"):
        table.add_column(heading, justify="left" if heading == "meter" else "right", no_wrap=True, overflow="ellipsis")
    for line in cost["lines"]:
        amounts = (_amount(line[what]) for what in ("per_hour", "for_lease"))
        table.add_row(line["meter"], str(line["count"]), *amounts)
    console.print(table)
    console.print(f"not counted: {'; '.join(cost['not_counted'])}", style="dim", soft_wrap=True)
    age = (
        f"refreshed on {cost['prices_refreshed']}" if cost["prices_refreshed"] else "never refreshed from Azure's list"
    )
    console.print(f"prices: written on {cost['prices_written']}, {age}", style="dim", soft_wrap=True)


def _amount(amount: float | None) -> str:
    return "not known" if amount is None else f"{amount:.4f}" if amount < 1 else f"{amount:.2f}"


def show_findings(plan: Plan, console: Console) -> None:
    for one in plan.get("findings") or ():
        style = "red" if one["severity"] == "error" else "yellow"
        words = f"{one['severity']}: {one['check']}: {one['detail']} {one.get('mend') or ''}".rstrip()
        console.print(Text(words, style), soft_wrap=True)


def _one(step: Mapping[str, Any]) -> str:
    exists = step.get("exists")
    there = "?" if exists is None else "exists" if exists else "new"
    return f"{step['id']}  {there}  {step.get('resource') or '-'}"


def _kinds(plan: Plan) -> Table:
    by_kind: dict[str, list[Mapping[str, Any]]] = {}
    for step in plan["steps"]:
        by_kind.setdefault(step["kind"], []).append(step)
    path = set(plan.get("critical_path") or ())
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("step", "whose", "typical", "exists"):
        table.add_column(heading, justify="right" if heading == "typical" else "left", no_wrap=True)
    for steps in by_kind.values():
        star = "*" if any(step["id"] in path for step in steps) else ""
        table.add_row(f"{steps[0]['title']}{star}", _whose(steps), clock(steps[0]["typical"]), _exists(steps))
    return table


def _whose(steps: Sequence[Mapping[str, Any]]) -> str:
    return str(steps[0]["corp"]) if len(steps) == 1 else f"{len(steps)} corps"


def _exists(steps: Sequence[Mapping[str, Any]]) -> str:
    there = sum(1 for step in steps if step.get("exists"))
    unknown = sum(1 for step in steps if step.get("exists") is None)
    words = [] if unknown == len(steps) else [f"{there} of {len(steps)}"]
    return ", ".join([*words, *(["not looked"] if unknown else [])])


def show_list(environments: Sequence[Mapping[str, Any]], now: datetime, console: Console) -> None:
    if not environments:
        console.print("no environments")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("name", "phase", "steps", "proof", "lease", "error"):
        table.add_column(heading, no_wrap=True, overflow="ellipsis")
    for one in environments:
        table.add_row(
            one["name"],
            Text(one["phase"], PHASES.get(one["phase"], "cyan")),
            _progress(one),
            str(one.get("proof") or ""),
            _lease(one, now),
            Text(str(one.get("error_code") or ""), "red"),
        )
    console.print(table)


def _progress(one: Mapping[str, Any]) -> str:
    done = one.get("progress") or {}
    return f"{done.get('ready', 0)}/{done['steps']}" if done.get("steps") else ""


def _lease(one: Mapping[str, Any], now: datetime) -> str:
    if one["phase"] == "gone" or not one.get("expires_at"):
        return ""
    left = (datetime.fromisoformat(one["expires_at"]) - now).total_seconds()
    return "over" if left <= 0 else f"{int(left // 3600)} h {int(left % 3600 // 60):02} min"
