"""What holds for every resource type alike, on the table of localcloud/azure/table.py."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from localcloud.azure.model import Kind
from localcloud.azure.shapes import Choice, Flag, Many, Node, Shape, Table, Text, Whole
from localcloud.azure.table import BY_TYPE, ROWS
from tests.localazure.arm import Arm
from tests.localazure.direct import Direct
from tests.localazure.resources import CUSTOM_DATA, PASSWORD, Example, build, examples

WRITABLE = {row.type: row for row in ROWS if row.writable}
TYPES = pytest.mark.parametrize("kind", WRITABLE.values(), ids=WRITABLE)
STYLES = {
    "sync": (201, set()),
    "async_operation": (201, {"Azure-AsyncOperation"}),
    "location_201": (201, {"Location", "Azure-AsyncOperation"}),
    "location_202": (202, {"Location", "Azure-AsyncOperation"}),
    "body": (201, set()),
}
WRONG = {Text: 7, Choice: "no such choice", Whole: "7", Flag: "true", Many: {}, Table: [], Shape: "text"}


class Street:
    """All types' examples, standing."""

    def __init__(self, azure: Direct) -> None:
        self.azure, self.arm = azure, azure.arm()
        self.answers: dict[str, Any] = {}
        examples = build(_Noting(self.arm, self.answers))
        self.examples: dict[str, Example] = examples


class _Noting(Arm):
    """Keeps the answer of each PUT that was taken."""

    def __init__(self, arm: Arm, answers: dict[str, Any]) -> None:
        super().__init__(arm.send, arm.until, arm.subscription, arm.token)
        self.answers = answers

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        answer = super().call(method, path, body, **more)
        if method == "PUT" and answer.status_code < 400:
            self.answers[path] = answer
        return answer


@pytest.fixture(scope="module")
def street() -> Iterator[Street]:
    with Direct() as azure:
        yield Street(azure)


def test_every_type_of_the_table_has_an_example() -> None:
    assert set(examples("")) == set(WRITABLE)


@TYPES
def test_a_put_is_answered_in_the_type_s_own_style(kind: Kind, street: Street) -> None:
    path, _ = street.examples[kind.type]
    answer = street.answers[path]
    status, headers = STYLES[kind.style]
    if kind.type.endswith("/subnets"):
        status = 200  # it came with its network and is written again
    assert answer.status_code == status
    assert {name for name in ("Location", "Azure-AsyncOperation") if name in answer.headers} == headers
    if kind.style == "sync":
        assert answer.json()["properties"]["provisioningState"] == "Succeeded"
    else:
        assert answer.json()["properties"]["provisioningState"] == kind.making
        assert float(answer.headers["x-ms-retry-after-ms"]) > 0


@TYPES
def test_the_resource_is_shown_with_id_name_and_type(kind: Kind, street: Street) -> None:
    path, _ = street.examples[kind.type]
    shown = street.arm.get(path)
    assert shown["id"].lower() == path.lower()
    assert (shown["name"], shown["type"]) == (path.rsplit("/", 1)[1], kind.type)
    assert shown["properties"]["provisioningState"] == "Succeeded"


@TYPES
def test_an_id_in_other_case_names_the_same_resource(kind: Kind, street: Street) -> None:
    path, _ = street.examples[kind.type]
    assert street.arm.get(path.upper().replace(street.arm.subscription.upper(), street.arm.subscription)) == (
        street.arm.get(path)
    )


@TYPES
def test_the_same_body_again_makes_nothing_new(kind: Kind, street: Street) -> None:
    path, body = street.examples[kind.type]
    before, count = street.arm.get(path), len(street.azure.azure.cloud.resources)
    again = street.arm.put(path, body)
    assert len(street.azure.azure.cloud.resources) == count
    assert _plain(again) == _plain(before)


def _plain(shown: Any) -> Any:
    """Without etags, which change with every write."""
    if isinstance(shown, dict):
        return {name: _plain(value) for name, value in shown.items() if name not in ("etag", "instanceView")}
    return [_plain(item) for item in shown] if isinstance(shown, list) else shown


@TYPES
def test_an_unknown_property_is_refused_and_named(kind: Kind, street: Street) -> None:
    path, body = street.examples[kind.type]
    answer = street.arm.call("PUT", path, body | {"speling": 1})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "InvalidRequestContent"
    assert "speling" in answer.text


@TYPES
def test_an_unknown_property_further_inside_is_refused(kind: Kind, street: Street) -> None:
    path, body = street.examples[kind.type]
    wrong = body | {"properties": body.get("properties", {}) | {"speling": 1}}
    assert street.arm.refused("PUT", path, wrong) == (400, "InvalidRequestContent")


@TYPES
def test_a_missing_property_is_refused_and_named(kind: Kind, street: Street) -> None:
    path, body = street.examples[kind.type]
    for name in kind.shape.required:
        answer = street.arm.call("PUT", path, {key: value for key, value in body.items() if key != name})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidRequestContent")
        assert name in answer.text


@TYPES
def test_a_value_of_the_wrong_type_is_refused_wherever_it_stands(kind: Kind, street: Street) -> None:
    path, body = street.examples[kind.type]
    tried = list(_wrong(kind.shape, body))
    assert tried
    for wrong in tried:
        assert street.arm.refused("PUT", path, wrong) == (400, "InvalidRequestContent"), wrong


def _wrong(node: Node, body: Any) -> Iterator[Any]:
    """The body with one value at a time of a wrong type."""
    if isinstance(node, Shape) and isinstance(body, dict):
        for name, inner in node.fields.items():
            if name in body:
                yield body | {name: WRONG[type(inner)]}
                yield from (body | {name: wrong} for wrong in _wrong(inner, body[name]))
    elif isinstance(node, Many) and isinstance(body, list) and body:
        yield from ([wrong, *body[1:]] for wrong in _wrong(node.of, body[0]))


@TYPES
def test_a_body_that_is_no_object_is_refused(kind: Kind, street: Street) -> None:
    path, _ = street.examples[kind.type]
    assert street.arm.refused("PUT", path, ["a", "list"]) == (400, "InvalidRequestContent")


@TYPES
def test_the_api_version_must_be_named_and_known(kind: Kind, street: Street) -> None:
    path, _ = street.examples[kind.type]
    assert street.arm.refused("GET", path, version="") == (400, "MissingApiVersionParameter")
    assert street.arm.refused("GET", path, version="2001-01-01") == (400, "NoRegisteredProviderFound")
    for version in kind.versions:
        assert street.arm.call("GET", path, version=version).status_code == 200


@TYPES
def test_what_is_not_there_is_404_in_arm_s_words(kind: Kind, street: Street) -> None:
    path, body = street.examples[kind.type]
    other = path.rsplit("/", 1)[0] + "/nothing"
    group = kind.type == "Microsoft.Resources/resourceGroups"
    assert street.arm.refused("GET", other) == (404, "ResourceGroupNotFound" if group else "ResourceNotFound")
    if not group:
        assert street.arm.call("DELETE", other).status_code == 204
        elsewhere = path.replace("/street/", "/no-street/")
        assert street.arm.refused("PUT", elsewhere, body) == (404, "ResourceGroupNotFound")


@pytest.mark.parametrize("kind", [kind for kind in WRITABLE if kind.count("/") > 1])
def test_a_child_needs_its_parent(kind: str, street: Street) -> None:
    path, body = street.examples[kind]
    parts = path.split("/")
    orphan = "/".join([*parts[:-3], "nothing", *parts[-2:]])
    assert street.arm.refused("PUT", orphan, body) == (404, "ParentResourceNotFound")


@TYPES
def test_tags_are_kept_and_patched_without_a_new_operation(kind: Kind, street: Street) -> None:
    path, body = street.examples[kind.type]
    if "tags" not in kind.shape.fields:
        assert street.arm.refused("PUT", path, body | {"tags": {"a": "b"}}) == (400, "InvalidRequestContent")
        return
    answer = street.arm.call("PATCH", path, {"tags": {"colour": "green"}})
    assert (answer.status_code, answer.json()["tags"]) == (200, {"colour": "green"})
    assert street.arm.get(path)["tags"] == {"colour": "green"}
    assert street.arm.refused("PATCH", path, {"tags": {"colour": 7}}) == (400, "InvalidRequestContent")


@TYPES
def test_the_type_s_list_has_it(kind: Kind, street: Street) -> None:
    path, _ = street.examples[kind.type]
    listed = street.arm.get(path.rsplit("/", 1)[0])["value"]
    assert path.lower() in [item["id"].lower() for item in listed]


@TYPES
def test_reading_it_takes_the_permission_that_is_named_after_it(kind: Kind, street: Street) -> None:
    path, _ = street.examples[kind.type]
    stranger = street.azure.arm(street.azure.token(caller=street.azure.azure.front.directory.register("x").caller))
    answer = stranger.call("GET", path)
    kind_name = "Microsoft.Resources/subscriptions/resourceGroups" if kind is ROWS[0] else kind.type
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "AuthorizationFailed")
    assert f"'{kind_name}/read'" in answer.json()["error"]["message"]


def test_custom_data_and_secrets_are_never_given_back(street: Street) -> None:
    everything = "".join(json.dumps(street.arm.get(path)) for path, _ in street.examples.values())
    for secret in (CUSTOM_DATA, "CANARY-OF-CUSTOM-DATA", PASSWORD):
        assert secret not in everything
    # What must not be shown is there all the same: it booted the VM.
    path, _ = street.examples["Microsoft.Compute/virtualMachines"]
    assert street.azure.azure.cloud.need(path).private["custom_data"] == CUSTOM_DATA


def test_what_exists_from_the_start_can_be_read_and_not_written(street: Street) -> None:
    for row in ROWS:
        if not row.writable:
            (path,) = (r.id for r in street.azure.azure.cloud.of(row.type))
            version = row.versions[0]
            owner = street.azure.arm(street.azure.token(caller=_owner(street)))
            assert owner.get(path, version=version)["type"] == row.type
            assert owner.refused("PUT", path, {"location": "eastus"}, version=version) == (405, "MethodNotAllowed")


def _owner(street: Street) -> Any:
    directory = street.azure.azure.front.directory
    return directory.applications[street.azure.azure.administrator.client_id].caller


def test_an_unknown_namespace_and_an_unknown_type_are_told_apart(street: Street) -> None:
    group, _ = street.examples["Microsoft.Resources/resourceGroups"]
    assert street.arm.refused("GET", f"{group}/providers/Microsoft.Nothing/things/a") == (
        404,
        "InvalidResourceNamespace",
    )
    assert street.arm.refused("GET", f"{group}/providers/Microsoft.Network/things/a") == (404, "InvalidResourceType")
    assert street.arm.refused("GET", "/subscriptions/another/resourceGroups/g") == (404, "SubscriptionNotFound")


def test_every_type_is_found_by_its_lower_case_name() -> None:
    assert len(BY_TYPE) == len(ROWS)
    assert all(key == row.type.lower() for key, row in BY_TYPE.items())
