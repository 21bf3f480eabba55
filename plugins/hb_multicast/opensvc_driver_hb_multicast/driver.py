"""The driver hb.multicast."""

from __future__ import annotations

import errno
import ipaddress
import socket
import struct
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Final

from opensvc_heartbeats.network import NetworkLink, port_number
from opensvc_heartbeats.sockets import bindable, family_of, opened, reason, refuse_lost, shown

from opensvc_core.api import Keyword, LinkPlace, integer, text

# Beside that of hb.unicast, so that a node can have both.
PORT: Final = 10001
GROUP: Final = "224.3.29.71"
# Not in `socket`. Source: linux/in.h
_IP_MULTICAST_ALL: Final = 49
# From where the last beats went out.
_REMEMBERED: Final = 64


def group_address(value: str) -> str:
    """A multicast address, of IPv4 or IPv6."""
    try:
        found = ipaddress.ip_address(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is no address") from error
    if not found.is_multicast:
        raise ValueError(f"{value} is no multicast address; those are 224.0.0.0 to 239.255.255.255 and ff00::/8")
    return str(found)


def hops(value: str) -> int:
    """A number of hops: 1 to 255."""
    found = integer(value)
    if not 0 < found < 256:
        raise ValueError(f"{value!r} is no number of hops; those are 1 to 255")
    return found


class MulticastLink(NetworkLink):
    """Beats in one datagram to a multicast group that all nodes listen to."""

    id = "hb.multicast"
    group = Keyword(
        group_address, default=GROUP, inherit="", aliases=("addr",), text="The multicast address, the same on all nodes.", example=GROUP
    )
    port = Keyword(port_number, default=PORT, inherit="", text="The port, of UDP for beats and of TCP for data.")
    ttl = Keyword(hops, default=32, inherit="", text="How many routers a beat may pass.")
    data_addr = Keyword(
        text,
        scopable=True,
        inherit="",
        text="The address of the node, or a name, to which its peers send data; default: its own name.",
        example="10.0.0.1",
    )

    def __init__(self, place: LinkPlace, values: Mapping[str, Any]) -> None:
        super().__init__(place, values)
        self._own: deque[tuple[Any, ...]] = deque(maxlen=_REMEMBERED)

    @property
    def detail(self) -> str:
        """The group."""
        return shown(self.group, self.port)

    def send(self, beat: bytes) -> None:
        """One datagram for all."""
        self._refuse_unsendable(beat)
        refuse_lost(self.intf)
        if not self.place.peers:
            return
        try:
            self._send(beat, socket.if_nametoindex(self.intf) if self.intf else 0)
        except BlockingIOError as error:
            raise OSError("more is sent than the network takes") from error
        except OSError as error:
            raise OSError(f"{self.detail}: {reason(error)}") from error

    def _send(self, beat: bytes, index: int) -> None:
        """Send by a socket of its own, which goes where the routes lead now.

        It is connected, so that the system says from where it sends: what comes back is told by that.
        """
        with opened(family_of(self.group), socket.SOCK_DGRAM, self.intf) as way:
            if way.family == socket.AF_INET6:
                way.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, self.ttl)
                way.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
            else:
                way.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, self.ttl)
                way.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack("=4s4si", b"", b"", index))
            way.connect(bindable(self.group, self.port))
            self._own.append(way.getsockname()[:2])
            way.send(beat)

    def _listen(self) -> Sequence[socket.socket]:
        made = opened(family_of(self.group), socket.SOCK_DGRAM, self.intf)
        try:
            # Each socket of a group gets all that is sent to it, so that two may listen.
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(bindable(self.group, self.port))
            self._join(made)
        except OSError as error:
            made.close()
            raise OSError(f"{self.detail} can't be listened to: {reason(error)}") from error
        return (made,)

    def _join(self, heard: socket.socket) -> None:
        """Become a member of the group on its interface; again where the routes lead to another one by now."""
        index = socket.if_nametoindex(self.intf) if self.intf else 0
        try:
            if heard.family == socket.AF_INET6:
                member = struct.pack("=16si", socket.inet_pton(socket.AF_INET6, self.group), index)
                heard.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, member)
            else:
                heard.setsockopt(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)
                member = struct.pack("=4s4si", socket.inet_aton(self.group), b"", index)
                heard.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:  # is a member there
                raise

    def _listened(self, heard: Sequence[socket.socket]) -> None:
        if not self.intf:
            self._join(heard[0])

    def _is_own(self, source: tuple[Any, ...]) -> bool:
        return source[:2] in self._own

    def _host(self, peer: str) -> str:
        return self.of_peer(peer, MulticastLink.data_addr) or peer

    def _port(self, peer: str = "") -> int:
        return self.of_peer(peer, MulticastLink.port) if peer else self.port
