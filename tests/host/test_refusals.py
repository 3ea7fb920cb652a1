"""What the real worker refuses is refused here, with a word on how to mend it."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.host.driver import ROOT

HEAD = """
from __future__ import annotations
from typing import *
import azure.functions as func
import azure.durable_functions as df
app = df.DFApp()
"""
ACTIVITY = '@app.activity_trigger(input_name="p")\n'
REFUSED = {
    "optional": (ACTIVITY + "def a(p: Optional[dict]): pass", "the type of the parameter 'p'"),
    "union": (ACTIVITY + "def a(p: str | None): pass", "the type of the parameter 'p'"),
    "generic": (ACTIVITY + "def a(p: dict[str, int]): pass", "Use a plain class, such as dict"),
    "default": (ACTIVITY + "def a(p: dict, q=1): pass", "the parameter 'q' belongs to no binding"),
    "missing parameter": (ACTIVITY + "def a(): pass", "the parameter 'p' is declared by a decorator and missing"),
    "context name": ('@app.orchestration_trigger(context_name="ctx")\ndef o(ctx): yield', 'Name it "context"'),
    "two names": (ACTIVITY + "def a(p): pass\n" + ACTIVITY + "def A(p): pass", "another function has this name"),
    "two apps": ("other = func.FunctionApp()\n" + ACTIVITY + "def a(p): pass", "exactly one FunctionApp"),
    "no function": ("", "it has no function"),
    "entity": ('@app.entity_trigger(context_name="context")\ndef e(context): pass', "does not offer entityTrigger"),
    "syntax": ("def a(:", "it can't be imported: SyntaxError"),
    "schedule": ('@app.timer_trigger(schedule="61 * * * * *", arg_name="t")\ndef t(t): pass', "second: '61' is not"),
    "setting": ('@app.timer_trigger(schedule="%NOT_SET%", arg_name="t")\ndef t(t): pass', "NOT_SET"),
}
ACCEPTED = {
    "list": ACTIVITY + "def a(p: List[str]) -> Dict[str, int]: return {}",
    "any": ACTIVITY + "def a(p: Any) -> Any: return 1",
    "context": ACTIVITY + "def a(p: dict, context: func.Context): return 1",
    "typed dict": "class T(TypedDict):\n    a: int\n" + ACTIVITY + "def a(p: T) -> T: return p",
}


def started(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Runs the host until it refuses, or until its port turns out to be no port."""
    words = [sys.executable, "-m", "localcloud.host", str(folder), "--db", str(folder / "hub.db"), *more]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60)


def app(folder: Path, code: str, settings: str = '{"version": "2.0"}') -> Path:
    (folder / "function_app.py").write_text(HEAD + code)
    (folder / "host.json").write_text(settings)
    return folder


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_the_worker_refuses_is_refused_with_a_word(tmp_path: Path, name: str) -> None:
    code, word = REFUSED[name]
    done = started(app(tmp_path, code), "--port", "0")
    assert done.returncode == 2
    assert word in done.stderr


@pytest.mark.parametrize("name", sorted(ACCEPTED))
def test_what_the_worker_accepts_is_accepted(tmp_path: Path, name: str) -> None:
    from localcloud.host.app import load

    words = f"import sys; from pathlib import Path; from localcloud.host.app import load; load(Path({str(tmp_path)!r}))"
    app(tmp_path, ACCEPTED[name])
    assert callable(load)
    done = subprocess.run([sys.executable, "-c", words], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_all_findings_are_told_at_once(tmp_path: Path) -> None:
    code = "\n".join(REFUSED[name][0] for name in ("generic", "context name"))
    done = started(app(tmp_path, code), "--port", "0")
    findings = [line for line in done.stderr.splitlines() if not line.startswith("{")]
    assert len(findings) == 3


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ("{}", 'version must be "2.0"'),
        ("{", "it is not JSON"),
        ('{"version": "2.0", "functionTimeout": "soon"}', "functionTimeout"),
        ('{"version": "2.0", "extensions": {"durableTask": {"hubName": "1"}}}', "hubName"),
        (
            '{"version": "2.0", "extensions": {"durableTask": {"maxConcurrentActivityFunctions": 0}}}',
            "maxConcurrentActivityFunctions",
        ),
    ],
)
def test_a_bad_host_json_is_refused_with_a_word(tmp_path: Path, settings: str, word: str) -> None:
    done = started(app(tmp_path, ACCEPTED["any"], settings), "--port", "0")
    assert done.returncode == 2
    assert word in done.stderr


def test_a_folder_without_an_app_is_refused(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    assert "there is no such file" in started(tmp_path, "--port", "0").stderr


def test_a_database_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "hub.db")
    other.execute("CREATE TABLE recipes (name TEXT)")
    other.commit()
    other.close()
    before = (tmp_path / "hub.db").read_bytes()
    done = started(app(tmp_path, ACCEPTED["any"]), "--port", "0")
    assert "it is a database of something else" in done.stderr
    assert (tmp_path / "hub.db").read_bytes() == before


def test_a_damaged_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "hub.db").write_bytes(b"SQLite format 3\0" + b"damage" * 500)
    before = (tmp_path / "hub.db").read_bytes()
    done = started(app(tmp_path, ACCEPTED["any"]), "--port", "0")
    assert done.returncode == 2
    assert "can't be used as the task hub" in done.stderr
    assert (tmp_path / "hub.db").read_bytes() == before


def test_a_port_that_is_taken_is_refused_with_a_word(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = started(app(tmp_path, ACCEPTED["any"]), "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "can't be listened on" in done.stderr


def test_unknown_settings_are_named(tmp_path: Path) -> None:
    from localcloud.host.settings import read

    settings = {"version": "2.0", "colour": "red", "extensions": {"durableTask": {"extendedSessionsEnabled": True}}}
    app(tmp_path, "", json.dumps(settings))
    notes = read(tmp_path).notes
    assert any("colour is not known" in note for note in notes)
    assert any("extendedSessionsEnabled has no effect" in note for note in notes)
