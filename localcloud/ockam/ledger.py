"""What the project knows for good: its authority, tickets (hashed) and members. One JSON file, mode 0600."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from localcloud.ockam import files
from localcloud.ockam.identity import Authority
from localcloud.ockam.wire import Refusal

RELAY = "ockam-relay"
"""The attribute whose value is the one relay that its bearer may register."""
ROLE, ENROLLER = "ockam-role", "enroller"


@dataclass(frozen=True)
class Member:
    """`enrolled_at`: seconds since the epoch, by the project's clock."""

    identifier: str
    attributes: Mapping[str, str]
    enrolled_at: float

    @property
    def enroller(self) -> bool:
        return self.attributes.get(ROLE) == ENROLLER

    def may_serve(self, relay: str) -> bool:
        return self.attributes.get(RELAY) == relay


@dataclass
class IssuedTicket:
    """`expires_at`: seconds since the epoch, by the project's clock. `left`: how often it may still be used."""

    attributes: dict[str, str]
    expires_at: float
    left: int


@dataclass
class Ledger:
    """The state, written to `path` before any change of it is answered."""

    path: Path
    clock: Callable[[], float]
    authority: Authority
    tickets: dict[str, IssuedTicket] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)

    @classmethod
    def open(cls, path: Path, project: str, clock: Callable[[], float]) -> Ledger:
        """The ledger in that file, or a new one."""
        if not path.exists():
            ledger = cls(path, clock, Authority.new(project))
            ledger._save()
            return ledger
        state = json.loads(path.read_text())
        return cls(
            path,
            clock,
            Authority(**state["authority"]),
            {digest: IssuedTicket(**ticket) for digest, ticket in state["tickets"].items()},
            {member["identifier"]: Member(**member) for member in state["members"]},
        )

    def issue(self, attributes: Mapping[str, str], seconds: float, count: int) -> str:
        """The code of a new ticket; only its hash is kept."""
        code = secrets.token_hex(32)
        self.tickets[_digest(code)] = IssuedTicket(dict(attributes), self.clock() + seconds, count)
        self._save()
        return code

    def redeem(self, code: str, identifier: str) -> Member:
        """Makes the bearer a member. One who is a member already stays what it is, and nothing is spent.
        Raises Refusal."""
        known = self.members.get(identifier)
        if known is not None:
            return known
        ticket = self.tickets.get(_digest(code))
        if ticket is None:
            raise Refusal("TicketUnknown", "the enrolment ticket is not known to this project")
        if ticket.left < 1:
            raise Refusal("TicketUsedUp", "the enrolment ticket has been used up")
        if ticket.expires_at <= self.clock():
            raise Refusal("TicketExpired", "the enrolment ticket has expired")
        ticket.left -= 1
        return self.add(identifier, ticket.attributes)

    def add(self, identifier: str, attributes: Mapping[str, str]) -> Member:
        member = self.members[identifier] = Member(identifier, dict(attributes), self.clock())
        self._save()
        return member

    def remove(self, identifier: str) -> None:
        """Raises Refusal if there is no such member."""
        if self.members.pop(identifier, None) is None:
            raise Refusal("NotAMember", f"{identifier} is not a member of this project")
        self._save()

    def _save(self) -> None:
        state = {
            "authority": asdict(self.authority),
            "tickets": {digest: asdict(ticket) for digest, ticket in self.tickets.items()},
            "members": [asdict(member) for member in self.members.values()],
        }
        files.write(self.path, json.dumps(state, indent=1))


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
