"""Data by the disk: a message for one node at a time in the sender's slot, and in the receiver's slot what it has taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Final

from opensvc_driver_hb_disk.pages import (
    DATA,
    HEAD,
    TAKEN,
    Page,
    Taken,
    Unreadable,
    announced_of,
    digest,
    page_of,
    said,
    taken_of,
    taken_page,
)

if TYPE_CHECKING:
    from opensvc_driver_hb_disk.device import Device

# A message takes this long at most, in seconds; so often its sender looks whether it was taken.
LONGEST: Final = 5.0
_LOOK: Final = 0.05


class Giving:
    """Hands messages to peers, one after the other. `opened` gives the device, and raises OSError."""

    def __init__(self, opened: Callable[[], Device], node: str, writer: bytes) -> None:
        self._opened, self._node, self._writer = opened, node, writer
        self._lock, self._number = Lock(), 0
        self._device: Device | None = None

    def give(self, peer: str, message: bytes, wait: Callable[[float], object]) -> None:
        """Write a message and wait until the peer has taken it. Raises OSError."""
        until = monotonic() + LONGEST
        if not self._lock.acquire(timeout=LONGEST):
            raise OSError(f"{peer}: messages to other nodes took all of {LONGEST:.0f} s")
        try:
            self._give(self._device or self._opened(), peer, message, lambda seconds: wait(_within(until, seconds, peer)))
        except OSError:
            self._forget()
            raise
        finally:
            self._lock.release()

    def close(self) -> None:
        """Give the device back, unless a message is under way: who sends it does that then."""
        if self._lock.acquire(blocking=False):
            self._forget()
            self._lock.release()

    def _give(self, device: Device, peer: str, message: bytes, wait: Callable[[float], object]) -> None:
        self._device = device
        own = device.claimed(self._node, wait)
        theirs = device.claims().get(peer)
        if theirs is None:
            raise OSError(f"{peer} has no slot on {device.path} yet: its heartbeat does not run")
        self._number += 1
        device.write_message(own, message)
        announced = said(to=peer, length=len(message), digest=digest(message).hex())
        device.write(own, HEAD, Page(DATA, self._writer, self._number, announced))
        while taken_of(device.page(theirs, TAKEN)).get(own) != Taken(self._writer, self._number):
            wait(_LOOK)

    def _forget(self) -> None:
        device, self._device = self._device, None
        if device:
            device.close()


class Taking:
    """Takes the messages that are for this node."""

    def __init__(self, device: Device, node: str, slot: int, writer: bytes) -> None:
        self._device, self._node, self._slot, self._writer = device, node, slot, writer
        self._taken, self._number = taken_of(device.page(slot, TAKEN)), 0

    def look(self, slots: Mapping[str, int], deliver: Callable[[bytes], None]) -> None:
        """Hand over what stands in the slots of peers and was not taken yet. Raises OSError."""
        for slot in slots.values():
            message = self._found(slot)
            if message:
                deliver(message)
                self._confirm()

    def _found(self, slot: int) -> bytes:
        """A whole message for this node that is new; empty: there is none."""
        try:
            page = page_of(self._device.page(slot, HEAD), DATA)
            announced = announced_of(page)
        except Unreadable:
            return b""
        found = Taken(page.writer, page.number)
        if announced.to != self._node or self._taken.get(slot) == found:
            return b""
        message = self._device.message(slot, announced.length)
        if digest(message) != announced.digest:
            return b""  # is being written over
        self._taken[slot] = found
        return message

    def _confirm(self) -> None:
        if not self._device.has(self._node, self._slot):
            raise OSError(f"{self._device.path}: slot {self._slot} is no longer of {self._node}; was the disk prepared anew?")
        self._number += 1
        self._device.write(self._slot, TAKEN, taken_page(self._writer, self._number, self._taken))


def _within(until: float, seconds: float, peer: str) -> float:
    """So long a wait, as far as there is time. Raises TimeoutError."""
    left = until - monotonic()
    if left <= 0:
        raise TimeoutError(f"{peer} has not taken the message within {LONGEST:.0f} s")
    return min(seconds, left)
