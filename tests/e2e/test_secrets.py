"""No ticket and no key anywhere but in Key Vault: stores, logs, answers, ARM bodies and process lists are searched."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.client import call
from localcloud.conductor import LocalCloud
from tests.e2e.environment import build, status
from tests.reliability.canaries import forms

pytestmark = pytest.mark.world
CANARY = "canary-7f3a91c2d4"


def places(cloud: LocalCloud, name: str) -> Iterator[tuple[str, str]]:
    """Everything that is written down or shown: (where, text)."""
    with sqlite3.connect(cloud.database) as database:
        yield "task hub", "\n".join(database.iterdump())
    # As a crash leaves them: what was deleted from it may still stand in the file, or in what was not written back.
    for file in cloud.directory.glob("host.db*"):
        yield file.name, file.read_bytes().decode("latin-1")
    for log in cloud.directory.glob("*.log"):
        yield log.name, log.read_text(errors="replace")
    yield "status", json.dumps(status(cloud, name))
    yield "instances", call("GET", f"{cloud.url}/runtime/webhooks/durabletask/instances?showInput=true").text
    for what in ("requests", "bodies", "blobs"):
        yield what, call("GET", f"{cloud.control}/localcloud/{what}").text
    for cmdline in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield str(cmdline), cmdline.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue


def hits(cloud: LocalCloud, name: str, secret: str) -> list[str]:
    return [where for where, text in places(cloud, name) if any(form in text for form in forms(secret))]


def test_no_secret_is_written_down_and_the_search_finds_a_planted_one(cloud: LocalCloud) -> None:
    document = build(cloud, "quiet-one", question=f"What is a {CANARY}?")
    assert document["phase"] == "ready", document["error"]
    secrets = call("GET", f"{cloud.control}/localcloud/canaries").json()
    # Tickets are hex, keys longer still; the word in reserved places is no secret.
    held = {secret for secret in secrets if len(secret) >= 20}
    assert len(held) >= 3
    assert {secret: hits(cloud, "quiet-one", secret) for secret in held} == {secret: [] for secret in held}
    # The question is no secret, so the same search finds a canary that was planted in it.
    assert {"task hub", "bodies", "blobs"} <= set(hits(cloud, "quiet-one", CANARY))
