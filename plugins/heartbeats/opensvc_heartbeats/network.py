"""The base of heartbeats over a network: its keywords, addresses of peers, data over TCP, and the state that is shown."""

from __future__ import annotations

import socket
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import Any, Final

from opensvc_core.api import LARGEST_BEAT, DataPath, HeartbeatLink, Keyword, LinkPlace, integer, text
from opensvc_heartbeats.addresses import Addresses, plain
from opensvc_heartbeats.budget import Budget
from opensvc_heartbeats.data import LONGEST, Taking, give
from opensvc_heartbeats.sockets import listening, refuse_lost
from opensvc_heartbeats.waking import Waker, drain, readable

# How often a thread that waits looks at its interface, at names, and at `stopped`, in seconds.
_LOOK: Final = 1.0
# Datagrams taken in a row before anything else is looked at, and the pause where all of them were too many.
_IN_A_ROW: Final = 64
_PAUSE: Final = 0.005


def port_number(value: str) -> int:
    """A port of UDP and TCP: 1 to 65535."""
    found = integer(value)
    if not 0 < found < 65536:
        raise ValueError(f"{value!r} is no port; ports are 1 to 65535")
    return found


class NetworkLink(HeartbeatLink, DataPath):
    """A heartbeat in datagrams of UDP, with data in connections of TCP to the same port."""

    intf = Keyword(
        text, scopable=True, inherit="", text="The interface that it sends and listens on; default: as the routes say.", example="eth1"
    )

    def __init__(self, place: LinkPlace, values: Mapping[str, Any]) -> None:
        super().__init__(place, values)
        self._waker, self._budget = Waker(), Budget()
        self._addresses = Addresses({peer: self._host(peer) for peer in place.peers})
        self._failures: Mapping[str, str] = {}

    @abstractmethod
    def _host(self, peer: str) -> str:
        """The name or the address under which a peer takes data."""

    @abstractmethod
    def _port(self, peer: str = "") -> int:
        """The port of a peer, or of this node."""

    @abstractmethod
    def _listen(self) -> Sequence[socket.socket]:
        """The socket that hears beats; a second one hears those of strangers. Raises OSError."""

    def _listened(self, _heard: Sequence[socket.socket]) -> None:
        """Called each second with the sockets that hear beats, for what may have changed. Raises OSError."""

    def _data_address(self) -> str:
        """The address that takes data; empty: any of this node. Raises OSError."""
        return ""

    @property
    def troubles(self) -> Mapping[str, str]:
        """Names that don't resolve, peers that can't be sent to, a flood."""
        flood = self._budget.trouble(time.monotonic())
        return {**self._addresses.troubles(), **self._failures, **({"": flood} if flood else {})}

    def receive(self, deliver: Callable[[str, bytes], None], stopped: Callable[[], bool]) -> None:
        """Hand over the beats that arrive: as `HeartbeatLink.receive`."""
        with self._waker.waiting() as woken, self._bound(self._listen) as (heard, index):
            resting: dict[int, float] = {}
            while not (self._waker.is_closed or stopped()):
                self._look(index)
                self._listened(heard)
                now = time.monotonic()
                resting = {file: until for file, until in resting.items() if until > now}
                files = [one.fileno() for one in heard if one.fileno() not in resting]
                ready = readable([woken, *files], min([_LOOK, *(until - now for until in resting.values())]))
                drain(woken)
                for one in heard:
                    if one.fileno() in ready and not self._take(one, deliver):
                        resting[one.fileno()] = time.monotonic() + _PAUSE

    def receive_data(self, deliver: Callable[[bytes], None], stopped: Callable[[], bool]) -> None:
        """Hand over the messages that arrive: as `DataPath.receive_data`."""
        with self._waker.waiting() as woken, self._bound(self._listen_for_data) as ((listener,), index):
            taking = Taking(listener, deliver, self._addresses.members)
            with closing(taking):
                while not (self._waker.is_closed or stopped()):
                    self._look(index)
                    taking.turn(woken, _LOOK)

    def send_data(self, peer: str, data: bytes) -> None:
        """Hand a message to a peer: as `DataPath.send_data`."""
        if peer not in self.place.peers:
            raise ValueError(f"{peer} is no peer of {self.name}")
        self._refuse_closed()
        refuse_lost(self.intf)
        until = time.monotonic() + LONGEST
        addresses = self._addresses.wait_for(peer, LONGEST)
        try:
            give(data, addresses, self._port(peer), self.intf, until)
        except OSError as error:
            raise OSError(f"{peer}: {error}") from error

    def wake(self) -> None:
        """Have those that receive look at `stopped()` at once."""
        self._waker.wake()

    def close(self) -> None:
        """End it for good."""
        self._waker.close()

    # -- for the links

    def _refuse_unsendable(self, beat: bytes) -> None:
        self._refuse_closed()
        if len(beat) > LARGEST_BEAT:
            raise ValueError(f"a beat of {len(beat)} bytes is over {LARGEST_BEAT}")

    def _refuse_closed(self) -> None:
        if self._waker.is_closed:
            raise OSError(f"{self.name} is closed")

    @contextmanager
    def _bound(self, listen: Callable[[], Sequence[socket.socket]]) -> Iterator[tuple[Sequence[socket.socket], int]]:
        """Listening sockets, and the index of the interface that they are bound to."""
        index = refuse_lost(self.intf)
        with ExitStack() as stack:
            yield [stack.enter_context(made) for made in listen()], index

    def _listen_for_data(self) -> Sequence[socket.socket]:
        return (listening(socket.SOCK_STREAM, self._data_address(), self._port(), self.intf),)

    def _look(self, index: int) -> None:
        """What a second may have changed. Raises OSError: the interface is lost, or another one has its name."""
        self._addresses.refresh()
        if refuse_lost(self.intf) != index:
            raise OSError(f"the interface {self.intf} was made anew")

    def _take(self, heard: socket.socket, deliver: Callable[[str, bytes], None]) -> bool:
        """Hand over what has arrived, as far as the budget goes; False: there may be more, and none of it was within the budget."""
        members, admitted = self._addresses.members(), 0
        for _ in range(_IN_A_ROW):
            try:
                beat, source = heard.recvfrom(LARGEST_BEAT + 1)
            except BlockingIOError:
                return True
            address = plain(str(source[0]))
            if self._is_own(source) or not 0 < len(beat) <= LARGEST_BEAT:
                continue
            if self._budget.admits(address, members, time.monotonic()):
                admitted += 1
                deliver(address, beat)
        return admitted > 0

    def _is_own(self, _source: tuple[Any, ...]) -> bool:
        """Whether a datagram is one that this link sent."""
        return False
