"""Addresses of peers: names are resolved in the background, and the last good address is kept."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Condition, Thread
from typing import Final

from opensvc_heartbeats.sockets import asked

_AGAIN: Final = 30.0
_AGAIN_AFTER_FAILURE: Final = 2.0


@dataclass
class _Known:
    """What is known of a host: its addresses, the best one first, when to ask again, and why the last attempt failed."""

    host: str
    addresses: tuple[str, ...] = ()
    due: float = 0.0
    failure: str = ""
    is_asked: bool = False


def literal(host: str) -> tuple[str, ...]:
    """The address that a text is, or nothing: it is a name."""
    try:
        return _asked(host, socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return ()


def resolved(host: str) -> tuple[str, ...]:
    """The addresses of a name, in the order of preference. Raises OSError. Source of the order: RFC 6724, by getaddrinfo."""
    return _asked(host, 0)


def plain(address: str) -> str:
    """An address as it is written: an IPv4 address that arrived on a socket of both families without the IPv6 around it."""
    return address.removeprefix("::ffff:") if "." in address else address


def _asked(host: str, flags: int) -> tuple[str, ...]:
    found = socket.getaddrinfo(asked(host), None, type=socket.SOCK_DGRAM, flags=flags)
    return tuple(dict.fromkeys(plain(str(address[0])) for *_, address in found))


class Addresses:
    """Of each peer the addresses that its host (a name or an address) has.

    `resolve` answers a name with addresses, or raises OSError; it may take its time, it is called in a thread of its own.
    """

    def __init__(
        self,
        hosts: Mapping[str, str],
        resolve: Callable[[str], tuple[str, ...]] = resolved,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._resolve, self._clock, self._changed = resolve, clock, Condition()
        self._known = {peer: _Known(host, literal(host)) for peer, host in hosts.items()}
        for known in self._known.values():
            known.due = float("inf") if known.addresses else 0.0

    def of(self, peer: str) -> tuple[str, ...]:
        """The addresses of a peer; none while its name was never resolved."""
        return self._known[peer].addresses

    def members(self) -> frozenset[str]:
        """All addresses of all peers."""
        return frozenset(address for known in self._known.values() for address in known.addresses)

    def troubles(self) -> dict[str, str]:
        """By peer, what is wrong with its name."""
        return {peer: _trouble(known) for peer, known in self._known.items() if known.failure}

    def refresh(self) -> None:
        """Ask anew for what is due, without waiting for it."""
        with self._changed:
            now = self._clock()
            due = [known for known in self._known.values() if known.due <= now and not known.is_asked]
            for known in due:
                known.is_asked = True
        for known in due:
            Thread(target=self._ask, args=(known,), name=f"resolve {known.host}", daemon=True).start()

    def wait_for(self, peer: str, seconds: float) -> tuple[str, ...]:
        """The addresses of a peer, waiting for the first ones at most so long. Raises OSError: there are none."""
        known = self._known[peer]
        self.refresh()
        with self._changed:
            self._changed.wait_for(lambda: known.addresses or not known.is_asked, seconds)
        if not known.addresses:
            raise OSError(f"{peer}: {_trouble(known) if known.failure else f'the name {known.host} is still being resolved'}")
        return known.addresses

    def _ask(self, known: _Known) -> None:
        found: tuple[str, ...] = ()
        failure = ""
        try:
            found = self._resolve(known.host)
        except (OSError, UnicodeError) as error:
            failure = getattr(error, "strerror", None) or str(error)
        with self._changed:
            known.addresses, known.failure = found or known.addresses, failure
            known.due = self._clock() + (_AGAIN if found else _AGAIN_AFTER_FAILURE)
            known.is_asked = False
            self._changed.notify_all()


def _trouble(known: _Known) -> str:
    last = f"; its last address {known.addresses[0]} is used" if known.addresses else ""
    return f"the name {known.host} does not resolve ({known.failure}){last}"
