"""The outbox: what is to be said of leases, when a beat has no room for all of it at once.

What is new goes first, in its order; what was said before is said once or twice more, the longest unsaid first, as beats get lost.
"""

from __future__ import annotations

from typing import Final, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

# How often each thing is said: over a link that loses every third beat it arrives 26 times out of 27.
TIMES: Final = 3


class Outbox(Generic[K, V]):
    """Things to say by key: a later one takes the place of an earlier one. `size` is what each takes in a beat, in bytes."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._new: dict[K, V] = {}
        self._said: dict[K, tuple[V, int]] = {}

    @property
    def has_news(self) -> bool:
        """Something has never been said."""
        return bool(self._new)

    def put(self, key: K, value: V) -> None:
        """Say this, soon."""
        self._said.pop(key, None)
        self._new[key] = value

    def drop(self, key: K) -> None:
        """Say no more of it."""
        self._new.pop(key, None)
        self._said.pop(key, None)

    def clear(self) -> None:
        """Say nothing."""
        self._new.clear()
        self._said.clear()

    def take(self, room: int) -> tuple[dict[K, V], int]:
        """What the next beat says, and the room that is left."""
        count = max(room // self.size, 0)
        news = {key: self._new.pop(key) for key in list(self._new)[:count]}
        again = {key: self._said[key] for key in list(self._said)[: count - len(news)]}
        for key, (value, left) in again.items():
            del self._said[key]
            self._remember(key, value, left - 1)
        for key, value in news.items():
            self._remember(key, value, TIMES - 1)
        found = {**news, **{key: value for key, (value, _) in again.items()}}
        return found, room - len(found) * self.size

    def _remember(self, key: K, value: V, left: int) -> None:
        if left > 0:
            self._said[key] = (value, left)
