"""The smaller requests beside the spec: what may stand in the bodies of retry and renew, and in the list's query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from isthmus.lifecycle import Phase
from isthmus.problems import Finding
from isthmus.receivers import Receiver
from isthmus.receivers import findings as findings_of_url
from isthmus.spec import TicketsByRequest, findings_of, read_json

Model = TypeVar("Model", bound=BaseModel)
LONGEST_KEY = 255
"""Characters of an Idempotency-Key."""
OF_A_NAME = r"^[a-z0-9-]*$"
"""Whatever a name may hold: with anything else there is nothing to find."""


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


class Button(BaseModel):
    """What a button of an environment's page sends, as a browser's form."""

    model_config = ConfigDict(extra="ignore")

    action: Literal["renew", "cancel", "retry", "delete"] = Field(description="What to do with it.")
    confirm: str = Field("", description="The box that confirms a deletion: anything but nothing.")


class Listing(BaseModel):
    """Which environments to list, by name."""

    model_config = ConfigDict(extra="forbid")

    phase: Phase | None = Field(None, description="Only those in this phase.")
    prefix: str = Field("", max_length=24, pattern=OF_A_NAME, description="Only those whose name begins so.")
    top: int = Field(50, ge=1, le=200, description="At most so many.")
    after: str = Field(
        "", max_length=24, pattern=OF_A_NAME, description="Only those after this one: `next` of the page before."
    )


def receiver(document: Mapping[str, Any]) -> tuple[Receiver | None, list[Finding]]:
    """A receiver of lifecycle events that stands somewhere else than in a spec."""
    found, findings = _validated(Receiver, document)
    findings += findings_of_url("/url", found.url) if found else []
    return (None, findings) if findings else (found, [])


def unfit(tickets: TicketsByRequest, spec: Mapping[str, Any]) -> list[Finding]:
    """What is wrong with new tickets for an environment with that recorded spec. Not every corp needs a new one."""
    if spec["tickets"]["source"] != "request":
        return [Finding("/tickets", "This environment's tickets are issued by the app.", "Leave them out.")]
    corps = {corp["name"] for corp in spec["corps"]}
    found = []
    for name, value in sorted(tickets.values.items()):
        where = f"/tickets/values/{name.replace('~', '~0').replace('/', '~1')}"
        if name not in corps:
            found.append(Finding(where, "There is no corp of that name.", "Remove it or mend the name."))
        elif not value.get_secret_value():
            found.append(Finding(where, "The ticket is empty.", "Leave it out, or bring a new one."))
    return found


class Sweep(BaseModel):
    """Whether to take down what is due, or only to say what that is."""

    model_config = ConfigDict(extra="forbid")

    dry_run: Literal["true", "false"] = Field("false", description="Only look, and say what a sweep would do now.")


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
