"""Every Bicep file parses, by two parsers, and says what its parameters and outputs are for."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pycep import BicepParser
from tree_sitter import Node

from tests.infra.bicep import FILES, INFRA, EvaluationError, read, text, walk

EACH = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
SHORTEST_DESCRIPTION = 5
GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


@EACH
def test_a_file_parses(path: Path) -> None:
    assert read(path).symbols
    assert BicepParser().parse(text=path.read_text())


def test_all_of_them_are_looked_at() -> None:
    used = {declared.reference for declared in read(INFRA / "main.bicep").of("module")}
    assert used == {f"modules/{path.name}" for path in FILES if path.parent.name == "modules"}


@EACH
def test_every_parameter_and_output_is_described(path: Path) -> None:
    file = read(path)
    bare = [
        declared.name
        for declared in (*file.of("param"), *file.outputs.values())
        if len(text(node) if (node := declared.decorators.get("description")) else "") < SHORTEST_DESCRIPTION
    ]
    assert bare == []


@EACH
def test_every_parameter_and_variable_is_used(path: Path) -> None:
    file = read(path)
    assert [one.name for one in (*file.of("param"), *file.of("var")) if one.name not in file.used] == []


@EACH
def test_what_modules_must_be_told_has_no_default(path: Path) -> None:
    """One place has the defaults: main.bicep."""
    if path.name != "main.bicep":
        assert [one.name for one in read(path).of("param") if one.value is not None] == []


@EACH
def test_no_secret_is_read_or_put_out(path: Path) -> None:
    file = read(path)
    called = {text(node.named_children[0]) for node in walk(file.tree) if node.type == "call_expression"}
    assert not {name for name in called if re.fullmatch(r"list\w*|getSecret", name)}
    for declared in file.outputs.values():
        assert not re.search(r"(?i)secret|password|connectionstring|instrumentationkey|key\b", text(declared.node))


@EACH
def test_a_parameter_that_holds_a_secret_would_be_secure(path: Path) -> None:
    """None does: what is called a secret here is the name of one."""
    holds = [one for one in read(path).of("param") if re.search(r"(?i)password|token|apikey|connection", one.name)]
    assert [one.name for one in holds if "secure" not in one.decorators] == []


@EACH
def test_ids_of_roles_stand_in_one_place(path: Path) -> None:
    assert GUID.findall(path.read_text()) == []


def test_the_parameters_file_gives_what_is_asked_for_and_nothing_else() -> None:
    given = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
    declared = {one.name: one for one in read(INFRA / "main.bicep").of("param")}
    assert set(given) <= set(declared)
    assert {name for name, one in declared.items() if one.value is None} <= set(given)
    # azd puts texts in: whatever is no text keeps its default, or is written into the file by hand.
    assert {declared[name].type for name in given} == {"string"}


@pytest.mark.parametrize(
    "wrong", ["param x string =\n", "resource a 'B/c@1' = {\n", "var x = [1\n", "output a string = 'b\n"]
)
def test_a_broken_file_is_refused(wrong: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.bicep"
    path.write_text(wrong)
    with pytest.raises(EvaluationError):
        read(path)


@EACH
def test_every_name_is_declared_even_where_only_an_order_is_told(path: Path) -> None:
    """`dependsOn` is of no matter to what is sent, so nobody else would miss a name in it."""
    file = read(path)
    loops = {text(name) for node in walk(file.tree) if node.type == "for_statement" for name in _variables(node)}
    assert file.used - set(file.symbols) - loops == set()


def _variables(loop: Node) -> list[Node]:
    first = loop.named_children[0]
    return first.named_children or [first]
