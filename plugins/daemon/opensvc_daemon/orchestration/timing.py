"""Time in a decision: what is past, and when to decide anew."""

from __future__ import annotations


class Timer:
    """A moment, and the earliest later one at which something that was asked here becomes true.

    Every comparison with time goes through it, so that an unchanged view needs no decision before `wake`.
    """

    __slots__ = ("now", "wake")

    def __init__(self, now: float) -> None:
        self.now = now
        self.wake: float | None = None

    def has_passed(self, since: float, seconds: float) -> bool:
        """Whether so many seconds have passed since a moment."""
        moment = since + seconds
        if self.now >= moment:
            return True
        if self.wake is None or moment < self.wake:
            self.wake = moment
        return False

    def left(self, since: float, seconds: float) -> str:
        """The whole seconds still to pass, as text."""
        return f"{max(0.0, since + seconds - self.now):.0f}s"
