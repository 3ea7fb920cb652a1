"""systemd unit files to data."""

from __future__ import annotations

import pytest

from localcloud.network.guest.units import Command, UnitError, environment_file, full_name, parse, seconds

WHOLE = """\
[Unit]
Description=A node
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
# a comment
Environment=A=1 "B=two words"
Environment=C=3
EnvironmentFile=-/etc/node
ExecStartPre=-/bin/first
ExecStart=/bin/run --name %n \\
    ${A} $B
ExecStop=
ExecStop=/bin/kill $MAINPID
Restart=on-failure
RestartSec=1min 500ms
WorkingDirectory=/opt
LimitNOFILE=10

[Install]
WantedBy=multi-user.target
"""


def test_a_whole_unit() -> None:
    unit = parse("node.service", WHOLE)
    assert unit.kind == "exec"
    assert unit.start_pre == (Command(("/bin/first",), optional=True),)
    assert unit.start == (Command(("/bin/run", "--name", "node.service", "${A}", "$B")),)
    assert unit.stop == (Command(("/bin/kill", "$MAINPID")),)
    assert unit.environment == {"A": "1", "B": "two words", "C": "3"}
    assert unit.environment_files == ("-/etc/node",)
    assert (unit.restart, unit.restart_seconds, unit.directory) == ("on-failure", 60.5, "/opt")
    assert unit.wanted_by == ("multi-user.target",)
    assert unit.not_simulated == ("LimitNOFILE",)


def test_variables() -> None:
    command = Command(("run", "--${A}-", "$B", "$UNKNOWN", "a$B"))
    assert command.expanded({"A": "1", "B": "x y"}) == ["run", "--1-", "x", "y", "a$B"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Type=forking\nExecStart=/bin/x", "Type=forking is not simulated"),
        ("Type=simple", "exactly one ExecStart="),
        ("ExecStart=/bin/x\nExecStart=/bin/y", "exactly one ExecStart="),
        ("ExecStart=/bin/x 'open", "ExecStart: No closing quotation"),
        ("ExecStart=/bin/x\nRestart=sometimes", "Restart=sometimes"),
    ],
)
def test_what_cannot_be_run(text: str, said: str) -> None:
    with pytest.raises(UnitError, match=said):
        parse("x.service", f"[Service]\n{text}\n")


def test_names() -> None:
    assert full_name("node") == full_name("node.service") == "node.service"
    with pytest.raises(UnitError, match="only services"):
        full_name("node.timer")


@pytest.mark.parametrize(("text", "value"), [("5", 5), ("100ms", 0.1), ("2min 1s", 121), ("infinity", 86400)])
def test_seconds(text: str, value: float) -> None:
    assert seconds(text) == pytest.approx(value)


def test_environment_file() -> None:
    assert environment_file("# c\nA=1\n\nB='two words'\nC=\"x\"\nnothing\n") == {"A": "1", "B": "two words", "C": "x"}
