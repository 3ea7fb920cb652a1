"""The smaller requests beside the spec: what may stand in the bodies of retry and renew, and in the list's query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from isthmus.lifecycle import Phase
from isthmus.problems import Finding
from isthmus.spec import TicketsByRequest, findings_of, read_json

Model = TypeVar("Model", bound=BaseModel)


class Renewal(BaseModel):
    """How long the environment may live from now on. It never gets shorter."""

    model_config = ConfigDict(extra="forbid")

    lease_minutes: int | None = Field(
        None, ge=5, le=43_200, description="5 minutes to 30 days. Default: as long as its request said."
    )


class Retry(BaseModel):
    """New tickets for the corps whose nodes had not enrolled yet, where the request had brought them."""

    model_config = ConfigDict(extra="forbid")

    tickets: TicketsByRequest | None = Field(None, description="Only if the environment's tickets came by request.")


class Listing(BaseModel):
    """Which environments to list, by name."""

    model_config = ConfigDict(extra="forbid")

    phase: Phase | None = Field(None, description="Only those in this phase.")
    prefix: str = Field("", max_length=24, description="Only those whose name begins so.")
    top: int = Field(50, ge=1, le=200, description="At most so many.")
    after: str = Field("", max_length=24, description="Only those after this one: `next` of the page before.")


def parse_body(model: type[Model], body: bytes) -> tuple[Model | None, list[Finding]]:
    """The request, or every finding about it. No body at all is the empty object."""
    document, found = read_json(body or b"{}")
    return (None, found) if found else _validated(model, document)


def parse_query(
    model: type[Model], query: Mapping[str, Any], ignored: frozenset[str]
) -> tuple[Model | None, list[Finding]]:
    """The query's words, or every finding about them; `ignored`: keys that are somebody else's."""
    return _validated(model, {key: value for key, value in query.items() if key not in ignored})


def _validated(model: type[Model], document: object) -> tuple[Model | None, list[Finding]]:
    try:
        return model.model_validate(document), []
    except ValidationError as error:
        return None, findings_of(error)
