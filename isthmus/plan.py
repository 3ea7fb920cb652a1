"""Spec + generation + findings -> the plan: the frozen list of steps of one life of an environment.

Pure and deterministic, so that a plan can be printed, compared and kept. The orchestrators walk the plan that
they were given, never the imported graph: a newer graph does not touch what is under way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from isthmus import names
from isthmus.bodies import RECIPES, Site
from isthmus.existing import parts_of
from isthmus.graph import BY_NAME, STAGES, Kind, kinds_of
from isthmus.spec import Corp, Spec
from isthmus.wanted import digest, references

VERSION = 1
STAGGER = 2.0
"""Seconds between the consumers' questions, so that they don't meet the model's rate limit together."""


@dataclass(frozen=True)
class Findings:
    """What preflight found out and a plan must know.

    model: name, version, sku, capacity, retires; ssh_public_key: nobody keeps its private half
    """

    model: Mapping[str, Any]
    ssh_public_key: str


@dataclass(frozen=True)
class Occasion:
    """When it was asked for, and the id that this request bears in answers, logs and tags."""

    requested_at: datetime
    correlation_id: str
    attempt: int = 1
    """Counts the retries of one generation."""


@dataclass(frozen=True)
class Place:
    """Where it is built: subscription id and the ARM id of the Key Vault."""

    subscription: str
    vault_id: str


def make_plan(spec: Spec, generation: str, place: Place, findings: Findings, occasion: Occasion) -> dict[str, Any]:
    """The whole plan as JSON."""
    requested_at = occasion.requested_at
    expires_at = requested_at + timedelta(minutes=spec.lease_minutes)
    tags = {
        names.TAG_ENVIRONMENT: spec.name,
        names.TAG_GENERATION: generation,
        names.TAG_EXPIRES_AT: utc(expires_at),
        names.TAG_CORRELATION: occasion.correlation_id,
    }
    steps = []
    for corp in spec.corps:
        site = Site(
            spec,
            corp,
            generation,
            place.subscription,
            place.vault_id,
            dict(findings.model),
            findings.ssh_public_key,
            occasion.attempt,
        )
        steps += [_step(kind, site, tags | {names.TAG_CORP: corp.name}) for kind in kinds_of(corp.role, corp.existing)]
    path, seconds = critical_path(steps)
    return {
        "version": VERSION,
        "environment": spec.name,
        "generation": generation,
        "attempt": occasion.attempt,
        "location": spec.location,
        "requested_at": utc(requested_at),
        "expires_at": utc(expires_at),
        "on_failure": spec.on_failure,
        "model": dict(findings.model),
        "ssh_public_key": findings.ssh_public_key,
        "question": spec.question,
        "corps": [
            {"name": c.name, "role": c.role, "group": names.resource_group(spec.name, generation, c.name)}
            | ({"existing": dict(parts_of(c))} if c.existing else {})
            for c in spec.corps
        ],
        "estimate_seconds": seconds,
        "critical_path": path,
        "steps": steps,
    }


def utc(moment: datetime) -> str:
    """ISO 8601 to the second, with Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _step(kind: Kind, site: Site, tags: dict[str, str]) -> dict[str, Any]:
    recipe = RECIPES[kind.name]
    wanted = recipe.body(site)
    refers = [step for step, _ in references(wanted)]
    if recipe.tags:
        wanted = wanted | {"tags": recipe.tags.bears(site.spec.tags) | tags | {names.TAG_SPEC: digest(wanted)}}
    needs = _needed(kind, site.corp, site.spec)
    return {
        "id": site.step(kind.name),
        "kind": kind.name,
        "corp": site.corp.name,
        "stage": kind.stage,
        "needs": list(dict.fromkeys(needs + refers)),
        "serial": f"{site.corp.name}/{kind.serial}" if kind.serial else None,
        "delay": STAGGER * _consumer_number(site) if kind.name == "client_run" else 0.0,
        "typical": kind.typical,
        "deadline": kind.deadline,
        "removal": kind.removed(site.corp.existing),
        "resource": recipe.id(site) if recipe.id else None,
        "wanted": wanted,
    }


def _consumer_number(site: Site) -> int:
    return [corp.name for corp in site.spec.consumers].index(site.corp.name)


def _needed(kind: Kind, corp: Corp, spec: Spec) -> list[str]:
    """The steps behind a kind's needs: this corp's own, else of every corp that may have them. What needs nothing
    but what is there already needs what that would have needed: in the end the corp's group."""
    pairs = [(BY_NAME[name], whose) for name in kind.needs for whose in _having(BY_NAME[name], corp, spec)]
    built = [f"{whose.name}/{need.name}" for need, whose in pairs if need.built(whose.role, whose.existing)]
    return built or [step for need, whose in pairs for step in _needed(need, whose, spec)]


def _having(kind: Kind, corp: Corp, spec: Spec) -> list[Corp]:
    return [corp] if kind.role in (None, corp.role) else [other for other in spec.corps if other.role == kind.role]


def critical_path(steps: Iterable[Mapping[str, Any]]) -> tuple[list[str], float]:
    """The longest chain of needs by typical durations: step ids in order, and its seconds.

    The stages stand one after the other, so each stage's chain follows the longest of the one before."""
    by_id = {step["id"]: step for step in steps}
    in_stage = {name: [step["id"] for step in by_id.values() if step["stage"] == name] for name in STAGES}
    before_stage: dict[str, list[str]] = {after: in_stage[name] for name, after in pairwise(STAGES)}
    ends: dict[str, tuple[float, str | None]] = {}

    def end_of(step_id: str) -> float:
        if step_id not in ends:
            step = by_id[step_id]
            needs = [*step["needs"], *before_stage.get(step["stage"], [])]
            known = [(end_of(need), need) for need in needs if need in by_id]
            before = max(known, default=(0.0, None), key=lambda pair: pair[0])
            ends[step_id] = (before[0] + step["delay"] + step["typical"], before[1])
        return ends[step_id][0]

    last = max(by_id, key=end_of, default=None)
    seconds = end_of(last) if last else 0.0
    path: list[str] = []
    while last:
        path.append(last)
        last = ends[last][1]
    return path[::-1], seconds


def stage(plan: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The steps of one stage, of all corps."""
    return [step for step in plan["steps"] if step["stage"] == name]


def slice_of(plan: Mapping[str, Any], corp: str) -> list[dict[str, Any]]:
    """What one corp's orchestration walks: its build steps."""
    return [step for step in stage(plan, "build") if step["corp"] == corp]


def removal_steps(plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The teardown's walk: what is removed by its own call first, in reverse order of needs, then the groups,
    then a look that each thing is gone (purging what Azure keeps), the secrets last of all."""
    steps = {step["id"]: step for step in plan["steps"]}
    group = {corp["name"]: f"{corp['name']}/resource_group" for corp in plan["corps"]}
    return [
        step | {"needs": _removal_needs(step, steps, group), "delay": 0.0, "serial": None} for step in steps.values()
    ]


def _removal_needs(
    step: Mapping[str, Any], steps: Mapping[str, Mapping[str, Any]], group: Mapping[str, str]
) -> list[str]:
    home = group[step["corp"]]
    if step["removal"] == "with group":
        return [home] if home in steps else []
    if step["id"] == home:
        # Access to the vault and portal members outlive the group, so they go first.
        return [s["id"] for s in steps.values() if s["corp"] == step["corp"] and _leaves_before_group(s)]
    if step["stage"] == "reserve":
        return [s["id"] for s in steps.values() if step["id"] in s["needs"] and s["removal"] == "own"]
    return []


def _leaves_before_group(step: Mapping[str, Any]) -> bool:
    return bool(step["removal"] == "own" and step["stage"] == "build" and step["kind"] != "resource_group")
