"""The files of OCKAM_HOME: who this machine's nodes are, and where their project is.

identity.key      private key (PEM)
credential.pem    what the project's authority has signed
project.json      where the project is, and its authority's certificate
nodes/NAME/       one directory a node (background.py)
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from localcloud.ockam import files, identity


class NotEnrolled(Exception):
    """This OCKAM_HOME belongs to no member of a project."""


@dataclass(frozen=True)
class Membership:
    """Which project, and where. `authority`: PEM. `ticket_host`, `ticket_port`: where tickets send who enrols; only
    an administrator's home has them."""

    project: str
    host: str
    port: int
    authority: str
    ticket_host: str = ""
    ticket_port: int = 0

    @property
    def address(self) -> tuple[str, int]:
        return self.host, self.port


@dataclass(frozen=True)
class Home:
    path: Path

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Home:
        """OCKAM_HOME, or ~/.ockam."""
        named = environment.get("OCKAM_HOME")
        return cls(Path(named) if named else Path.home() / ".ockam")

    @property
    def nodes(self) -> Path:
        return self.path / "nodes"

    @property
    def _key(self) -> Path:
        return self.path / "identity.key"

    @property
    def _credential(self) -> Path:
        return self.path / "credential.pem"

    @property
    def _project(self) -> Path:
        return self.path / "project.json"

    def key(self) -> str:
        """The private key (PEM): made at the first call, the same ever after, so that enrolling again is harmless."""
        if not self._key.exists():
            files.write(self._key, identity.new_key())
        return self._key.read_text()

    def enrolled(self, membership: Membership, credential: str) -> None:
        """Keeps what enrolling came to."""
        files.write(self._credential, credential)
        files.write(self._project, json.dumps(asdict(membership)))

    def membership(self) -> Membership:
        """Raises NotEnrolled."""
        try:
            fields: dict[str, Any] = json.loads(self._project.read_text())
        except FileNotFoundError as error:
            raise NotEnrolled("this node is not enrolled in a project: give it an --enrollment-ticket") from error
        return Membership(**fields)

    def context(self, side: ssl._SSLMethod) -> ssl.SSLContext:
        """TLS as this member, with members of the same project only. Names are not checked: see `to_project`."""
        made = identity.context(side, self.membership().authority)
        made.check_hostname = False
        made.verify_mode = ssl.CERT_REQUIRED
        made.load_cert_chain(self._credential, self._key)
        return made

    def to_project(self) -> ssl.SSLContext:
        """TLS as this member, to the project itself and nobody else."""
        made = self.context(ssl.PROTOCOL_TLS_CLIENT)
        made.check_hostname = True
        return made
