"""What the region offers, and what becomes of VMs, as states of the local cloud: before it is asked for, and after the
plan was made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.localazure.engine import Engine
from tests.reliability.life import READY, Judgement, through

MODEL = {"name": "gpt-5-mini", "version": "2025-08-07", "sku": "GlobalStandard", "capacity": 1}


@dataclass(frozen=True)
class State:
    """name: as figures show it; change: of the catalog; early, late: what comes of it before and after the plan."""

    name: str
    change: dict[str, Any]
    early: str
    late: str
    model: dict[str, Any] | None = None


STATES = (
    State("model retired", {"retired": {"gpt-5-mini": "2026-01-01"}}, "PreflightFailed", "ServiceModelDeprecated",
          MODEL),
    State("model gone", {"gone": ["gpt-5-mini"]}, "PreflightFailed", "DeploymentModelNotSupported", MODEL),
    State("preferred model gone", {"gone": ["gpt-5-mini"]}, READY, "DeploymentModelNotSupported"),
    State("model quota used up", {"limits": {"model units": 0}}, "PreflightFailed", "InsufficientQuota"),
    State("cores used up", {"limits": {"cores": 2}}, "PreflightFailed", "OperationNotAllowed"),
    State("cores of the family used up", {"limits": {"cores of a family": 2}}, "PreflightFailed",
          "OperationNotAllowed"),
    State("public addresses used up", {"limits": {"publicIPAddresses": 0}}, "PreflightFailed",
          "PublicIPCountLimitReached"),
    State("size gone", {"gone": ["Standard_D2s_v5"]}, "PreflightFailed", "SkuNotAvailable"),
    State("image gone", {"gone": ["RedHat:RHEL:8-lvm-gen2"]}, "PreflightFailed", "PlatformImageNotFound"),
)  # fmt: skip


@dataclass(frozen=True)
class Changed:
    """A life in which the catalog changes."""

    state: State
    late: bool

    def __str__(self) -> str:
        return f"{self.state.name} {'after' if self.late else 'before'} the plan"

    def live(self) -> Judgement:
        def arrange(engine: Engine) -> None:
            if not self.late:
                engine.azure.cloud.catalog.change(self.state.change)

            def around(name: str, given: dict[str, Any], do: Callable[[], Any]) -> Any:
                if self.late and name == "set_phase" and given["phase"] == "building":
                    engine.azure.cloud.catalog.change(self.state.change)
                return do()

            engine.around = around

        comes_to = self.state.late if self.late else self.state.early
        return through(str(self), arrange, comes_to, wish={"model": self.state.model} if self.state.model else {})


def _deaf(engine: Engine) -> None:
    engine.guests.deaf.add("health-corp")


def _mute(engine: Engine) -> None:
    engine.guests.mute.add("ai-corp")


@dataclass(frozen=True)
class Guest:
    """A VM that is there and is not what it should be."""

    name: str
    arrange: Callable[[Engine], None]
    comes_to: str

    def __str__(self) -> str:
        return self.name

    def live(self) -> Judgement:
        return through(self.name, self.arrange, self.comes_to)


GUESTS = (
    Guest("node never connects", _deaf, "ProofFailed"),
    Guest("VM's agent runs nothing", _mute, "RunCommandFailed"),
)


def states() -> Iterator[Changed | Guest]:
    for state in STATES:
        yield from (Changed(state, False), Changed(state, True))
    yield from GUESTS
