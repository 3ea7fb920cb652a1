"""How it is published, and what the docs about the deployment say."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.infra.bicep import INFRA, read
from tests.infra.pages import DOCS, section
from tests.rules.source import ROOT


@pytest.mark.parametrize("page", ["deploy", "upgrade", "operate", "security", "scale", "host", "tickets", "develop"])
def test_the_readme_leads_to_every_page_and_no_link_of_it_is_broken(page: str) -> None:
    assert f"(docs/{page}.md)" in (ROOT / "README.md").read_text()
    links = re.findall(r"\]\(([^)#]+)\)", (DOCS / f"{page}.md").read_text())
    assert [link for link in links if "://" not in link and not (DOCS / link).exists()] == []


def test_parameters_that_the_docs_speak_of_exist() -> None:
    known = {one.name for one in read(INFRA / "main.bicep").of("param")}
    told = set(re.findall(r"^\| `(\w+)`", section("deploy.md", "Choices"), re.MULTILINE))
    assert told
    assert told <= known


@pytest.mark.parametrize("host", ["host.json", "infra/host.scheduler.json"])
@pytest.mark.parametrize("backend", ["", "AzureStorage", "DurableTaskScheduler"])
def test_azd_publishes_no_host_json_of_the_other_backend(host: str, backend: str, tmp_path: Path) -> None:
    shutil.copy(ROOT / host, tmp_path / "host.json")
    hook = yaml.safe_load((ROOT / "azure.yaml").read_text())["hooks"]["prepackage"]["posix"]
    setting = {"ISTHMUS_DURABLE_BACKEND": backend} if backend else {}
    words = [hook["shell"], "-c", hook["run"]]
    ran = subprocess.run(words, cwd=tmp_path, env={"PATH": "/usr/bin:/bin"} | setting, capture_output=True, text=True)
    fits = (host == "host.json") == (backend != "DurableTaskScheduler")
    assert (ran.returncode == 0) is fits
    assert fits or "host.json must be" in ran.stderr
