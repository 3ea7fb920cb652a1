"""Records the histories that test_histories.py replays: `make histories`.

A change of an orchestrator comes with newly recorded histories; without such a change this command changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from activities import bookkeeping
from isthmus import names
from isthmus.outcomes import failed, pending, ready
from tests.unit.actors import Drifting, Swept, World
from tests.unit.samples import LIFE

FOLDER = Path(__file__).resolve().parent / "histories"
REFUSED = failed("InsufficientQuota", "no capacity", hint="Ask for more.", request_id="r-1")


def success() -> dict[str, Any]:
    """Everything is asked for, waited for, and ready; one step is throttled on its way."""
    world = World(bare=True)
    world.tell("ensure", "ai-corp/virtual_network", pending("asked", wrote=True), pending("updating"), ready())
    world.tell("ensure", "ai-corp/openai_account", pending("throttled", 20.0), pending("asked", wrote=True), ready())
    world.provision()
    return world.histories()


def rollback() -> dict[str, Any]:
    """The model can't be had: what runs beside is let finish, then everything is taken down."""
    world = World(bare=True)
    world.tell("remove", "ai-corp/openai_account", pending("asked to be purged", 30.0, wrote=True), ready())
    world.tell("ensure", "health-corp/virtual_machine", pending("asked", wrote=True), pending("creating"), ready())
    world.tell("ensure", "ai-corp/model_deployment", pending("asked", wrote=True), REFUSED)
    world.provision()
    return world.histories()


def kept() -> dict[str, Any]:
    """The model can't be had, and what there is is kept."""
    world = World(bare=True, on_failure="keep")
    world.tell("ensure", "ai-corp/model_deployment", pending("asked", wrote=True), REFUSED)
    world.provision()
    return world.histories()


def retry() -> dict[str, Any]:
    """... and when there is quota again it is tried again, and ready."""
    world = World(bare=True, on_failure="keep")
    world.tell("ensure", "ai-corp/model_deployment", REFUSED, ready())
    world.provision()
    bookkeeping.begin_again(world.records, LIFE)
    world.start(attempt=2)
    world.driver.run()
    return world.histories()


def cancel() -> dict[str, Any]:
    """It is cancelled while it is built: who sleeps is woken, what is under way is let finish."""
    world = World(bare=True, slow=True)
    world.driver.at(30.0, lambda: world.stop("cancel"))
    world.provision()
    return world.histories()


def unplanned() -> dict[str, Any]:
    """Preflight has to wait, and then finds something that stands against it."""
    world = World(bare=True)
    refused = failed("PreflightFailed", "no such region", hint="Choose another.")
    world.planned = [pending("throttled", 30.0), pending("throttled"), refused]
    world.provision()
    return world.histories()


def delete() -> dict[str, Any]:
    """What is ready is taken down; the account's purge takes its time."""
    world = World(bare=True)
    world.provision()
    world.tell("remove", "ai-corp/resource_group", pending("asked", wrote=True), pending("deleting"), ready())
    world.tell("remove", "ai-corp/openai_account", pending("asked to be purged", 45.0, wrote=True), ready())
    return _taken_down(world)


def blocked() -> dict[str, Any]:
    """A teardown that a lock blocks, and the one after it, when the lock is gone."""
    world = World(bare=True)
    world.provision()
    locked = failed("ScopeLocked", "lock keep (CanNotDelete)", hint="Remove the lock.", request_id="r-2")
    world.tell("remove", "ai-corp/resource_group", locked, ready())
    first = _taken_down(world)
    again = f"{names.teardown_instance(*LIFE)}:again"
    return first | _taken_down(world, again)


def sweep() -> dict[str, Any]:
    """A lease ended: the sweep takes the environment down, a lock keeps one group, and the report says so."""
    world = Swept(bare=True)
    world.records.change(LIFE, lambda document: document | {"phase": "ready"})
    world.due = [{"environment": LIFE[0], "generation": LIFE[1], "why": "lease", "lease_ended": None}]
    world.tell("remove", "ai-corp/resource_group", failed("ScopeLocked", "a lock", hint="Remove it."))
    world.driver.start("clean_up", {"purged": None}, "clean-up")
    world.driver.run()
    return world.histories()


def drift() -> dict[str, Any]:
    """A rule was added outside: it is put right and proved anew, and the corp beside it is as planned."""
    world = Drifting(bare=True)
    world.provision()
    world.records.change(LIFE, lambda document: document | {"spec": document["spec"] | {"drift": "repair"}})
    world.driver.start("check_drift", None, "check-drift")
    world.driver.run()
    made = ("check_drift", "repair_environment")
    return {name: told for name, told in world.histories().items() if told["name"] in made}


def _taken_down(world: World, instance: str = names.teardown_instance(*LIFE)) -> dict[str, Any]:
    """What DELETE of a ready environment comes to; its own history alone."""
    world.stop()
    world.driver.start("teardown_environment", {"environment": LIFE[0], "generation": LIFE[1]}, instance)
    world.driver.run()
    return {instance: world.histories()[instance]}


RECORDED: dict[str, Callable[[], dict[str, Any]]] = {
    made.__name__: made for made in (success, rollback, kept, retry, cancel, unplanned, delete, blocked, sweep, drift)
}


def text(histories: dict[str, Any]) -> str:
    """One event a line, so that a change can be read."""
    instances = []
    for instance, told in histories.items():
        events = ",\n".join(f"   {json.dumps(event)}" for event in told["history"])
        head = f'"name": {json.dumps(told["name"])}, "input": {json.dumps(told["input"])}'
        instances.append(f' {json.dumps(instance)}: {{{head}, "history": [\n{events}\n ]}}')
    return "{\n" + ",\n".join(instances) + "\n}\n"


def write() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, make in RECORDED.items():
        (FOLDER / f"{name}.json").write_text(text(make()))


if __name__ == "__main__":
    write()
