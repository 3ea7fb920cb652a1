"""Records the histories that test_histories.py replays: `python -m tests.unit.record`.

A change of an orchestrator comes with newly recorded histories; without such a change this command changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from isthmus.outcomes import failed, pending, ready
from tests.unit.actors import World

FOLDER = Path(__file__).resolve().parent / "histories"


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
    refused = failed("InsufficientQuota", "no capacity", hint="Ask for more.", request_id="r-1")
    world.tell("ensure", "ai-corp/model_deployment", pending("asked", wrote=True), refused)
    world.provision()
    return world.histories()


RECORDED: dict[str, Callable[[], dict[str, Any]]] = {"success": success, "rollback": rollback}


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
