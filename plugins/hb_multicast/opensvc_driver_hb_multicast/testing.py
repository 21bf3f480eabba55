"""How the conformance suite tries hb.multicast: on the loopback interface."""

from __future__ import annotations

from opensvc_core.testing.links import DataConformance, Ends, made
from opensvc_core.testing.ports import free_port
from opensvc_driver_hb_multicast.driver import MulticastLink


class Promises(DataConformance):
    """Two nodes of one group, which take data on addresses of their own."""

    def ends(self) -> Ends:
        """Both on this host."""
        values = {"group": "239.77.29.71", "port": free_port(), "ttl": 1, "intf": "lo", "interval": 0.2}
        first, second = ({**values, "data_addr": address} for address in ("127.0.0.1", "127.0.0.2"))
        return made(_OneHost, first, second)


class _OneHost(MulticastLink):
    """Two of them can listen for data on one host, each on its own address."""

    def _data_address(self) -> str:
        return str(self.data_addr)
