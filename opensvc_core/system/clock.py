"""The clock: moments in UTC, intervals that no correction of the time disturbs."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """What tells the time; tests hand in one of their own."""

    def now(self) -> float:
        """The moment, in seconds since 1970-01-01 UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds since some point in the past; only differences mean something."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return after so many seconds."""
        ...


class SystemClock:
    """The clock of this host."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
