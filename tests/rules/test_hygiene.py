"""Nothing is committed that looks like a secret, names a package registry's host or a path of somebody's machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.rules.source import ROOT, committed

LOOKS = {
    "a private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\n[A-Za-z0-9+/=]{40}",
    "a token": r"\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}",
    "a storage key": r"AccountKey=[A-Za-z0-9+/]{60,}={0,2}",
    "a shared access signature": r"[?&]sig=[A-Za-z0-9%+/]{40,}",
    "an Azure key": r"\b(?=[A-Za-z0-9]*\d)(?=[A-Za-z0-9]*[A-Z])[A-Za-z0-9]{70,}JQQJ99[A-Za-z0-9]+",
    "a GitHub token": r"\bgh[pousr]_[A-Za-z0-9]{36}",
    "an OpenAI key": r"\bsk-[A-Za-z0-9]{32,}",
}
REGISTRIES = (
    r"(?i)\b(?:pypi\.org|files\.pythonhosted\.org|registry\.npmjs\.org|proxy\.golang\.org|index-url|devpi"
    r"|artifactory|nexus)\b"
)
PLACES = r"(?<![\w.])/(?:work|home|Users)/(?!isthmus\b|X\b|\{)[a-z]\w+/"
TEXTS = {".py", ".md", ".json", ".toml", ".txt", ".yml", ".yaml", ".bicep", ".sh", ""}
FILES = [path for path in committed() if path.suffix in TEXTS]
HERE = Path(__file__).resolve().relative_to(ROOT)


def text(path: Path) -> str:
    return (ROOT / path).read_text(errors="replace")


@pytest.mark.parametrize("what", LOOKS)
def test_nothing_that_looks_like_a_secret_is_committed(what: str) -> None:
    pattern = re.compile(LOOKS[what])
    assert [str(path) for path in FILES if pattern.search(text(path))] == []


def test_no_package_registry_is_named() -> None:
    pattern = re.compile(REGISTRIES)
    assert [str(path) for path in FILES if path != HERE and pattern.search(text(path))] == []


def test_no_place_of_somebody_s_machine_is_named() -> None:
    pattern = re.compile(PLACES)
    assert [str(path) for path in FILES if path != HERE and pattern.search(text(path))] == []


@pytest.mark.parametrize(
    ("what", "sample"),
    [
        ("a private key", "-----BEGIN PRIVATE KEY-----\n" + "A" * 64),
        ("a token", "eyJ" + "a" * 30 + ".eyJ" + "b" * 30),
        ("a storage key", "AccountKey=" + "a" * 86 + "=="),
        ("a shared access signature", "https://x/y?sv=1&sig=" + "a" * 44),
        ("a GitHub token", "ghp_" + "a" * 36),
        ("an OpenAI key", "sk-" + "a" * 48),
    ],
)
def test_the_rule_would_see_it(what: str, sample: str) -> None:
    assert re.search(LOOKS[what], sample)


def test_no_file_has_stray_ends() -> None:
    texts = {path: text(path) for path in FILES if path.suffix == ".py"}
    assert [str(path) for path, content in texts.items() if content and not content.endswith("\n")] == []
    assert [str(path) for path, content in texts.items() if content.endswith("\n\n")] == []
