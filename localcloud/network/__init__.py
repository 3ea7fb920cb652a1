"""Virtual networks, NSG, NAT, DNS and VMs on one machine; implements `localcloud.fabric.Fabric`.

modes.py       how true a network this machine allows, found by trying
outer.py       the outer namespaces, which the world enters once and which end with it
namespaces.py  the network in namespaces: `Network`
loopback.py    where there are none: `Loopback`
doors.py       what stands for a VM's network in loopback mode
router.py      one virtual network: a router namespace and what is reached at its addresses
walls.py       the packet filter and address translation of a router
security.py    NSG rules as packet filter rules
internet.py    the local internet, where public addresses are
dns.py         what a virtual network's names resolve to
machines.py    VMs as processes
image.py       what is on a VM's disk from the start
scripts.py     runs a program and keeps what it said
spaces.py      network namespaces and sockets in them
netlink.py     links, addresses and routes through rtnetlink
nftables.py    packet filters through netlink
guest/         what runs inside the VMs
"""

from localcloud.network.image import Image
from localcloud.network.loopback import Loopback
from localcloud.network.machines import BootError
from localcloud.network.modes import find_mode, why_not
from localcloud.network.namespaces import Network
from localcloud.network.outer import enter

__all__ = ["BootError", "Image", "Loopback", "Network", "enter", "find_mode", "why_not"]
