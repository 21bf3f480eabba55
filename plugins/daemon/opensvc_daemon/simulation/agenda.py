"""The agenda: what happens when, in true time. The only clock that moves is this one.

What happens again and again (a beat each second) is kept apart as pulses. While the world is at rest a leap skips those that could
change nothing: each goes on at a later point of its own grid, and the last few before the next event happen in full.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from math import inf

Do = Callable[[], None]
# Seconds of pulses that happen in full before whatever comes next, and the shortest leap that is worth its while.
FULL, SHORTEST = 5.0, 4.0


class Agenda:
    """Things to do, in the order of their moments, and of their entry where moments are equal. `now` is in seconds of true time.

    `leap` is asked whether the world is at rest; it is told by how much the pulses of each owner went on.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.steps = 0
        self.is_at_rest: Callable[[], bool] = lambda: False
        self.leapt: Callable[[float], None] = lambda seconds: None
        self._heap: list[tuple[float, int, Do]] = []
        self._pulses: list[tuple[float, int, float, Do]] = []
        self._entries = 0

    def at(self, moment: float, do: Do) -> None:
        """Do something at a moment, or now if that is past."""
        self._entries += 1
        heappush(self._heap, (moment if moment > self.now else self.now, self._entries, do))

    def after(self, seconds: float, do: Do) -> None:
        """Do something that much later."""
        self.at(self.now + seconds, do)

    def pulse(self, seconds: float, do: Do) -> None:
        """Do something that much later which does the same again, and again."""
        self._entries += 1
        heappush(self._pulses, (self.now + seconds, self._entries, seconds, do))

    def run(self, until: float, goes_on: Callable[[], bool] = lambda: True) -> None:
        """Do everything up to a moment, and leave time there; or stop as soon as it does not go on."""
        heap, pulses = self._heap, self._pulses
        while True:
            event, pulse = heap[0][0] if heap else inf, pulses[0][0] if pulses else inf
            if min(event, pulse) > until:
                break
            if event <= pulse:
                self.now, _, do = heappop(heap)
            else:
                rest = min(event, until) - FULL - pulse
                if rest > SHORTEST and self.is_at_rest():
                    self._leap(rest)
                    continue
                self.now, _, _, do = heappop(pulses)
            self.steps += 1
            do()
            if not goes_on():
                return
        self.now = max(self.now, until)

    def _leap(self, seconds: float) -> None:
        """Skip whole periods of each pulse."""
        begin = self._pulses[0][0]
        for place, (moment, entry, period, do) in enumerate(self._pulses):
            skipped = max(0, int((begin + seconds - moment) / period)) * period
            self._pulses[place] = (moment + skipped, entry, period, do)
        heapify(self._pulses)
        self.leapt(seconds)
