"""The pipelines of docs/pipelines: their steps, run with bash against the test's server."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.lives import Life
from tests.cli.server import Reply, Server, problem

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "pipelines"
VM = "health-corp/virtual_machine"
SECRET = "a-key-that-nobody-may-print"
TAKEN = problem(409, "name-taken", "The name is taken", "demo exists with another specification.")
Run = Callable[..., "subprocess.CompletedProcess[str]"]

needs_tools = pytest.mark.skipif(
    not all(map(shutil.which, ("bash", "jq", "curl"))), reason="bash, jq and curl are what the hosted runners have"
)


def parsed(name: str) -> dict[Any, Any]:
    document: dict[Any, Any] = yaml.safe_load((FOLDER / name).read_text())
    return document


def ours(scripts: list[str]) -> str:
    """The one script of a job's that calls the command."""
    return next(script for script in scripts if "isthmus " in script and "pip install" not in script)


def github(job: str) -> str:
    return ours([step.get("run", "") for step in parsed("github-actions.yml")["jobs"][job]["steps"]])


def azure(job: str) -> str:
    jobs = {one["job"]: one for one in parsed("azure-pipelines.yml")["jobs"]}
    return ours([step.get("bash", "") for step in jobs[job]["steps"]])


STEPS = {"github": github, "azure": azure}


@pytest.fixture
def run(server: Server, tmp_path: Path) -> Run:
    """Runs a step as the runners do: bash stops at the first error, and the command is on PATH."""
    server.key, server.retry_after = SECRET, "0"
    shim = tmp_path / "bin" / "isthmus"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cli "$@"\n')
    shim.chmod(0o755)
    (tmp_path / "isthmus.yaml").write_text("name: pull-request\n")
    environment = os.environ | {
        "PATH": f"{shim.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "ISTHMUS_URL": server.url,
        "ISTHMUS_KEY": SECRET,
        "ENVIRONMENT": "pr-17",
        "SPEC": "isthmus.yaml",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "SYSTEM_COLLECTIONURI": f"{server.url}/",
        "SYSTEM_TEAMPROJECTID": "project",
        "SYSTEM_ACCESSTOKEN": SECRET,
    }

    def step(script: str) -> subprocess.CompletedProcess[str]:
        words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
        assert SECRET not in done.stdout + done.stderr
        return done

    return step


def test_the_files_are_yaml_and_the_key_is_a_secret() -> None:
    assert parsed("github-actions.yml")["env"]["ISTHMUS_KEY"] == "${{ secrets.ISTHMUS_KEY }}"
    assert {"group": "isthmus"} in parsed("azure-pipelines.yml")["variables"]


@pytest.mark.parametrize("name", ["github-actions.yml", "azure-pipelines.yml"])
def test_no_expression_stands_in_a_script(name: str) -> None:
    """Whatever a pull request can choose must reach a script as a variable, not as a part of its text."""
    jobs = parsed(name)["jobs"]
    found = [
        script
        for job in (jobs.values() if isinstance(jobs, dict) else jobs)
        for step in job["steps"]
        for script in (step.get("run"), step.get("bash"))
        if script and ("${{" in script or "$(System" in script or "$(ISTHMUS" in script)
    ]
    assert found == []


@needs_tools
@pytest.mark.parametrize("where", STEPS)
def test_a_first_push_brings_it_up_and_renews(where: str, server: Server, run: Run, tmp_path: Path) -> None:
    server.play(Life(name="pr-17"))
    done = run(STEPS[where]("up"))
    assert done.returncode == 0, done.stderr
    assert [one.path for one in server.sent("POST")] == ["/api/environments", "/api/environments/pr-17/renew"]
    if where == "github":
        assert "proof passed" in (tmp_path / "summary.md").read_text()


def test_both_bring_up_in_the_same_way() -> None:
    """So what is tried with one of them below is tried with both."""
    theirs = azure("up").removeprefix("set -euo pipefail\n")
    assert github("up").startswith(theirs)
    assert "isthmus renew" in theirs


@needs_tools
def test_another_spec_replaces_the_environment(server: Server, run: Run) -> None:
    old = Life(name="pr-17", stopped=(200, "delete"))
    server.play(old, old.built, old.removing or 0, old.over)
    server.reborn["pr-17"] = Life(name="pr-17")
    server.next.append(TAKEN)
    done = run(github("up"))
    assert done.returncode == 0, done.stderr
    assert [one.method for one in server.seen if one.method != "GET"] == ["POST", "DELETE", "POST", "POST"]


@needs_tools
def test_a_failure_fails_the_step_with_the_commands_code(server: Server, run: Run) -> None:
    server.play(Life(name="pr-17", failing=VM))
    done = run(azure("up"))
    assert done.returncode == 5
    assert "SkuNotAvailable" in done.stderr


@needs_tools
def test_closing_takes_it_down_and_closing_twice_is_no_error(server: Server, run: Run) -> None:
    life = Life(name="pr-17", stopped=(200, "delete"))
    server.play(life, life.built, life.over)
    assert run(github("down")).returncode == 0
    del server.scripts["pr-17"]
    assert run(github("down")).returncode == 0
    assert [one.path for one in server.sent("DELETE")] == ["/api/environments/pr-17"]


@needs_tools
def test_by_the_clock_goes_what_belongs_to_closed_pull_requests_and_nothing_else(server: Server, run: Run) -> None:
    """Of one that Azure Repos does not answer for, nobody knows; it stays, and stands in nobody's way."""
    for name in ("pr-1", "pr-3", "other"):
        server.play(Life(name=name), 100)
    closed = Life(name="pr-2", stopped=(200, "delete"))
    server.play(closed, closed.built, closed.built, closed.over)
    replies = {1: Reply(401), 2: Reply(200, {"status": "abandoned"}), 3: Reply(200, {"status": "active"})}
    server.pages = {f"/project/_apis/git/pullrequests/{number}": reply for number, reply in replies.items()}
    assert run(azure("down")).returncode == 1
    assert [one.path for one in server.sent("DELETE")] == ["/api/environments/pr-2"]
    asked = [one for one in server.seen if "pullrequests" in one.path]
    assert [one.headers["authorization"] for one in asked] == [f"Bearer {SECRET}"] * 3
