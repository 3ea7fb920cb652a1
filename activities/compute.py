"""Compute: virtual machines, and the managed run commands that ask and probe from inside them."""

from __future__ import annotations

import base64
import json
from functools import cache
from pathlib import Path
from typing import Any

from activities.arm import Json, Resource, at
from activities.cloud import begin
from activities.keyvault import api_key_in
from activities.steps import Request
from isthmus.cloudinit import render
from isthmus.errors import own_failure
from isthmus.outcomes import Outcome, pending, ready

VM_FILES = Path(__file__).resolve().parent.parent / "infra" / "vm"
STOPPED_STATES = frozenset({"powerstate/stopped", "powerstate/deallocated"})
RUNNING_STATES = frozenset({"pending", "running", "unknown", ""})


@cache
def vm_files() -> dict[str, str]:
    """File name -> text of everything in infra/vm."""
    return {path.name: path.read_text() for path in sorted(VM_FILES.iterdir()) if path.is_file()}


def _machine(request: Request) -> Json:
    """The VM's body, its files rendered around the node's configuration."""
    body = request.wanted()
    profile = body["properties"]["osProfile"]
    rendered = render(vm_files(), profile["customData"])
    profile["customData"] = base64.b64encode(rendered.encode()).decode()
    return body


def _script(request: Request) -> Json:
    """The run command's body: the program's request goes to its standard input; nothing in it is secret."""
    body = request.wanted()
    source = body["properties"]["source"]
    text = json.dumps(source["request"], sort_keys=True, ensure_ascii=True)
    script = f"/opt/isthmus/run {source['program']} <<'ISTHMUS_REQUEST'\n{text}\nISTHMUS_REQUEST\n"
    body["properties"]["source"] = {"script": script}
    return body


def _report(request: Request, have: Json) -> Outcome:
    """What the program printed. Its provisioning state says nothing of its success: its own view does."""
    view: dict[str, Any] = at(have, "properties.instanceView") or {}
    state = str(view.get("executionState") or "").lower()
    if state in RUNNING_STATES:
        return pending(f"the program is {state or 'not started'}")
    try:
        report = json.loads(view.get("output") or "")
    except ValueError:
        report = None
    key = at(request.step["wanted"], "properties.source.request.key_secret")
    if key and api_key_in(request.cloud, key, str(view)):
        return own_failure(
            "SecretInOutput",
            "The program in the VM printed the API key; what it printed was dropped.",
        )
    if not isinstance(report, dict):
        message = f"{state}, exit code {view.get('exitCode')}: {str(view.get('error') or 'no report')[-300:]}"
        return own_failure(
            "RunCommandFailed",
            message,
            retryable=True,
        )
    return ready({"report": report, "exit_code": view.get("exitCode")})


def _run_command() -> Resource:
    return Resource(
        lambda cloud: cloud.compute.virtual_machine_run_commands,
        get="get_by_virtual_machine",
        look={"expand": "instanceView"},
        prepare=_script,
        finish=_report,
    )


def _power(request: Request, have: Json) -> str:
    """Why the VM is of no use though it is there: somebody stopped it."""
    statuses = at(have, "properties.instanceView.statuses") or []
    states = [str(status.get("code")).lower() for status in statuses]
    stopped = next((state for state in states if state in STOPPED_STATES), "")
    return f"it is {stopped.rpartition('/')[2]}" if stopped else ""


def _start(request: Request) -> Any:
    return begin(request.cloud.compute.virtual_machines.begin_start, *request.names)


KINDS = {
    "virtual_machine": Resource(
        lambda cloud: cloud.compute.virtual_machines,
        look={"expand": "instanceView"},
        astray=_power,
        mend=_start,
        prepare=_machine,
        hidden=frozenset({"properties.osProfile.customData"}),
    ),
    "probe_run": _run_command(),
    "client_run": _run_command(),
}
