"""A local Azure on virtual time in this very process: no thread, no connection, and nobody waits."""

from __future__ import annotations

import asyncio
import json as jsonlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from localcloud.azure import Certificates, LocalAzure, NoFabric, VirtualClock
from localcloud.azure.entra import MACHINE_LIFETIME
from localcloud.azure.identities import caller_of
from localcloud.azure.rbac import Caller
from localcloud.fabric import Fabric
from tests.localazure.arm import Arm
from tests.localazure.inprocess import DirectCloud, Session
from tests.unit.driver import START

LOOK = 5.0
LONGEST = 4000.0
"""Virtual seconds until something must have come true."""
UNSERVED = Certificates(Path("never made: nothing is served here"))


class Direct:
    """speed: of the typical durations, by default Azure's own; cloud: the app's façade, on this Azure; certificates:
    for tests that serve it nevertheless."""

    def __init__(
        self,
        fabric: Fabric | None = None,
        *,
        speed: float = 1.0,
        seed: int = 0,
        certificates: Certificates = UNSERVED,
    ) -> None:
        self.fabric = fabric or NoFabric()
        self.loop = asyncio.new_event_loop()
        self.clock = VirtualClock(START)
        self.azure = LocalAzure(fabric=self.fabric, certificates=certificates, clock=self.clock, speed=speed, seed=seed)
        self.loop.run_until_complete(self.azure.start())
        self.session = Session(self.azure, self.loop)
        self.cloud = DirectCloud(self.azure, self.session)

    def __enter__(self) -> Direct:
        return self

    def __exit__(self, *why: object) -> None:
        self.loop.run_until_complete(self.azure.close())
        self.loop.close()

    def advance(self, seconds: float) -> None:
        """Time passes."""
        if seconds > 0:
            self.loop.run_until_complete(self.clock.advance(seconds))

    def until(self, true: Callable[[], bool]) -> None:
        for _ in range(int(LONGEST / LOOK)):
            if true():
                return
            self.advance(LOOK)
        raise AssertionError(f"it did not come true in {LONGEST:.0f} virtual seconds")

    def send(
        self, method: str, url: str, *, json: Any = None, data: Any = None, headers: dict[str, str] | None = None
    ) -> requests.Response:
        """Like requests.request."""
        return self.session.request(
            method, url, headers=headers or {}, data=data if json is None else jsonlib.dumps(json)
        )

    def token(self, audience: str = "https://management.azure.com", caller: Caller | None = None) -> str:
        """The app's, or another caller's."""
        whose = caller or caller_of(self.azure.seed.identity)
        return self.azure.front.directory.token(whose, audience, MACHINE_LIFETIME)[0]

    def arm(self, token: str | None = None) -> Arm:
        """ARM as the app sees it, or the bearer of another token."""
        return Arm(self.send, self.until, self.azure.cloud.subscription, token or self.token())
