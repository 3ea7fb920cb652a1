"""What every step's activity is given, and the store of the records that they share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from activities.cloud import Cloud, cloud
from activities.records import Records
from isthmus.lifecycle import OVER
from isthmus.wanted import resolve


@dataclass(frozen=True)
class Request:
    """One call of `ensure` or `remove`.

    step: the plan's step; outputs: what its needs found out, by step id; writes: how often it was written
    """

    environment: str
    generation: str
    step: Mapping[str, Any]
    outputs: Mapping[str, Mapping[str, Any]]
    writes: int
    cloud: Cloud
    records: Records

    @property
    def id(self) -> str:
        return str(self.step["id"])

    @property
    def life(self) -> tuple[str, str]:
        return self.environment, self.generation

    @property
    def resource(self) -> str:
        """ARM id of what the step makes."""
        return str(self.step["resource"])

    @property
    def names(self) -> list[str]:
        """The names in the resource's ARM id, in order: group, name, child's name."""
        parts = self.resource.strip("/").split("/")
        return [parts[3], *parts[7::2]]

    def wanted(self) -> dict[str, Any]:
        """What the step wants, with the outputs of its needs put in."""
        resolved: dict[str, Any] = resolve(self.step["wanted"], self.outputs)
        return resolved

    def stopping(self) -> bool:
        """The end of this environment was asked for, or has come: nothing new may begin."""
        record = self.records.load(self.life)
        return record is None or bool(record.get("stop")) or record["phase"] in OVER


def records() -> Records:
    """The process's records, in the storage account that its app settings name."""
    return Records(cloud().records)


def request_of(payload: Mapping[str, Any], cloud: Cloud, records: Records) -> Request:
    """A step's activity's JSON input."""
    return Request(
        payload["environment"],
        payload["generation"],
        payload["step"],
        payload["outputs"],
        payload["writes"],
        cloud,
        records,
    )
