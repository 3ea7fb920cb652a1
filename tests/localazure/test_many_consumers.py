"""Several consumers share one model and one key; each has its own access to it."""

from __future__ import annotations

from isthmus import names
from tests.localazure.engine import Engine
from tests.unit.samples import AI, HEALTH

OTHERS = [HEALTH | {"name": f"clinic-{number}", "address_space": f"172.16.{number}.0/24"} for number in range(3)]


def test_each_of_several_consumers_gets_its_answer_and_keeps_its_access_to_the_key() -> None:
    with Engine() as engine:
        life = engine.ask(corps=[AI, HEALTH, *OTHERS])
        engine.run()
        record = engine.record(life)
        assert (record["phase"], record["error"]) == ("ready", None)
        answers = {check["corp"]: check["state"] for check in record["proof"]["checks"] if check["id"] == "answer"}
        assert answers == dict.fromkeys((HEALTH["name"], *(corp["name"] for corp in OTHERS)), "passed")
        scope = f"/secrets/{names.key_secret(*life)}"
        held = [a.principal for a in engine.azure.cloud.access.assignments.values() if a.scope.endswith(scope)]
        assert len(set(held)) == 1 + len(OTHERS)
