"""Messages of data over TCP: one message for each connection, answered when it has arrived whole."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from typing import Final

from opensvc_heartbeats.addresses import plain
from opensvc_heartbeats.arriving import TAKEN, Arriving, Malformed, framed
from opensvc_heartbeats.sockets import bindable, family_of, opened, reason, shown
from opensvc_heartbeats.waking import drain, readable

# A message takes this long at most, in seconds, from the connection to the answer.
LONGEST: Final = 5.0
# Connections at once: from the address of one member, and from all strangers together.
OF_A_MEMBER: Final = 4
OF_STRANGERS: Final = 4
_AT_ONCE: Final = 65536


@dataclass
class _Connection:
    """Who sends a message, what has come of it, and when it is given up."""

    socket: socket.socket
    address: str
    until: float
    arriving: Arriving = field(default_factory=Arriving)


class Taking:
    """Takes messages from a listening socket, in the thread that calls `turn`."""

    def __init__(
        self, listener: socket.socket, deliver: Callable[[bytes], None], members: Callable[[], Container[str]], longest: float = LONGEST
    ) -> None:
        self._listener, self._deliver, self._members, self._longest = listener, deliver, members, longest
        self._connections: dict[int, _Connection] = {}

    def turn(self, woken: int, seconds: float) -> None:
        """Wait for something to happen, at most so long, and do what it asks for."""
        now = time.monotonic()
        soonest = min((one.until for one in self._connections.values()), default=now + seconds)
        ready = readable([woken, self._listener.fileno(), *self._connections], min(seconds, soonest - now))
        drain(woken)
        if self._listener.fileno() in ready:
            self._accept(time.monotonic())
        for file in ready & self._connections.keys():
            self._read(self._connections[file])
        now = time.monotonic()
        for late in [one for one in self._connections.values() if one.until <= now]:
            self._end(late)

    def close(self) -> None:
        """Give up what has not arrived."""
        for connection in list(self._connections.values()):
            self._end(connection)

    def _accept(self, now: float) -> None:
        try:
            made, address = self._listener.accept()
        except (BlockingIOError, ConnectionError):
            return
        made.setblocking(False)  # accept takes it from the default of new sockets, not from the listener
        connection = _Connection(made, plain(str(address[0])), now + self._longest)
        if self._is_admitted(connection.address):
            self._connections[made.fileno()] = connection
        else:
            made.close()

    def _is_admitted(self, address: str) -> bool:
        members = self._members()
        if address in members:
            return sum(one.address == address for one in self._connections.values()) < OF_A_MEMBER
        return sum(one.address not in members for one in self._connections.values()) < OF_STRANGERS

    def _read(self, connection: _Connection) -> None:
        try:
            piece = connection.socket.recv(min(_AT_ONCE, connection.arriving.lacks))
            if not piece:
                self._end(connection)
                return
            connection.arriving.feed(piece)
        except BlockingIOError:
            return
        except (OSError, Malformed):
            self._end(connection)
            return
        if not connection.arriving.lacks:
            self._take(connection)

    def _take(self, connection: _Connection) -> None:
        try:
            self._deliver(connection.arriving.message)
            connection.socket.send(TAKEN)
        except OSError:
            return  # who sent it has gone, and sends it again
        finally:
            self._end(connection)

    def _end(self, connection: _Connection) -> None:
        del self._connections[connection.socket.fileno()]
        connection.socket.close()


def give(message: bytes, addresses: Sequence[str], port: int, interface: str | None, until: float) -> None:
    """Hand a message to the first address that takes it, until a moment of the monotonic clock.

    Raises OSError: none has said that it has it, ValueError for a message that can't be sent.
    """
    content, failures = framed(message), []
    for address in addresses:
        try:
            with opened(family_of(address), socket.SOCK_STREAM, interface) as way:
                _give(content, way, address, port, until)
            return
        except OSError as error:
            failures.append(f"{shown(address, port)}: {reason(error)}")
    raise OSError("; ".join(failures))


def _give(content: bytes, way: socket.socket, address: str, port: int, until: float) -> None:
    way.settimeout(_left(until))
    way.connect(bindable(address, port))
    way.settimeout(_left(until))
    way.sendall(content)
    way.settimeout(_left(until))
    if way.recv(1) != TAKEN:
        raise ConnectionResetError("it ended the connection before it had the whole message")


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left
