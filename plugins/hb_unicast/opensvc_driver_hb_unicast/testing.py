"""How the conformance suite tries hb.unicast: on the loopback interface."""

from __future__ import annotations

from pathlib import Path

from opensvc_core.testing.links import DataConformance, Ends, made
from opensvc_core.testing.ports import free_port
from opensvc_driver_hb_unicast.driver import UnicastLink


class Ipv4Promises(DataConformance):
    """Two nodes, each with an address of its own."""

    def ends(self) -> Ends:
        """One port of both."""
        return on_loopback()


class Ipv6Promises(DataConformance):
    """Two nodes of one address, with a port each."""

    def lacks(self) -> str:
        """A kernel that knows version 6."""
        return "" if Path("/proc/net/if_inet6").exists() else "this kernel has no IPv6: boot it without ipv6.disable=1"

    def ends(self) -> Ends:
        """Of version 6."""
        return made(UnicastLink, *({"addr": "::1", "port": free_port(), "interval": 0.2} for _ in range(2)))


class NamedPromises(DataConformance):
    """Ends that are found by a name, on one interface."""

    def ends(self) -> Ends:
        """The name that every host has."""
        return made(UnicastLink, *({"addr": "localhost", "port": free_port(), "interval": 0.2, "intf": "lo"} for _ in range(2)))


def on_loopback() -> Ends:
    """The ends of a link between two addresses of this host."""
    port = free_port()
    first, second = ({"addr": address, "port": port, "interval": 0.2} for address in ("127.0.0.1", "127.0.0.2"))
    return made(UnicastLink, first, second)
