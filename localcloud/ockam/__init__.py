"""A stand-in for the `ockam` command and for an Ockam project, for machines where the real ones are not.

It speaks a protocol of its own and says everywhere that it is the stand-in. What holds of the real thing holds here:
tickets are spent, members have attributes, a relay forwards what it can't read, a removed member is out.

project        an Ockam project: authority and relay behind one port
ledger         what the project knows for good: tickets (hashed), members
switchboard    which member serves which relay now; joins inlets to outlets
identity       keys, identifiers, and the certificates that serve as credentials
wire           JSON lines over TLS: how project and nodes speak
tickets        what is in the line that `ockam project ticket` prints
home           what is in OCKAM_HOME
files          files that only their owner may read
administrator  makes the home of an enrolled administrator
choice         which `ockam` is used: the one on PATH, else this one
channel        TLS from one end of a portal to the other, inside the relay's connections
portal         carries one TCP connection through a channel
configuration  what `ockam node create` is given
node           a running node: its inlet, its outlet, its connection to the project
background     nodes as processes, started
places         nodes as processes, looked at and ended
enrolment      a ticket against a credential
command        the command line
"""

from localcloud.ockam.administrator import administrator_home
from localcloud.ockam.choice import OckamCommand, choose, stand_in_script
from localcloud.ockam.project import Project

__all__ = ["OckamCommand", "Project", "administrator_home", "choose", "stand_in_script"]
