"""A VM's first boot as cloud-init user data: the files of infra/vm, put where its manifest says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

MANIFEST = "manifest.json"
CUSTOM_DATA_BYTES = 64 * 1024
"""What Azure takes, before base64."""


def render(files: Mapping[str, str], config: Mapping[str, Any]) -> str:
    """Cloud-config (JSON is YAML) that writes the files and runs the first of them.

    files: name -> text, manifest.json among them; config: the node's configuration, with names of secrets only.
    Raises ValueError for what Azure would not take.
    """
    manifest = json.loads(files[MANIFEST])
    written = [
        {"path": place["path"], "permissions": place["permissions"], "content": files[name]}
        for name, place in manifest["files"].items()
    ]
    text = json.dumps(config, indent=1, sort_keys=True)
    written.append({"path": manifest["configuration"], "permissions": "0600", "content": text})
    rendered = "#cloud-config\n" + json.dumps({"write_files": written, "runcmd": [manifest["run"]]}, indent=1) + "\n"
    size = len(rendered.encode())
    if size > CUSTOM_DATA_BYTES:
        raise ValueError(f"the VM's custom data takes {size} bytes; Azure takes {CUSTOM_DATA_BYTES}")
    return rendered
