"""The local internet: a router that knows every public address that exists, and no way out of the machine."""

from __future__ import annotations

import socket

from localcloud.network.netlink import LOOPBACK_INDEX
from localcloud.network.spaces import Space

GATEWAY = "203.0.113.1"
"""The internet's own end of every uplink."""
UPLINK = "uplink"
"""A virtual network's end."""
UPLINK_INDEX = 50


class Internet:
    """Its namespace, where Azure's public services listen."""

    def __init__(self) -> None:
        self.space = Space()
        self.space.set("ipv4/ip_forward", "1")
        self._addresses: set[str] = set()
        self.address(GATEWAY)

    def address(self, address: str) -> None:
        """Lets the address exist here."""
        if address not in self._addresses:
            self.space.links.address(LOOPBACK_INDEX, f"{address}/32").commit()
            self._addresses.add(address)

    def listen(self, address: str, port: int) -> socket.socket:
        self.address(address)
        return self.space.listen(address, port)

    def connect(self, router: Space) -> int:
        """A cable to a virtual network's router; the number of this end."""
        index = self.space.index()
        self.space.links.veth(f"network{index}", index, UPLINK, UPLINK_INDEX, router.descriptor).up(index).commit()
        router.links.up(UPLINK_INDEX).route("0.0.0.0/0", UPLINK_INDEX, GATEWAY).commit()
        return index

    def disconnect(self, index: int) -> None:
        self.space.links.remove_link(index).commit()

    def lead(self, address: str, index: int) -> None:
        """Leads a public address to the network at that cable."""
        self.space.links.route(f"{address}/32", index).commit()

    def forget(self, address: str) -> None:
        self.space.links.remove_route(f"{address}/32").commit()

    def close(self) -> None:
        self.space.close()
