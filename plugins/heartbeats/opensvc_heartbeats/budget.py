"""A budget: how much of what arrives is looked at, so that a flood costs no more than a little of the processor."""

from __future__ import annotations

from collections.abc import Container
from typing import Final

# A node sends a beat each interval and one at each change; with the shortest intervals that is below this.
OF_A_MEMBER: Final = 200.0
# Who has another address than the one that is known (network address translation, several cards) is heard as long as nobody floods.
OF_STRANGERS: Final = 50.0
REMEMBERED: Final = 10.0


class Bucket:
    """So many a second, and as many at once."""

    def __init__(self, rate: float) -> None:
        self._rate, self._left, self._then = rate, rate, 0.0

    def spend(self, now: float) -> bool:
        """Whether one more is within the budget."""
        self._left = min(self._rate, self._left + (now - self._then) * self._rate)
        self._then = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Budget:
    """A bucket for each address of a member, and one for all strangers together."""

    def __init__(self) -> None:
        self._members: dict[str, Bucket] = {}
        self._strangers = Bucket(OF_STRANGERS)
        self.dropped, self._last, self._then = 0, "", 0.0

    def admits(self, address: str, members: Container[str], now: float) -> bool:
        """Whether what came from an address is to be looked at."""
        bucket = self._members.setdefault(address, Bucket(OF_A_MEMBER)) if address in members else self._strangers
        if bucket.spend(now):
            return True
        if now - self._then > REMEMBERED:
            self.dropped = 0
        self.dropped, self._last, self._then = self.dropped + 1, address, now
        return False

    def trouble(self, now: float) -> str:
        """What to say of a flood that is on, or an empty text."""
        if not self.dropped or now - self._then > REMEMBERED:
            return ""
        return f"more arrives than a cluster sends: {self.dropped} messages dropped, the last from {self._last}"
