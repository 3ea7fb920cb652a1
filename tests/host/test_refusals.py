"""What the real worker refuses is refused here, with a word on how to mend it."""

from __future__ import annotations

import json
import re
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from localcloud.host import app as apps
from localcloud.host import http_triggers, timers
from localcloud.host.settings import read
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
    "call_http": (
        '@app.orchestration_trigger(context_name="context")\ndef o(context):\n    yield context.call_http("GET", "x")',
        "o: it calls call_http, which this host does not offer",
    ),
    "client's entities": (
        '@app.route(route="a")\n@app.durable_client_input(client_name="c")\n'
        "async def a(req, c): return await c.read_entity_state(req)",
        "a: it calls read_entity_state, which this host does not offer",
    ),
    "syntax": ("def a(:", "it can't be imported: SyntaxError"),
    "schedule": ('@app.timer_trigger(schedule="61 * * * * *", arg_name="t")\ndef t(t): pass', "second: '61' is not"),
    "route": ('@app.route(route="a/{b:colour}")\ndef a(req): pass', "the constraint 'colour' is not known"),
    "streams": ("from azurefunctions.extensions.http.fastapi import Request", "are not offered by this host"),
    "setting": ('@app.timer_trigger(schedule="%NOT_SET%", arg_name="t")\ndef t(t): pass', "NOT_SET"),
}
ACCEPTED = {
    "an activity's own call_http": ACTIVITY + "def a(p): return p.call_http()",
    "list": ACTIVITY + "def a(p: List[str]) -> Dict[str, int]: return {}",
    "any": ACTIVITY + "def a(p: Any) -> Any: return 1",
    "context": ACTIVITY + "def a(p: dict, context: func.Context): return 1",
    "typed dict": "class T(TypedDict):\n    a: int\n" + ACTIVITY + "def a(p: T) -> T: return p",
}


def started(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Runs the host until it refuses."""
    words = [sys.executable, "-m", "localcloud.host", str(folder), "--db", str(folder / "hub.db"), *more]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60)


def app(folder: Path, code: str, settings: str = '{"version": "2.0"}') -> Path:
    (folder / "function_app.py").write_text(HEAD + code)
    (folder / "host.json").write_text(settings)
    return folder


@pytest.fixture
def findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Looks at an app as the host does before it serves it; gives the refusals."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setitem(sys.modules, "function_app", ModuleType("function_app"))

    def look(code: str) -> str:
        app(tmp_path, code)
        try:
            found = apps.load(tmp_path)
            timers.timers(found, {})
            http_triggers.table(found.of_kind("httpTrigger"), "api")
        except apps.AppError as error:
            return "\n".join(error.findings)
        return ""

    return look


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_the_worker_refuses_is_refused_with_a_word(findings: Callable[[str], str], name: str) -> None:
    code, word = REFUSED[name]
    assert word in findings(code)


@pytest.mark.parametrize("name", sorted(ACCEPTED))
def test_what_the_worker_accepts_is_accepted(findings: Callable[[str], str], name: str) -> None:
    assert findings(ACCEPTED[name]) == ""


def test_all_findings_are_told_at_once(tmp_path: Path) -> None:
    code = "\n".join(REFUSED[name][0] for name in ("generic", "context name"))
    done = started(app(tmp_path, code), "--port", "0")
    found = [line for line in done.stderr.splitlines() if not line.startswith("{")]
    assert len(found) == 3
    assert done.returncode == 2


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
    with pytest.raises(apps.AppError, match=re.escape(word)):
        read(app(tmp_path, ACCEPTED["any"], settings))


def test_a_folder_without_an_app_is_refused(tmp_path: Path) -> None:
    with pytest.raises(apps.AppError, match="there is no such file"):
        apps.load(tmp_path)


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
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = started(app(tmp_path, ACCEPTED["any"]), "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "can't be listened on" in done.stderr


def test_unknown_settings_are_named(tmp_path: Path) -> None:
    settings = {"version": "2.0", "colour": "red", "extensions": {"durableTask": {"extendedSessionsEnabled": True}}}
    app(tmp_path, "", json.dumps(settings))
    notes = read(tmp_path).notes
    assert any("colour is not known" in note for note in notes)
    assert any("extendedSessionsEnabled has no effect" in note for note in notes)
