"""Custom data to actions."""

from __future__ import annotations

import base64
import gzip
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest

from localcloud.network.guest import cloudinit
from localcloud.network.guest.cloudinit import Actions, WriteFile, actions


def config(text: str) -> Actions:
    return actions(b"#cloud-config\n" + text.encode())


def test_commands_are_lines_or_words() -> None:
    found = config("runcmd:\n  - echo $HOME\n  - [echo, $HOME, 'two words', 3]\nbootcmd: [uptime]\n")
    assert found == Actions(boot_commands=("uptime",), commands=("echo $HOME", "echo '$HOME' 'two words' 3"))


@pytest.mark.parametrize("encoding", ["b64", "base64"])
def test_base64(encoding: str) -> None:
    text = base64.b64encode(b"\x00\xff").decode()
    assert config(f"write_files: [{{path: /a, encoding: {encoding}, content: {text}}}]").files[0].content == b"\x00\xff"


@pytest.mark.parametrize("encoding", ["gz+b64", "gzip+base64", "gz+base64", "gzip+b64"])
def test_gzip_in_base64(encoding: str) -> None:
    text = base64.b64encode(gzip.compress(b"much")).decode()
    assert config(f"write_files: [{{path: /a, encoding: {encoding}, content: {text}}}]").files[0].content == b"much"


def test_files() -> None:
    found = config(
        "write_files:\n"
        "  - {path: /a, permissions: '0755'}\n"
        "  - {path: /b, permissions: 0o600, append: true, content: x}\n"
        "  - {path: /c, defer: true, owner: 'ockam:ockam'}\n"
    )
    assert found.files == (
        WriteFile("/a", b"", 0o755),
        WriteFile("/b", b"x", 0o600, append=True),
        WriteFile("/c", b"", deferred=True),
    )
    assert found.notes == ("not simulated: owner ockam:ockam of /c (it is root's)",)


def test_what_is_not_simulated_is_said() -> None:
    found = config("packages: [curl, [jq, '1.6']]\nusers: [me]\ndisk_setup: {}\nfinal_message: bye\n")
    assert found.notes == (
        "not simulated: packages curl, jq 1.6 (a local VM has what this machine has)",
        "not simulated: users (there is only root)",
        "not simulated: disk_setup",
    )


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("runcmd: echo", "failed: runcmd: TypeError: a list was expected"),
        ("write_files: [{content: x}]", "failed: write_files: KeyError: 'path'"),
        ("write_files: [{path: /a, encoding: rot13}]", "failed: write_files: ValueError: unknown encoding rot13"),
        ("write_files: [{path: /a, encoding: gz, content: x}]", "failed: write_files: ValueError: content is not gz"),
        ("- a", "failed: cloud-config is no mapping"),
        ("a: [", "failed: cloud-config is no YAML"),
    ],
)
def test_mistakes_become_notes(text: str, note: str) -> None:
    found = config(text)
    assert found.notes[0].startswith(note)
    assert (found.files, found.commands) == ((), ())


def test_scripts_and_unknown_parts() -> None:
    assert actions(b"#!/bin/sh\necho\n") == Actions(scripts=("#!/bin/sh\necho\n",))
    assert actions(b"") == Actions()
    assert actions(b"## template: jinja\n").notes == ("not simulated: part that begins with '## template: jinja'",)


def test_multipart_and_compressed() -> None:
    message = MIMEMultipart()
    message.attach(MIMEText("#cloud-config\nruncmd: [first]\n", "cloud-config"))
    message.attach(MIMEText("#!/bin/sh\nsecond\n", "x-shellscript"))
    for data in (message.as_bytes(), gzip.compress(message.as_bytes())):
        found = actions(data)
        assert found.commands == ("first",)
        assert found.scripts == ("#!/bin/sh\nsecond\n",)


def test_moved_texts_and_unmoved_bytes() -> None:
    wanted = Actions(("a",), (WriteFile("/a", b"a"), WriteFile("/b", b"\xff")), ("a",), ("a",), ("a",))
    moved = cloudinit.moved(wanted, str.upper)
    assert moved == Actions(("A",), (WriteFile("/a", b"A"), WriteFile("/b", b"\xff")), ("A",), ("A",), ("a",))
