"""What is published: the app and nothing else, and nothing is imported before it is needed."""

from __future__ import annotations

import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from tests.rules.source import APP, OURS, ROOT, every
from tools.package import build, contents, findings, load, too_early
from tools.python import interpreter

NOT_PUBLISHED = (
    *(f"{package}/x.py" for package in set(OURS) - set(APP)),
    *(".git/config", ".venv/bin/python", ".ci/run", ".funcignore", ".hub.db"),
    *(
        "activities/__pycache__/x.cpython-311.pyc",
        "README.md",
        "azure.yaml",
        "build/x.zip",
        "isthmus.egg-info/PKG-INFO",
    ),
    *("infra/main.bicep", "infra/main.parameters.json", "infra/modules/x.bicep", "local.settings.json"),
)


def test_the_app_is_published_and_nothing_else() -> None:
    assert findings(contents()) == []


def test_every_module_of_the_app_is_published() -> None:
    assert {*every(*APP), Path("function_app.py")} <= set(contents())


def test_what_is_not_the_apps_is_left_out_wherever_it_lies(tmp_path: Path) -> None:
    shutil.copy(ROOT / ".funcignore", tmp_path)
    for name in (*NOT_PUBLISHED, "function_app.py", "triggers/x.py", "infra/vm/manifest.json", "infra/vm/run"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found = [path.as_posix() for path in contents(tmp_path)]
    assert found == ["function_app.py", "infra/vm/manifest.json", "infra/vm/run", "triggers/x.py"]


@pytest.mark.parametrize("stray", ["notes.txt", "tests/test_x.py", "infra/main.bicep", "isthmus/data.csv"])
def test_a_stray_file_is_a_finding(stray: str) -> None:
    assert findings([*contents(), Path(stray)]) == [f"{stray} must not be published: name it in .funcignore"]


def test_a_missing_file_is_a_finding() -> None:
    assert findings([path for path in contents() if path.name != "host.json"]) == ["host.json is missing"]


def test_the_same_source_is_the_same_package(tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        build(contents(), tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_the_package_loads_and_imports_nothing_that_the_first_request_may_not_need(tmp_path: Path) -> None:
    build(contents(), tmp_path / "app.zip")
    with zipfile.ZipFile(tmp_path / "app.zip") as package:
        package.extractall(tmp_path / "app")
    loaded = load(Path(sys.executable), tmp_path / "app", tries=1)
    assert loaded.functions > 50
    assert too_early(loaded.modules) == []


def test_what_is_imported_too_early_is_told() -> None:
    loaded = ["azure.core", "azure.mgmt", "azure.mgmt.network.x", "cryptographyx", "opentelemetry.trace", "requests"]
    assert too_early(loaded) == ["azure.mgmt", "azure.mgmt.network.x", "requests"]


def test_a_python_that_is_not_here_is_none() -> None:
    assert interpreter("3.1") is None
    assert interpreter(f"{sys.version_info.major}.{sys.version_info.minor}") is not None
