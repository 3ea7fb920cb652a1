"""Managed run commands: a script that runs once in a VM, and the view of how it went."""

from __future__ import annotations

import asyncio
import copy

from localcloud.azure import ids, latencies
from localcloud.azure.clock import iso
from localcloud.azure.compute import MACHINES
from localcloud.azure.errors import Refusal
from localcloud.azure.model import Change, Cloud, Json, Resource
from localcloud.fabric import Ran

TYPE = f"{MACHINES}/runCommands"
OUTPUT_LIMIT = 4096
"""Bytes of the *end* of output and error that the view keeps."""
DEFAULT_TIMEOUT = 90 * 60
TIMED_OUT = 124


def command(change: Change) -> None:
    machine = change.cloud.need(ids.parent(change.id))
    if machine.private.get("power") != "running" or machine.state == "Deleting":
        raise Refusal(
            409, "OperationNotAllowed", f"Cannot modify run commands when the VM {machine.name} is not running."
        )
    properties = change.properties
    if "script" not in properties.get("source", {}):
        raise Refusal(400, "InvalidParameter", "Required parameter 'source.script' is missing (null).")
    secret = properties.pop("protectedParameters", [])
    properties.setdefault("asyncExecution", False)
    properties.setdefault("timeoutInSeconds", DEFAULT_TIMEOUT)
    properties.setdefault("treatFailureAsDeploymentFailure", False)
    former = change.before.private if change.before else {}
    plain = {name: properties.get(name) for name in ("source", "parameters")}
    change.private |= {"protected": secret, "asked": plain}
    if former.get("asked") != plain or former.get("protected") != secret:
        # Only a changed command runs again.
        change.private |= {"due": True, "view": {"executionState": "Pending"}}


async def run(cloud: Cloud, resource: Resource) -> None:
    """The end of the PUT: with asyncExecution the script has only been started."""
    if not resource.private.pop("due", False):
        return
    view: Json = {"executionState": "Running", "startTime": iso(cloud.clock.now()), "exitCode": 0}
    resource.private["view"] = view
    if resource.properties["asyncExecution"]:
        task = asyncio.get_running_loop().create_task(_execute(cloud, resource, view))
        cloud.tasks.add(task)
        task.add_done_callback(cloud.tasks.discard)
        return
    await _execute(cloud, resource, view)
    if view["executionState"] != "Succeeded" and resource.properties["treatFailureAsDeploymentFailure"]:
        raise Refusal(
            409, "VMExtensionProvisioningError", f"Run command {resource.name} ended {view['executionState']}."
        )


async def _execute(cloud: Cloud, resource: Resource, view: Json) -> None:
    machine = ids.key(ids.parent(resource.id))
    timeout = float(resource.properties["timeoutInSeconds"])
    started = cloud.clock.now()
    try:
        ran = await cloud.fabric.run(machine, _script(resource), timeout)
    except Exception as error:
        ran = Ran(1, "", f"The VM's agent could not run the script: {type(error).__name__}: {error}")
    timed_out = ran.exit_code == TIMED_OUT and cloud.clock.now() - started >= timeout
    state = "Succeeded" if ran.exit_code == 0 else "TimedOut" if timed_out else "Failed"
    view |= {
        "executionState": state,
        "exitCode": ran.exit_code,
        "output": _end_of(ran.output),
        "error": _end_of(ran.error),
        "endTime": iso(cloud.clock.now()),
    }


def _script(resource: Resource) -> str:
    """The script with its parameters as environment variables, which is how the agent hands named ones in."""
    parameters = [*resource.properties.get("parameters", []), *resource.private["protected"]]
    if not parameters:
        return str(resource.properties["source"]["script"])
    quoted = ("export {}='{}'".format(p["name"], p["value"].replace("'", "'\\''")) for p in parameters)
    return "\n".join([*quoted, resource.properties["source"]["script"]])


def _end_of(text: str) -> str:
    return text.encode()[-OUTPUT_LIMIT:].decode(errors="ignore")


def view(resource: Resource) -> Json:
    """What `$expand=instanceView` adds."""
    empty = {"exitCode": 0, "output": "", "error": ""}
    shown: Json = empty | copy.deepcopy(resource.private.get("view", {"executionState": "Unknown"}))
    return shown


SECONDS = latencies.POLL / 2
