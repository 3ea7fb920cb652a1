"""Orchestrators decide and do nothing else; isthmus means and does nothing at all."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.rules.source import every, imports, modules, tree

IO = {
    *(
        "asyncio",
        "concurrent",
        "ctypes",
        "fcntl",
        "ftplib",
        "http",
        "io",
        "logging",
        "multiprocessing",
        "os",
        "pathlib",
    ),
    *("queue", "random", "secrets", "select", "selectors", "shutil", "signal", "smtplib", "socket", "socketserver"),
    *("sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "warnings"),
    *("aiohttp", "httpx", "requests", "msrest"),
}
READS_TEXT = "urllib.parse"
"""Of what does input or output, the part that does none."""
CLOCKS = {"now", "utcnow", "today", "fromtimestamp", "time", "monotonic", "perf_counter"}
CHANCE = {"uuid1", "uuid4", "random", "randint", "choice", "token_hex", "token_urlsafe", "urandom", "getrandbits"}
CALLS = {"open", "print", "input", "exec", "eval", "__import__", "breakpoint"}
PURE = every("isthmus", "orchestrators")


def called(path: Path) -> set[str]:
    """The last names of everything that a module calls."""
    names = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            what = node.func
            names.add(what.id if isinstance(what, ast.Name) else what.attr if isinstance(what, ast.Attribute) else "")
    return names


def top(name: str) -> str:
    return name.split(".")[0]


@pytest.mark.parametrize("path", PURE, ids=str)
def test_it_imports_nothing_that_does_input_or_output(path: Path) -> None:
    assert not {top(name) for name in imports(path) if not name.startswith(READS_TEXT)} & IO


@pytest.mark.parametrize("path", PURE, ids=str)
def test_it_asks_no_clock_and_no_chance_and_opens_nothing(path: Path) -> None:
    assert not called(path) & (CLOCKS | CHANCE | CALLS)


@pytest.mark.parametrize("path", PURE, ids=str)
def test_it_reads_no_environment(path: Path) -> None:
    attributes = {node.attr for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)}
    assert not attributes & {"environ", "getenv", "argv"}


@pytest.mark.parametrize("path", modules("isthmus"), ids=str)
def test_isthmus_knows_no_azure_sdk_and_no_functions_sdk(path: Path) -> None:
    assert "azure" not in {top(name) for name in imports(path)}


@pytest.mark.parametrize("path", modules("orchestrators"), ids=str)
def test_orchestrators_know_of_azure_the_durable_sdk_alone(path: Path) -> None:
    of_azure = {name for name in imports(path) if top(name) == "azure"}
    assert of_azure <= {"azure.durable_functions"}


@pytest.mark.parametrize("path", modules("orchestrators"), ids=str)
def test_an_orchestrator_is_short_and_keeps_nothing_between_calls(path: Path) -> None:
    module = tree(path)
    assert len(ast.unparse(module).splitlines()) <= 120
    assert not [node for node in ast.walk(module) if isinstance(node, ast.Global | ast.Nonlocal | ast.AsyncFunctionDef)]


@pytest.mark.parametrize("path", modules("isthmus"), ids=str)
def test_isthmus_keeps_no_global_state(path: Path) -> None:
    assert not [node for node in ast.walk(tree(path)) if isinstance(node, ast.Global)]


@pytest.mark.parametrize(
    "source",
    [
        "import os",
        "from time import sleep",
        "import datetime\ndatetime.datetime.now()",
        "open('x')",
        "import uuid\nuuid.uuid4()",
    ],
)
def test_the_rule_would_see_it(source: str, tmp_path: Path) -> None:
    path = tmp_path / "impure.py"
    path.write_text(source)
    found = {top(name) for name in imports(path)} & IO or called(path) & (CLOCKS | CHANCE | CALLS)
    assert found
