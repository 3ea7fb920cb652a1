"""The Azure CLI in a virtual environment of its own (about 700 MB, kept in build/), on an Azure that the app used."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from activities.records import Life
from tests.az.command import Az
from tests.az.served import open_door
from tests.localazure.engine import Engine
from tests.localazure.world import make
from tools.python import environment

VERSION = "azure-cli==2.91.0"


@pytest.fixture(scope="session")
def python() -> Path:
    try:
        found = environment(f"{sys.version_info.major}.{sys.version_info.minor}", VERSION)
    except subprocess.CalledProcessError:
        pytest.skip(f"{VERSION} can't be installed here")
    assert found is not None
    return found


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with Engine(blobs=True, certificates=make(tmp_path_factory.mktemp("certificates"))) as made:
        open_door(made)
        yield made


@pytest.fixture(scope="module")
def life(engine: Engine) -> Life:
    life = engine.ask()
    engine.run()
    assert engine.phase(life) == "ready"
    return life


@pytest.fixture(scope="module")
def plan(engine: Engine, life: Life) -> dict[str, Any]:
    found: dict[str, Any] = engine.record(life)["plan"]
    return found


@pytest.fixture(scope="module")
def az(engine: Engine, plan: dict[str, Any], python: Path, tmp_path_factory: pytest.TempPathFactory) -> Az:
    """Logged in as an Owner of the subscription, once the environment is built."""
    command = Az(python, engine, tmp_path_factory.mktemp("az"))
    person = engine.azure.administrator
    command(
        *("login", "--service-principal", "--tenant", person.tenant_id),
        *("--username", person.client_id, "--password", person.client_secret),
    )
    return command
