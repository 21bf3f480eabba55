"""Identity: who is at the other end of a connection, and what a token that is shown makes of it."""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence
from time import time
from typing import Any, NamedTuple

from opensvc_daemon.listener.rights import Caller, Who
from opensvc_daemon.trust import tokens
from opensvc_daemon.trust.contexts import node_of
from opensvc_daemon.trust.tokens import Token


class Connection(NamedTuple):
    """What is known of a connection. `address` is empty on the unix socket; `node` is what a verified certificate names."""

    address: str = ""
    node: str = ""
    pid: int = 0
    uid: int = -1


def connection_of(transport: Any) -> Connection:
    """What the kernel, or TLS, has proven about who is at the other end."""
    plain = transport.get_extra_info("socket")
    if plain is not None and plain.family == socket.AF_UNIX:
        pid, uid = peer_of(plain)
        return Connection(pid=pid, uid=uid)
    peer = transport.get_extra_info("peername") or ("?",)
    return Connection(address=plain_address(str(peer[0])), node=node_of(transport.get_extra_info("peercert")))


def peer_of(connected: Any) -> tuple[int, int]:
    """Process and user at the other end of a unix socket: unix(7), SO_PEERCRED, struct ucred of when the peer connected."""
    pid, uid, _ = struct.unpack("3i", connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return pid, uid


def plain_address(text: str) -> str:
    """An address as people write it: an IPv4 one that came by a socket for both families is one again."""
    return text.removeprefix("::ffff:") if "." in text else text


def neighbourhood(text: str) -> str:
    """What counts as one address where addresses are counted: of IPv6 everybody has a whole /64."""
    if ":" not in text:
        return text
    import ipaddress  # noqa: PLC0415 - 2 ms, and only who is reached by IPv6 needs it

    return str(ipaddress.ip_network((text.partition("%")[0], 64), strict=False))


class Identities:
    """The members and the tokens that count now; `owner` is the user that the daemon runs as, who is as good as root."""

    def __init__(self, owner: int) -> None:
        self._owner = owner
        self.members: tuple[str, ...] = ()
        self.tokens: list[Token] = []

    def know(self, members: Sequence[str], known: list[Token]) -> None:
        """From now on these count."""
        self.members, self.tokens = tuple(members), known

    def who(self, connection: Connection, authorization: str) -> Who:
        """The caller of one request. A certificate of a node that is no member any more counts for its leave alone."""
        if connection.uid >= 0:
            place = f"pid {connection.pid}"
            if connection.uid in (0, self._owner):
                return Who(Caller.OWNER, "root" if connection.uid == 0 else f"uid {connection.uid}", place)
            return Who(Caller.USER, f"uid {connection.uid}", place)
        if connection.node and connection.node in self.members:
            return Who(Caller.NODE, connection.node, connection.address)
        kind, _, shown = authorization.partition(" ")
        if kind.lower() == "bearer" and shown:
            name, role = tokens.role_of(self.tokens, shown.strip(), time())
            if role:
                return Who(Caller[role.upper()], name, connection.address)
        if connection.node:
            return Who(Caller.FORMER, connection.node, connection.address)
        return Who(Caller.STRANGER, "", connection.address)
