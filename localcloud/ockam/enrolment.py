"""A ticket against a credential, and what an administrator asks of the project."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from typing import Any

from localcloud.ockam import identity, wire
from localcloud.ockam.home import Home, Membership
from localcloud.ockam.node import PAUSES
from localcloud.ockam.tickets import Ticket

PATIENCE_SECONDS = 30.0
"""For how long an unreachable project is tried: a VM's network may come up after the VM."""


async def enroll(home: Home, ticket: Ticket) -> None:
    """Makes the home a member's, or finds that it is one already. Raises wire.Refusal, or TimeoutError when the
    project can't be reached."""
    tls = identity.context(ssl.PROTOCOL_TLS_CLIENT, ticket.authority)
    request = {"do": "enroll", "ticket": ticket.code, "request": identity.certificate_request(home.key())}
    answer = await _patiently((ticket.host, ticket.port), tls, request)
    home.enrolled(Membership(ticket.project, ticket.host, ticket.port, ticket.authority), answer["credential"])


async def _patiently(address: tuple[str, int], tls: ssl.SSLContext, request: Mapping[str, Any]) -> wire.Message:
    failure: BaseException | None = None
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            for pause in (*PAUSES, *[PAUSES[-1]] * 100):
                try:
                    return await wire.ask_once(address, tls, request)
                except ssl.SSLCertVerificationError as error:
                    raise wire.Refusal("WrongProject", "the ticket was issued by another project") from error
                except wire.LOST as error:
                    failure = error
                await asyncio.sleep(pause)
    except TimeoutError:
        pass
    raise TimeoutError(f"the project at {address[0]}:{address[1]} can't be reached: {failure}")


async def new_ticket(home: Home, attributes: Mapping[str, str], seconds: int, count: int) -> Ticket:
    """Raises wire.Refusal, or one of wire.LOST."""
    member = home.membership()
    answer = await administer(
        home, {"do": "ticket", "attributes": dict(attributes), "seconds": seconds, "count": count}
    )
    return Ticket(member.project, member.ticket_host, member.ticket_port, member.authority, str(answer["code"]))


async def administer(home: Home, request: Mapping[str, Any]) -> wire.Message:
    """Asks the project as this home's member. Raises NotEnrolled, wire.Refusal, or one of wire.LOST."""
    return await wire.ask_once(home.membership().address, home.to_project(), request)
