"""The pace: when the next beat is due, and how close together two may be."""

from __future__ import annotations

from math import inf
from typing import Final

# Seconds between two beats that news are the reason of.
SPACING: Final = 0.005


class Pace:
    """When to speak next."""

    def __init__(self) -> None:
        self._next, self._spoke = -inf, -inf
        self.has_news = False

    def want_news(self) -> None:
        """As soon as may be."""
        self.has_news = True

    def want_soon(self, now: float, interval: float) -> None:
        """Sooner than at the end of the interval, and not as often as somebody likes who sends old beats again."""
        self._next = min(self._next, max(now, self._spoke + interval / 4))

    def due(self, *, has_news: bool) -> float:
        """The moment."""
        return min(self._next, self._spoke + SPACING) if has_news else self._next

    def is_due(self, now: float, *, has_news: bool) -> bool:
        """Whether it has come."""
        return now >= self.due(has_news=has_news)

    def spoke(self, now: float, interval: float) -> None:
        """A beat goes out now."""
        self._next, self._spoke, self.has_news = now + interval, now, False
