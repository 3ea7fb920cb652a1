"""What a pipeline may ask for: the request for one environment, validated with every finding at once.

The defaults are the public walkthrough's that the project comes from: AI Corp has the model, Health Corp asks.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from isthmus import names, networks, receivers, tags
from isthmus.graph import Existing
from isthmus.problems import Finding
from isthmus.receivers import Receiver

MAX_BODY = 256 * 1024
"""Bytes. A hundred consumers with tickets are under 100 KB."""
PARTS = frozenset({"reserve", "verify", "teardown", "repair"})
"""The record keeps a part for each of these beside one for each corp, so no corp can bear such a name."""

Name = Annotated[
    str, Field(pattern=f"^{names.ENVIRONMENT_PATTERN.pattern}$", min_length=3, max_length=names.LONGEST_NAME)
]


RESERVED = frozenset({"page"})
"""Names that are words of the API's own addresses."""


class Model(BaseModel):
    """The model to deploy. Without it, the first of a list of preferences that the region still offers."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=64, description="Model name, such as gpt-4o-mini.")
    version: str = Field(min_length=1, max_length=64, description="Model version, such as 2024-07-18.")
    sku: str = Field("Standard", description="Deployment type: Standard, GlobalStandard, DataZoneStandard.")
    capacity: int = Field(1, ge=1, le=10_000, description="Thousands of tokens a minute.")


class Corp(BaseModel):
    """One company's side: a resource group, a virtual network and a VM."""

    model_config = ConfigDict(extra="forbid")

    name: Name = Field(description="3-24 lower-case letters, digits and single hyphens; starts with a letter.")
    role: Literal["provider", "consumer"] = Field(description="The provider has the model; a consumer asks it.")
    address_space: str | None = Field(
        default=None,
        description="IPv4 range of the virtual network in CIDR form: 10.0.0.0/16. Required unless existing_subnet is "
        "given.",
        json_schema_extra=networks.IN_CIDR_FORM,
    )
    subnet: str | None = Field(
        default=None,
        description="Range of the subnet. Default: the first /24 of the space.",
        json_schema_extra=networks.IN_CIDR_FORM,
    )
    egress: Literal["nat", "existing"] = Field(
        default="nat",
        description="How the VM reaches the relay: `nat` makes a NAT gateway with a public IP; `existing` makes "
        "neither, since the network routes out by itself (firewall, hub). With existing_subnet it is always "
        "`existing`.",
    )
    existing_subnet: str | None = Field(
        default=None,
        description="ARM id of a subnet to build in, instead of a virtual network of its own; nothing of it is "
        "changed or removed. See docs/landing-zones.md.",
        json_schema_extra=networks.SUBNET_FORM,
    )
    existing_private_dns_zone: str | None = Field(
        default=None,
        description=f"Provider only: ARM id of a private DNS zone {names.PRIVATE_ZONE} to write the endpoint's "
        "address into, instead of a zone of its own. See docs/landing-zones.md.",
        json_schema_extra=networks.ZONE_FORM,
    )

    @model_validator(mode="before")
    @classmethod
    def _routed_by_its_network(cls, given: Any) -> Any:
        """Whose subnet is there already has its way out, too."""
        if isinstance(given, dict) and given.get("existing_subnet") is not None:
            return {"egress": "existing"} | given
        return given

    @property
    def existing(self) -> frozenset[Existing]:
        """What of it is there already."""
        there: dict[Existing, bool] = {
            "subnet": self.existing_subnet is not None,
            "egress": self.egress == "existing",
            "zone": self.existing_private_dns_zone is not None,
        }
        return frozenset(what for what, is_there in there.items() if is_there)

    @property
    def subnet_prefix(self) -> str:
        """The range of a subnet of its own: as asked for, or the first /24 (the whole space where it is smaller)."""
        if self.subnet:
            return self.subnet
        space = ipaddress.ip_network(self.address_space or "")
        return str(space if space.prefixlen >= 24 else next(space.subnets(new_prefix=24)))


class TicketsByOckam(BaseModel):
    """The app issues the tickets itself, as an enrolled administrator of an Ockam project."""

    model_config = ConfigDict(extra="forbid")

    source: Literal["ockam"] = Field(description="The app runs `ockam project ticket`.")


class TicketsByRequest(BaseModel):
    """The pipeline brings the tickets; they go straight to Key Vault and can't be reissued."""

    model_config = ConfigDict(extra="forbid")

    source: Literal["request"] = Field(description="The request carries one ticket for each corp.")
    values: dict[str, SecretStr] = Field(description="Corp name -> enrolment ticket.", repr=False)


class Spec(BaseModel):
    """A request for one environment."""

    model_config = ConfigDict(extra="forbid")

    name: Name = Field(description="3-24 lower-case letters, digits and single hyphens; starts with a letter.")
    location: str = Field("eastus", pattern=r"^[a-z0-9]{3,40}$", description="Azure region, such as eastus.")
    corps: list[Corp] = Field(
        default_factory=lambda: [
            Corp(name="ai-corp", role="provider", address_space="10.0.0.0/16"),
            Corp(name="health-corp", role="consumer", address_space="192.168.0.0/16"),
        ],
        min_length=2,
        max_length=101,
        description="One provider and one or more consumers.",
    )
    model: Model | None = Field(None, description="The model to deploy. Default: chosen by preflight.")
    question: str = Field(
        "What is Ockham's Razor?",
        min_length=1,
        max_length=2000,
        description="What the client asks to prove it.",
    )
    tickets: Annotated[TicketsByOckam | TicketsByRequest, Field(discriminator="source")] = Field(
        default_factory=lambda: TicketsByOckam(source="ockam"),
        description="Where the enrolment tickets come from.",
    )
    vm_size: str = Field("Standard_D2s_v5", pattern=r"^[A-Za-z0-9_-]{3,60}$", description="Size of the VMs.")
    image: str = Field(
        "RedHat:RHEL:8-lvm-gen2:latest",
        pattern=r"^[^:\s]+:[^:\s]+:[^:\s]+:[^:\s]+$",
        description="VM image as publisher:offer:sku:version.",
    )
    lease_minutes: int = Field(
        480, ge=5, le=43_200, description="How long it may live, from the request on: 5 minutes to 30 days."
    )
    on_failure: Literal["rollback", "keep"] = Field(
        "rollback", description="What happens when it fails: everything is removed, or kept to look at."
    )
    drift: Literal["report", "repair"] = Field(
        "report",
        description="What happens when something of it no longer is as planned, once it is ready: it is told of, or "
        "also put right where that is safe, and proved anew.",
    )
    tags: dict[str, str] = Field(
        default_factory=dict,
        description=f"Tags for everything that is built, name -> value; at most {tags.ANY.most_given}.",
        json_schema_extra=tags.FORM,
    )
    events: Receiver | None = Field(
        None, description="Who is told of its lifecycle events. Default: whom the app's settings name, or nobody."
    )

    @property
    def provider(self) -> Corp:
        return next(corp for corp in self.corps if corp.role == "provider")

    @property
    def consumers(self) -> list[Corp]:
        return [corp for corp in self.corps if corp.role == "consumer"]

    def public(self) -> dict[str, Any]:
        """The spec as JSON without ticket values: what may be recorded and shown."""
        return self.model_dump(mode="json", exclude={"tickets": {"values"}})

    def digest(self) -> str:
        """Two requests with the same digest ask for the same environment (tickets aside). What is as it is by default
        is left out: the same request is still the same when a later version takes more."""
        asked = self.model_dump(mode="json", exclude={"tickets": {"values"}}, exclude_defaults=True)
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def recorded(document: dict[str, Any]) -> Spec:
    """The Spec from its recorded, public form, in which tickets have no values."""
    tickets = document["tickets"] | ({"values": {}} if document["tickets"]["source"] == "request" else {})
    return Spec.model_validate(document | {"tickets": tickets})


FIELD_MENDS = {
    "/events/url": "Write an https URL without user name, query or fragment.",
    "/events/secret": f"Name a secret that begins with {receivers.SECRET_PREFIX}.",
}
"""Where a field has more to say than what is wrong with it."""
MENDS = {
    "extra_forbidden": "Remove the field, or look up its spelling in /api/openapi.json.",
    "missing": "Add the field.",
    "string_pattern_mismatch": "See the field's description in /api/openapi.json for what it may hold.",
    "union_tag_invalid": 'Use "ockam" or "request".',
    "union_tag_not_found": 'Say where tickets come from: {"source": "ockam"} or {"source": "request", ...}.',
}


def parse(body: bytes) -> tuple[Spec | None, list[Finding]]:
    """The spec, or every finding about it. No ticket is ever repeated in a finding."""
    document, found = read_json(body)
    return (None, found) if found else check(document)


def read_json(body: bytes) -> tuple[object, list[Finding]]:
    """The document in a request's body, or why there is none."""
    if len(body) > MAX_BODY:
        return None, [Finding("", f"The body has {len(body):,} bytes; at most {MAX_BODY:,} are taken.")]
    try:
        return json.loads(body), []
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        return None, [Finding("", f"The body is not JSON{where}.", "Send one JSON object.")]


def findings_of(error: ValidationError) -> list[Finding]:
    """What pydantic found, without what was sent."""
    return [_finding(dict(detail)) for detail in error.errors(include_input=False, include_url=False)]


def check(document: object) -> tuple[Spec | None, list[Finding]]:
    """Field by field first; what concerns several fields even where single fields are wrong."""
    try:
        spec = Spec.model_validate(document)
    except ValidationError as error:
        given = document.get("tags") if isinstance(document, dict) else None
        return None, findings_of(error) + list(_across(_readable_corps(document), {})) + list(tags.check(given))
    tickets = spec.tickets.values if isinstance(spec.tickets, TicketsByRequest) else None
    found = list(_across(list(enumerate(spec.corps)), {"tickets": tickets})) + list(tags.check(spec.tags))
    found += receivers.findings("/events/url", spec.events.url) if spec.events else []
    if spec.name in RESERVED:
        found.insert(0, Finding("/name", f"{spec.name} is a word of the API's own.", "Choose another name."))
    return (None, found) if found else (spec, [])


def _finding(detail: dict[str, Any]) -> Finding:
    where = [str(part).replace("~", "~0").replace("/", "~1") for part in detail["loc"]]
    if len(where) > 1 and where[0] == "tickets":
        del where[1]  # pydantic names the kind of tickets there, which is no part of the request
    # Its message repeats the tag, in whose place somebody may have written a ticket.
    said = "This is no source of tickets" if detail["type"] == "union_tag_invalid" else str(detail["msg"])
    pointer = "".join(f"/{part}" for part in where)
    mend = FIELD_MENDS.get(pointer) or MENDS.get(detail["type"], "")
    return Finding(pointer, said.replace("Input should", "It should"), mend)


def _readable_corps(document: object) -> list[tuple[int, Corp]]:
    """The corps that are right by themselves, with their places, so that they can be compared all the same."""
    listed = document.get("corps") if isinstance(document, dict) else None
    readable = []
    for index, item in enumerate(listed if isinstance(listed, list) else []):
        try:
            readable.append((index, Corp.model_validate(item)))
        except ValidationError:
            continue
    return readable


def _across(corps: list[tuple[int, Corp]], extra: dict[str, Any]) -> Iterator[Finding]:
    if not corps:
        return
    providers = [index for index, corp in corps if corp.role == "provider"]
    if not providers:
        yield Finding("/corps", "No corp is the provider.", 'Give exactly one corp "role": "provider".')
    for index in providers[1:]:
        yield Finding(f"/corps/{index}/role", "There is more than one provider.", "Make the others consumers.")
    if len(providers) == len(corps):
        yield Finding("/corps", "No corp is a consumer.", 'Give at least one corp "role": "consumer".')
    seen: set[str] = set()
    for index, corp in corps:
        if corp.name in seen:
            yield Finding(f"/corps/{index}/name", f"{corp.name} is there twice.", "Give each corp its own name.")
        if corp.name in PARTS:
            yield Finding(f"/corps/{index}/name", f"{corp.name} is a word of Isthmus's own.", "Choose another name.")
        seen.add(corp.name)
    yield from networks.check(corps)
    yield from _tickets([corp.name for _, corp in corps], extra.get("tickets"))


def _tickets(corps: list[str], tickets: dict[str, SecretStr] | None) -> Iterator[Finding]:
    if tickets is None:
        return
    for name in corps:
        if not tickets.get(name) or not tickets[name].get_secret_value():
            yield Finding(f"/tickets/values/{name}", "The ticket is missing.", "Add one ticket for each corp.")
    for name in sorted(set(tickets) - set(corps)):
        yield Finding(f"/tickets/values/{name}", "There is no corp of that name.", "Remove it or mend the name.")
