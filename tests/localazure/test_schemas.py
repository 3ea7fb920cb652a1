"""What the local cloud takes from the app, ARM takes as well: bodies against ARM's own schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped, unused-ignore]

from activities import registry
from activities.steps import Request
from isthmus.plan import Occasion, make_plan
from isthmus.spec import Spec
from localcloud.azure import bodies
from localcloud.azure.shapes import Choice, Many, Node, Shape, Table, clean
from localcloud.azure.table import BY_TYPE, ROWS
from tests.localazure.resources import examples, kind_of
from tests.unit.samples import CORRELATION, FINDINGS, GENERATION, PLACE, REQUESTED, consumers, spec

SCHEMAS = Path(__file__).resolve().parents[3] / "shared" / "azure-schemas"
pytestmark = pytest.mark.skipif(not SCHEMAS.is_dir(), reason="ARM's schemas (../shared/azure-schemas) are not here")
FOUND = {"client_id": "c", "principal_id": "p", "address": "10.0.0.4", "endpoint": "e", "secret": "s"}
OPEN = {"$.properties.hardwareProfile.vmSize"}
"""Lists that ARM keeps open, and the schemas close."""
WRITABLE = [row for row in ROWS if row.writable]


def schema(kind: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((SCHEMAS / f"{kind.replace('/', '.')}.json").read_text())
    return document


def wrong(kind: str, body: Any) -> list[str]:
    found = Draft202012Validator(schema(kind)).iter_errors(body)
    return [f"{error.json_path}: {error.message}" for error in found if error.json_path not in OPEN]


def sent() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(step, type, body) of everything that the app PUTs for an environment of three corps."""
    wish: Spec = spec(corps=[spec().provider.model_dump(), *consumers(2)])
    plan = make_plan(wish, GENERATION, PLACE, FINDINGS, Occasion(REQUESTED, CORRELATION))
    outputs = {step["id"]: FOUND for step in plan["steps"]}
    for step in plan["steps"]:
        kind = registry.ARM_KINDS.get(step["kind"])
        if kind is not None:
            request = Request("demo", GENERATION, step, outputs, 0, None, None)  # type: ignore[arg-type]
            yield step["id"], kind_of(step["resource"]), kind.prepare(request)


SENT = list(sent())


@pytest.mark.parametrize(("kind", "body"), [(kind, body) for _, kind, body in SENT], ids=[step for step, _, _ in SENT])
def test_what_the_app_sends_is_taken_by_arm_and_by_the_local_cloud(kind: str, body: dict[str, Any]) -> None:
    assert wrong(kind, body) == []
    clean(BY_TYPE[kind.lower()].shape, body)


@pytest.mark.parametrize("kind", [row.type for row in WRITABLE])
def test_the_examples_of_these_tests_are_taken_by_arm(kind: str) -> None:
    path, body = examples("/subscriptions/s/resourceGroups")[kind]
    assert wrong(kind_of(path), body) == []


@pytest.mark.parametrize("row", WRITABLE, ids=[row.type for row in WRITABLE])
def test_the_local_cloud_knows_no_property_that_arm_does_not(row: Any) -> None:
    document = schema(row.type)
    assert [path for path in unknown(row.shape, document, document, "") if path not in NOT_IN_SCHEMAS] == []


def test_the_body_of_a_role_assignment_is_arm_s() -> None:
    document = schema("Microsoft.Authorization.roleAssignments")
    assert list(unknown(bodies.ROLE_ASSIGNMENT, document, document, "")) == []


NOT_IN_SCHEMAS = {
    # Stands in the URL; ARM takes it in the body as well.
    "name",
    # ARM says "empty"; the local cloud gives every resource properties.
    "properties",
}


def unknown(node: Node, document: Any, whole: Any, path: str) -> Iterator[str]:
    """Paths that a shape takes and the schema has no word for; choices that it does not offer."""
    document = resolved(document, whole)
    if isinstance(node, Shape):
        known = {name.lower(): inner for name, inner in properties(document, whole).items()}
        for name, inner in node.fields.items():
            here = f"{path}.{name}".lstrip(".")
            if name.lower() not in known:
                yield here
            else:
                yield from unknown(inner, known[name.lower()], whole, here)
    elif isinstance(node, Many):
        yield from unknown(node.of, document.get("items", {}), whole, f"{path}[]")
    elif isinstance(node, Table):
        yield from unknown(node.of, document.get("additionalProperties", {}), whole, f"{path}.*")
    elif isinstance(node, Choice):
        validator = Draft202012Validator(document | {"$defs": whole.get("$defs", {})})
        yield from (f"{path}={value}" for value in node.values if not validator.is_valid(value))


def resolved(document: Any, whole: Any) -> Any:
    while isinstance(document, dict) and "$ref" in document:
        target = whole
        for part in document["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        document = target
    return document


def properties(document: Any, whole: Any) -> dict[str, Any]:
    """Of the object, whichever of its forms has them."""
    found: dict[str, Any] = dict(document.get("properties", {}))
    for word in ("anyOf", "oneOf", "allOf"):
        for part in document.get(word, []):
            found |= properties(resolved(part, whole), whole)
    return found
