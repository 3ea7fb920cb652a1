"""`az` in a configuration of its own, led to a local Azure as the app is."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.az.served import answering
from tests.localazure.engine import Engine

LED = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "IDENTITY_ENDPOINT", "IDENTITY_HEADER")


class AzError(Exception):
    """az ended with another code than 0; the message is what it said."""


class Az:
    """python: one that has azure-cli; engine: whose Azure it looks at; folder: az keeps its log-in here"""

    def __init__(self, python: Path, engine: Engine, folder: Path) -> None:
        settings = engine.azure.settings()
        self._engine = engine
        self._command = [str(python), "-m", "azure.cli"]
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "AZURE_CONFIG_DIR": str(folder / "azure"),
            "AZURE_CORE_COLLECT_TELEMETRY": "no",
            "AZURE_CORE_NO_COLOR": "yes",
            **{name: settings[name] for name in LED},
        }

    def __call__(self, *words: str) -> Any:
        """What it prints as JSON; None if nothing. Raises AzError."""
        command = [*self._command, *words, "--output", "json"]
        with answering(self._engine):
            done = subprocess.run(command, env=self._environment, capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise AzError(f"az {' '.join(words[:4])}: {done.stderr.strip()[-1500:]}")
        return json.loads(done.stdout) if done.stdout.strip() else None
