"""Specs from YAML and JSON: what is read, where a finding points, and what is never repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.codes import Code
from cli.errors import RefusedError
from cli.specfile import MOST_NODES, Document, parse
from isthmus.spec import MAX_BODY
from tests.cli.conftest import Command
from tests.cli.lives import Life
from tests.cli.server import Server

TICKET = "c2VjcmV0LXRpY2tldA"
OVERLAP = """\
# yaml-language-server: $schema=isthmus.schema.json
name: demo
corps:
  - name: ai-corp
    role: provider
    address_space: 10.0.0.0/16
  - name: health-corp
    role: consumer
    address_space: 10.0.0.0/16
lease_minute: 60
"""


def refused(text: str) -> str:
    with pytest.raises(RefusedError) as caught:
        parse(text, "env.yaml")
    return f"{caught.value.title}\n{caught.value.detail}"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("name: demo", {"name": "demo"}),
        ('{"name": "demo"}', {"name": "demo"}),
        ('{\n\t"name": "demo"\n}', {"name": "demo"}),
        ("version: 2024-07-18", {"version": "2024-07-18"}),
        ("a: on\nb: yes\nc: true\nd: ~\ne: 0613\nf: 1.5\nh: -2e3\ni: 10\ng: '1'", None),
        ("a: &x [1, 2]\nb: *x", {"a": [1, 2], "b": [1, 2]}),
        ("question: |\n  What is it?\n  Say.\n", {"question": "What is it?\nSay.\n"}),
    ],
)
def test_what_is_read(text: str, value: object) -> None:
    words = {"a": "on", "b": "yes", "c": True, "d": None, "e": "0613", "f": 1.5, "h": -2000.0, "i": 10, "g": "1"}
    expected = value or words
    assert parse(text, "x").value == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: demo\nname: other", "env.yaml:2:1: This field is there twice."),
        ("name: !secret x", "env.yaml:1:7: A tag has no meaning here"),
        ("? [a]\n: b", "env.yaml:1:3: A field's name is plain text."),
        ("name: [a", "env.yaml:1:9: this is neither YAML nor JSON"),
        ('{"name": "demo",\n "x" 1}', "env.yaml:2:6: this is neither YAML nor JSON"),
        ("a: b\n  c: d", "env.yaml:2:4: this is neither YAML nor JSON"),
        ("", "env.yaml is empty"),
        ("name: \x07", "this is neither YAML nor JSON"),
        ("a: &x [*x]", "its aliases repeat themselves"),
        ("a: !!float x", "env.yaml:1:4: This is not a number."),
    ],
)
def test_what_is_not_says_where(text: str, said: str) -> None:
    assert said in refused(text)


def test_aliases_that_blow_up_are_refused_at_once() -> None:
    lines = ["a0: &a0 [1,1,1,1,1,1,1,1,1,1]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert MOST_NODES < 10**8
    assert "its aliases repeat themselves" in refused("\n".join(lines))


def test_a_finding_points_at_the_line_of_what_is_wrong(isthmus: Command, server: Server, tmp_path: Path) -> None:
    path = tmp_path / "env.yaml"
    path.write_text(OVERLAP)
    ran = isthmus("up", str(path))
    assert ran.code == Code.REFUSED
    assert f"{path}:9:5: /corps/1/address_space: 10.0.0.0/16 overlaps" in ran.err
    assert f"{path}:10:1: /lease_minute: Extra inputs" in ran.err
    assert server.seen == []


def test_a_missing_field_points_at_what_it_is_missing_from(isthmus: Command) -> None:
    isthmus.input = b"name: demo\nmodel:\n  name: gpt-4o-mini\n"
    assert "<stdin>:2:1: /model/version: Field required" in isthmus("up", "-").err


def test_pointers_with_slashes_and_tildes() -> None:
    document = parse("a/b:\n  c~d: 1", "x")
    assert document.where("/a~1b/c~0d") == "x:2:3"
    assert Document("x", None).where("/anything") == "x:1:1"


def test_the_findings_of_the_app_point_there_too(isthmus: Command, server: Server, tmp_path: Path) -> None:
    path = tmp_path / "env.yaml"
    path.write_text(OVERLAP)
    ran = isthmus("up", str(path), "--no-check")
    assert ran.code == Code.REFUSED
    assert f"{path}:9:5: /corps/1/address_space" in ran.err
    assert len(server.sent("POST")) == 1


def test_the_findings_are_in_the_json(isthmus: Command) -> None:
    isthmus.input = OVERLAP.encode()
    ran = isthmus("up", "-", "--json")
    assert {one["pointer"] for one in ran.json()["errors"]} == {"/corps/1/address_space", "/lease_minute"}


def test_a_file_that_is_too_large(isthmus: Command, server: Server) -> None:
    isthmus.input = b"#" * (MAX_BODY + 1)
    assert isthmus("up", "-").code == Code.REFUSED
    assert server.seen == []


def test_a_file_that_is_no_text(isthmus: Command) -> None:
    isthmus.input = b"name: d\xff"
    ran = isthmus("up", "-")
    assert ran.code == Code.REFUSED
    assert "Byte 8 is the first that is not." in ran.err


@pytest.mark.parametrize(
    "text",
    [
        f"name: demo\ntickets: {{source: request, values: {{ai-corp: {TICKET}, health-corp: [{TICKET}}}}}",
        f"name: demo\ntickets: *{TICKET}",
        f'name: demo\ntickets: "{TICKET}\\q"',
        f"name: demo\ntickets: {TICKET}",
        f"name: demo\ntickets: {{source: {TICKET}}}",
        f"name: demo\ntickets: {{source: request, values: {TICKET}}}",
        f"name: demo\ntickets: {{source: request, values: {{ai-corp: {TICKET}, other: {TICKET}}}}}",
        f"name: demo\ntickets: {{source: request, values: {{ai-corp: !x {TICKET}}}}}",
        f'{{"name": "demo", "tickets": "{TICKET}',
    ],
)
@pytest.mark.parametrize("more", [(), ("--json",)], ids=["text", "json"])
def test_no_error_repeats_a_ticket(text: str, more: tuple[str, ...], isthmus: Command) -> None:
    isthmus.input = text.encode()
    ran = isthmus("up", "-", *more)
    assert ran.code == Code.REFUSED
    assert TICKET not in ran.out + ran.err


def test_tickets_come_from_a_file_of_their_own(isthmus: Command, server: Server, spec: str) -> None:
    server.play(Life())
    isthmus.input = f"ai-corp: {TICKET}\nhealth-corp: {TICKET}\n".encode()
    ran = isthmus("up", spec, "--tickets", "-")
    assert ran.code == Code.OK
    assert server.sent("POST")[0].body.count(TICKET.encode()) == 2
    assert TICKET not in ran.out + ran.err


@pytest.mark.parametrize("text", [f"- {TICKET}", f"ai-corp: [{TICKET}]", TICKET])
def test_what_holds_no_tickets(text: str, isthmus: Command, spec: str) -> None:
    isthmus.input = text.encode()
    ran = isthmus("up", spec, "--tickets", "-")
    assert ran.code == Code.USAGE
    assert TICKET not in ran.out + ran.err


def test_spec_and_tickets_cannot_both_be_standard_input(isthmus: Command) -> None:
    assert isthmus("up", "-", "--tickets", "-").code == Code.USAGE
