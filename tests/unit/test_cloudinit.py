"""A VM's custom data: the files, where the manifest says, around a configuration without secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from activities.compute import vm_files
from isthmus.bodies import node_configuration
from isthmus.cloudinit import CUSTOM_DATA_BYTES, render
from tests.unit.samples import site

FILES = {
    "manifest.json": json.dumps(
        {
            "files": {"a.py": {"path": "/opt/a.py", "permissions": "0755"}},
            "configuration": "/etc/isthmus/node.json",
            "run": ["/opt/a.py"],
        }
    ),
    "a.py": "print('ü')\n",
}


def rendered(files: dict[str, str], config: dict[str, Any]) -> dict[str, Any]:
    head, _, rest = render(files, config).partition("\n")
    assert head == "#cloud-config"
    document: dict[str, Any] = json.loads(rest)
    return document


def test_every_file_is_written_where_the_manifest_says_and_the_first_is_run() -> None:
    document = rendered(FILES, {"x": 1})
    written = {item["path"]: item for item in document["write_files"]}
    assert written["/opt/a.py"] == {"path": "/opt/a.py", "permissions": "0755", "content": "print('ü')\n"}
    assert document["runcmd"] == [["/opt/a.py"]]


def test_the_configuration_is_written_for_root_alone() -> None:
    (config,) = [item for item in rendered(FILES, {"x": 1})["write_files"] if item["path"].endswith("node.json")]
    assert config["permissions"] == "0600"
    assert json.loads(config["content"]) == {"x": 1}


def test_the_same_configuration_gives_the_same_bytes_whatever_its_order() -> None:
    assert render(FILES, {"a": 1, "b": 2}) == render(FILES, {"b": 2, "a": 1})


def test_what_azure_would_not_take_is_refused() -> None:
    with pytest.raises(ValueError, match=str(CUSTOM_DATA_BYTES)):
        render(FILES | {"a.py": "x" * CUSTOM_DATA_BYTES}, {})


@pytest.mark.parametrize("role", ["provider", "consumer"])
def test_the_real_files_fit_with_room_to_spare(role: str) -> None:
    text = render(vm_files(), node_configuration(site(role)))
    assert len(text.encode()) < CUSTOM_DATA_BYTES * 3 / 4
