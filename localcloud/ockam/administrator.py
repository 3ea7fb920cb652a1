"""Makes the home of an enrolled administrator."""

from __future__ import annotations

from pathlib import Path

from localcloud.ockam import identity
from localcloud.ockam.home import Home, Membership
from localcloud.ockam.ledger import ENROLLER, ROLE
from localcloud.ockam.project import Project


def administrator_home(path: Path, project: Project, address: tuple[str, int], ticket_address: tuple[str, int]) -> None:
    """Makes `path` an OCKAM_HOME whose owner may issue tickets and remove members.

    address: host and port at which the administrator reaches the project
    ticket_address: host and port that its tickets name as the place to enrol
    """
    home = Home(path)
    request = identity.certificate_request(home.key())
    authority = project.ledger.authority
    member = project.ledger.add(authority.identify(request), {ROLE: ENROLLER})
    membership = Membership(project.name, *address, authority.certificate, *ticket_address)
    home.enrolled(membership, authority.sign(request, member.attributes))
