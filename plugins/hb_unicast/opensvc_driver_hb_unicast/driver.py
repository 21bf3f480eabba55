"""The driver hb.unicast."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from typing import Any, Final

from opensvc_heartbeats.addresses import literal
from opensvc_heartbeats.network import NetworkLink, port_number
from opensvc_heartbeats.sockets import bindable, family_of, listening, opened, reason, refuse_lost, shown
from opensvc_heartbeats.sorting import pair, sort

from opensvc_core.api import Keyword, LinkPlace, text

PORT: Final = 10000


class UnicastLink(NetworkLink):
    """Beats in datagrams from each node to each other node, over IPv4 or IPv6."""

    id = "hb.unicast"
    addr = Keyword(
        text,
        scopable=True,
        inherit="",
        text="The address of the node, or a name, by which the others reach it; default: its name. It listens on this address, or on all.",
        example="10.0.0.1",
    )
    port = Keyword(port_number, default=PORT, scopable=True, inherit="", text="The port, of UDP for beats and of TCP for data.")

    def __init__(self, place: LinkPlace, values: Mapping[str, Any]) -> None:
        super().__init__(place, values)
        self._ways: dict[socket.AddressFamily, socket.socket] = {}
        self._sorted: frozenset[str] | None = None

    @property
    def detail(self) -> str:
        """Where it listens."""
        return shown(self._data_address() or "::", self.port)

    def send(self, beat: bytes) -> None:
        """A datagram for each peer."""
        self._refuse_unsendable(beat)
        self._addresses.refresh()
        refuse_lost(self.intf)
        failures = {peer: failure for peer in self.place.peers if (failure := self._send_to(peer, beat))}
        self._failures = failures
        if failures and len(failures) == len(self.place.peers):
            raise OSError("; ".join(f"{peer}: {failure}" for peer, failure in failures.items()))

    def close(self) -> None:
        """End it for good."""
        super().close()
        self._forget_ways()

    def _send_to(self, peer: str, beat: bytes) -> str:
        """Why a beat went to no address of a peer; empty: it went to the first that could be sent to."""
        failure = self._addresses.troubles().get(peer, f"the name {self._host(peer)} is being resolved")
        for address in self._addresses.of(peer):
            try:
                self._way(family_of(address)).sendto(beat, bindable(address, self._port(peer)))
                return ""
            except BlockingIOError:
                failure = f"{address}: more is sent than the network takes"
            except OSError as error:
                failure = f"{address}: {reason(error)}"
                self._forget_ways()
        return failure

    def _way(self, family: socket.AddressFamily) -> socket.socket:
        """The socket that sends to a family of addresses, from the node's own address where it has one."""
        if family not in self._ways:
            made = opened(family, socket.SOCK_DGRAM, self.intf)
            own = self._data_address()
            try:
                if own and family_of(own) == family:
                    made.bind(bindable(own, 0))
            except OSError as error:
                made.close()
                raise OSError(f"{own} can't be sent from ({reason(error)})") from error
            self._ways[family] = made
        return self._ways[family]

    def _forget_ways(self) -> None:
        """What had an error is made anew: interfaces and addresses come and go."""
        ways, self._ways = self._ways, {}
        for way in ways.values():
            way.close()

    def _listen(self) -> Sequence[socket.socket]:
        """One socket for members, and another one, so that a flood does not fill the first, for strangers."""
        self._sorted = None
        return pair(lambda is_shared: listening(socket.SOCK_DGRAM, self._data_address(), self.port, self.intf, is_shared=is_shared))

    def _listened(self, heard: Sequence[socket.socket]) -> None:
        members = self._addresses.members()
        if members != self._sorted:
            sort(heard[0], members)
            self._sorted = members

    def _data_address(self) -> str:
        """This node's address, where it is given as one: a name says where the others reach it, and may mean another one here."""
        return next(iter(literal(self.addr or "")), "")

    def _host(self, peer: str) -> str:
        return self.of_peer(peer, UnicastLink.addr) or peer

    def _port(self, peer: str = "") -> int:
        return self.of_peer(peer, UnicastLink.port) if peer else self.port
