"""The command line and the configuration, without a project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from localcloud.ockam import configuration, tickets
from localcloud.ockam.command import main
from localcloud.ockam.configuration import BadConfiguration, Configuration, Inlet, Outlet


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["node", "create", "--help"]])
def test_it_says_that_it_is_a_stand_in(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 0
    assert "stand-in" in capsys.readouterr().out


def test_the_version_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.count("\n") == 1


def test_a_ticket_has_no_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["project", "ticket", "--output", "json"]) == 2
    assert "--output json" in capsys.readouterr().err


OUTLET = Outlet("r", "a.example", 443, "in")
INLET = Inlet("127.0.0.1", 443, "r", "out")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("relay: r\ntcp-outlet: {to: 'a.example:443', allow: in}", Configuration("default", OUTLET, None)),
        ('{"tcp-inlet":{"from":"127.0.0.1:443","via":"r","allow":"out"}}', Configuration("default", None, INLET)),
        ("name: n\ntcp-inlet:\n  from: 127.0.0.1:443\n  via: r\n  allow: out\n", Configuration("n", None, INLET)),
    ],
)
def test_configurations(text: str, wanted: Configuration, tmp_path: Path) -> None:
    assert configuration.load(text) == wanted
    path = tmp_path / "node.yaml"
    path.write_text(text)
    assert configuration.load(str(path)) == wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/no/such/file", "cannot read"),
        ("{", "neither YAML nor JSON"),
        ("- a\n- b\n", "must be a mapping"),
        ("{}", "nothing to do"),
        ("{relay: r}", "go together"),
        ("{name: ../up, relay: r}", "`name`"),
        ("{tcp-inlets: {}}", "does not know: tcp-inlets"),
        ("{tcp-inlet: {from: '127.0.0.1:443', via: r, tls: true}}", "does not know: tls"),
        ("{tcp-inlet: {from: '127.0.0.1:443', via: r}}", "needs allow"),
        ("{tcp-inlet: {from: 443, via: r, allow: a}}", "`tcp-inlet.from` must be host:port"),
        ("{relay: r, tcp-outlet: {to: 'a:99999', allow: a}}", "`tcp-outlet.to` must be host:port"),
    ],
)
def test_what_is_wrong_with_a_configuration_is_said(text: str, said: str) -> None:
    with pytest.raises(BadConfiguration, match=said.replace("`", ".")):
        configuration.load(text)


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("60m", 3600), ("1h", 3600), ("2d", 172800), ("5", 5)])
def test_durations(text: str, seconds: int) -> None:
    assert tickets.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-1m", "1w"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        tickets.seconds(text)


def test_a_bare_attribute_is_true() -> None:
    wanted: dict[str, Any] = {"k": "v=w", "bare": "true", "empty": ""}
    assert tickets.attributes(["k=v=w", "bare", "empty="]) == wanted
