"""What a pipeline may ask for: the request for one environment, validated with every finding at once.

The defaults are the public walkthrough's that the project comes from: AI Corp has the model, Health Corp asks.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic.config import JsonDict

from isthmus import names, tags
from isthmus.problems import Finding

MAX_BODY = 256 * 1024
"""Bytes. A hundred consumers with tickets are under 100 KB."""
SMALLEST_SUBNET = 29
"""Azure keeps five addresses of a subnet; a provider needs two of its own (VM and private endpoint)."""
PARTS = frozenset({"reserve", "verify", "teardown"})
"""The record keeps a part for each of these beside one for each corp, so no corp can bear such a name."""
RESERVED_RANGES = tuple(
    ipaddress.ip_network(text)
    for text in ("127.0.0.0/8", "169.254.0.0/16", "168.63.129.16/32", "224.0.0.0/4", "255.255.255.255/32")
)

IN_CIDR_FORM: JsonDict = {"pattern": r"^\d{1,3}(\.\d{1,3}){3}/\d{1,2}$"}
"""For editors and other callers; we ourselves say more exactly what is wrong with a range."""

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
    address_space: str = Field(
        description="IPv4 range of the virtual network in CIDR form: 10.0.0.0/16.", json_schema_extra=IN_CIDR_FORM
    )
    subnet: str | None = Field(
        None, description="Range of the subnet. Default: the first /24 of the space.", json_schema_extra=IN_CIDR_FORM
    )

    @property
    def subnet_prefix(self) -> str:
        """The subnet's range: as asked for, or the first /24 (the whole space where it is smaller)."""
        if self.subnet:
            return self.subnet
        space = ipaddress.ip_network(self.address_space)
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
            Corp(name="ai-corp", role="provider", address_space="10.0.0.0/16", subnet=None),
            Corp(name="health-corp", role="consumer", address_space="192.168.0.0/16", subnet=None),
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
    tags: dict[str, str] = Field(
        default_factory=dict,
        description=f"Tags for everything that is built, name -> value; at most {tags.ANY.most_given}.",
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
        """Two requests with the same digest ask for the same environment (tickets aside)."""
        return hashlib.sha256(json.dumps(self.public(), sort_keys=True).encode()).hexdigest()


def recorded(document: dict[str, Any]) -> Spec:
    """The Spec from its recorded, public form, in which tickets have no values."""
    tickets = document["tickets"] | ({"values": {}} if document["tickets"]["source"] == "request" else {})
    return Spec.model_validate(document | {"tickets": tickets})


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
    return Finding(pointer, said.replace("Input should", "It should"), MENDS.get(detail["type"], ""))


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
    yield from _networks(corps)
    yield from _tickets([corp.name for _, corp in corps], extra.get("tickets"))


def _networks(corps: list[tuple[int, Corp]]) -> Iterator[Finding]:
    spaces: list[tuple[int, Corp, ipaddress.IPv4Network]] = []
    for index, corp in corps:
        found = list(_network(f"/corps/{index}", corp))
        yield from found
        if not found:
            spaces.append((index, corp, ipaddress.IPv4Network(corp.address_space)))
    for index, corp, space in spaces:
        for other_index, other, other_space in spaces:
            if other_index < index and corp.role != other.role and space.overlaps(other_space):
                yield Finding(
                    f"/corps/{index}/address_space",
                    f"{space} overlaps {other.name}'s {other_space}.",
                    "Give provider and consumer ranges that don't overlap: nobody could tell whether the "
                    "private endpoint is out of the consumer's reach.",
                )


def _network(pointer: str, corp: Corp) -> Iterator[Finding]:
    ranges: dict[str, ipaddress.IPv4Network] = {}
    for field, text in (("address_space", corp.address_space), ("subnet", corp.subnet)):
        if text is None:
            continue
        try:
            ranges[field] = ipaddress.IPv4Network(text)
        except ValueError as error:
            yield Finding(f"{pointer}/{field}", f"{error}.", "Write an IPv4 range such as 10.0.0.0/16.")
            continue
        yield from _usable(f"{pointer}/{field}", ranges[field])
    if len(ranges) == 2 and not ranges["subnet"].subnet_of(ranges["address_space"]):
        yield Finding(
            f"{pointer}/subnet",
            f"{ranges['subnet']} is not inside {ranges['address_space']}.",
            "Choose a subnet inside the address space.",
        )


def _usable(pointer: str, network: ipaddress.IPv4Network) -> Iterator[Finding]:
    if network.prefixlen > SMALLEST_SUBNET:
        yield Finding(pointer, f"{network} is too small.", f"Azure needs a /{SMALLEST_SUBNET} or larger.")
    if network.prefixlen < 8:
        yield Finding(pointer, f"{network} is too large.", "Azure takes a /8 or smaller.")
    for reserved in RESERVED_RANGES:
        if network.overlaps(reserved):
            yield Finding(pointer, f"{network} overlaps {reserved}, which Azure keeps.", "Choose another range.")


def _tickets(corps: list[str], tickets: dict[str, SecretStr] | None) -> Iterator[Finding]:
    if tickets is None:
        return
    for name in corps:
        if not tickets.get(name) or not tickets[name].get_secret_value():
            yield Finding(f"/tickets/values/{name}", "The ticket is missing.", "Add one ticket for each corp.")
    for name in sorted(set(tickets) - set(corps)):
        yield Finding(f"/tickets/values/{name}", "There is no corp of that name.", "Remove it or mend the name.")
