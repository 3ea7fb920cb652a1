"""Which DNS server the programs in a VM ask: the one that its network names, past the machine's own stub."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tests.rules.source import ROOT


@pytest.fixture(scope="module")
def vm() -> ModuleType:
    spec = importlib.util.spec_from_file_location("vm", ROOT / "infra" / "vm" / "vm.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("texts", "asked"),
    [
        (["", "nameserver 168.63.129.16\nsearch x"], "168.63.129.16"),
        (["nameserver 10.20.0.4\nnameserver 10.20.0.5\n", "nameserver 127.0.0.53"], "10.20.0.4"),
        (["", "nameserver 127.0.0.53\n"], "168.63.129.16"),
        (["", "# nameserver 1.2.3.4\nnameserver\nnameserver fe80::1\nnameserver 10.0.0.4"], "10.0.0.4"),
        ([], "168.63.129.16"),
    ],
)
def test_the_networks_own_server_is_asked_else_azures(
    vm: ModuleType, tmp_path: Path, texts: list[str], asked: str
) -> None:
    files = tuple(tmp_path / str(number) for number in range(len(texts) + 1))
    for file, text in zip(files, texts, strict=False):
        file.write_text(text)
    assert vm.resolver(files) == asked
