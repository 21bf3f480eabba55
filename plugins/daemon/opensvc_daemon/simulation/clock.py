"""The clock of one node: monotonic, a little fast or slow, and standing still where a hypervisor stops it."""

from __future__ import annotations


class Clock:
    """Seconds of a node's own. `rate`: how many it counts in a true one. The wall clock beside it is there to show that nobody reads it."""

    def __init__(self, rate: float = 1.0, start: float = 0.0) -> None:
        self.rate = rate
        self.wall = 0.0
        self._start = start

    def read(self, true: float) -> float:
        """What it shows at a moment of true time."""
        return (true - self._start) * self.rate

    def true_seconds(self, own: float) -> float:
        """How long it needs to count so many seconds."""
        return own / self.rate

    def stand_still(self, true_seconds: float) -> None:
        """Count nothing for a while, after the fact."""
        self._start += true_seconds

    def begin(self, true: float) -> None:
        """Start from zero, as at a boot."""
        self._start = true
