"""The gate of a link: what is let in to be opened, so that floods cost little.

Addresses can be forged. So one from which good messages came is never shut out as a whole: it may fail so often in a second as costs some
percent of a processor. Strangers have much less, each and all together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

# Messages that may fail at once, and each second after that: from an address that sent good ones, from one that did not, from all of
# those together.
_KNOWN: Final = (1000.0, 500.0)
_STRANGE: Final = (20.0, 5.0)
_STRANGERS: Final = (100.0, 100.0)
# Addresses that are remembered.
_KEPT: Final = 256


class _Allowance:
    """Failures that are left, refilled with time."""

    __slots__ = ("_at", "_left", "_most", "_refill")

    def __init__(self, size: tuple[float, float], now: float) -> None:
        self._most, self._refill = size
        self._left, self._at = self._most, now

    def is_left(self, now: float) -> bool:
        self._left = min(self._most, self._left + (now - self._at) * self._refill)
        self._at = now
        return self._left >= 1

    def take(self) -> None:
        self._left -= 1


class Gate:
    """`clock` tells seconds. It may be asked by the thread that receives while another one reports what became of messages."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._known: dict[str, _Allowance] = {}
        self._strange: dict[str, _Allowance] = {}
        self._strangers = _Allowance(_STRANGERS, clock())
        self.shut_out = 0

    def lets_in(self, address: str) -> bool:
        """Whether a message from an address is worth to be opened."""
        now = self._clock()
        if (known := self._known.get(address)) is not None:
            is_in = known.is_left(now)
        else:
            is_in = self._of(address, now).is_left(now) and self._strangers.is_left(now)
            if is_in:
                self._strangers.take()  # until it was good it counts as a failure
        self.shut_out += not is_in
        return is_in

    def was_good(self, address: str) -> None:
        """A message from there could be opened, and said something."""
        if address not in self._known:
            self._make_room(self._known)
            self._strange.pop(address, None)
            self._known[address] = _Allowance(_KNOWN, self._clock())

    def was_bad(self, address: str) -> None:
        """A message from there could not be opened, or was old."""
        allowance = self._known.get(address) or self._strange.get(address)
        if allowance is not None:
            allowance.take()

    def _of(self, address: str, now: float) -> _Allowance:
        found = self._strange.get(address)
        if found is None:
            self._make_room(self._strange)
            found = self._strange[address] = _Allowance(_STRANGE, now)
        return found

    def _make_room(self, addresses: dict[str, _Allowance]) -> None:
        """The oldest goes."""
        if len(addresses) >= _KEPT:
            addresses.pop(next(iter(addresses)), None)
