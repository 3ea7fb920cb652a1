"""The evaluator: what it gives, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.infra.bicep import EvaluationError
from tests.infra.evaluate import SUBSCRIPTION, evaluate


def outputs(folder: Path, source: str, **parameters: object) -> dict[str, object]:
    path = folder / f"t{len(list(folder.iterdir()))}.bicep"
    path.write_text(source)
    return evaluate(path, **parameters)[1]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'a${1}b'", "a1b"),
        ("'${1} ${2}\\n'", "1 2\n"),
        ("'it\\'s'", "it's"),
        ("true ? 'x' : 'y'", "x"),
        ("!empty('')", False),
        ("'a' == 'a' && 'b' != 'a'", True),
        ("[for i in ['a', 'b']: '${i}!']", ["a!", "b!"]),
        ("[for (x, i) in ['a', 'b']: i]", [0, 1]),
        ("union({ a: 1 }, { b: 2 }).b", 2),
        ("concat(['a'], [])", ["a"]),
        ("{ 'a-b': null }", {"a-b": None}),
        ("cidrSubnet('10.0.0.0/24', 26, 1)", "10.0.0.64/26"),
        ("subscription().subscriptionId", SUBSCRIPTION),
    ],
)
def test_an_expression_has_its_value(expression: str, value: object, tmp_path: Path) -> None:
    assert outputs(tmp_path, f"var x = {expression}\noutput x string = x\n")["x"] == value


RESOURCE = "resource a 'Some.Thing/names@2020-01-01' = {\n  name: 'n'\n  properties: { b: 'c' }\n}\n"


def test_a_resource_knows_its_id_and_what_it_was_given(tmp_path: Path) -> None:
    found = outputs(tmp_path, RESOURCE + "output i string = a.id\noutput b string = a.properties.b\n")
    assert found == {"i": f"/subscriptions/{SUBSCRIPTION}/providers/Some.Thing/names/n", "b": "c"}


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("output x string = y\n", "y is not declared"),
        ("var x = y\nvar y = x\n", "needs itself"),
        ("param x string\n", "x is missing"),
        ("param x int = 'a'\n", "x must be int"),
        ("@allowed(['a'])\nparam x string = 'b'\n", "not within"),
        ("@maxLength(1)\nparam x string = 'bc'\n", "not within"),
        ("var x = nothing('a')\n", "nothing"),
        (RESOURCE + "output x string = a.properties.other\n", "other"),
        ("var x = { a: 1 }\noutput y int = x.b\n", "line 2"),
    ],
)
def test_what_makes_no_sense_is_refused(source: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=why):
        outputs(tmp_path, source)


def test_a_parameter_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="no parameter other"):
        outputs(tmp_path, "param x string = 'a'\n", other=1)


def test_a_module_that_is_not_deployed_has_no_outputs(tmp_path: Path) -> None:
    (tmp_path / "inner.bicep").write_text("output x string = 'a'\n")
    group = "resource g 'Microsoft.Resources/resourceGroups@2025-04-01' = {\n  name: 'g'\n  location: 'l'\n}\n"
    module = "module m 'inner.bicep' = if (%s) {\n  name: 'm'\n  scope: g\n}\noutput y string = m.outputs.x\n"
    assert outputs(tmp_path, group + module % "true")["y"] == "a"
    with pytest.raises(EvaluationError, match="not deployed"):
        outputs(tmp_path, group + module % "false")
