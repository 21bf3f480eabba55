"""The loop: waits for descriptors and moments, in one thread."""

from __future__ import annotations

import heapq
import itertools
import math
import select
from collections.abc import Callable

from opensvc_daemon.clock import now

Do = Callable[[], None]
READABLE = select.EPOLLIN
URGENT = select.EPOLLPRI


class Timer:
    """Something to be done at a moment, unless it is called off before."""

    def __init__(self, moment: float, do: Do) -> None:
        self.moment, self.do, self.is_off = moment, do, False

    def call_off(self) -> None:
        """Don't."""
        self.is_off = True


class Loop:
    """What is to be done when a descriptor has something, and when a moment has come. What raises ends the process: it is started anew."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._descriptors: dict[int, Do] = {}
        self._timers: list[tuple[float, int, Timer]] = []
        self._count = itertools.count()
        self.is_over = False

    def attend(self, descriptor: int, do: Do, events: int = READABLE) -> None:
        """Do it each time that the descriptor has something to read."""
        self._descriptors[descriptor] = do
        self._poll.register(descriptor, events)

    def leave(self, descriptor: int) -> None:
        """No more; before it is closed."""
        if self._descriptors.pop(descriptor, None) is not None:
            self._poll.unregister(descriptor)

    def after(self, seconds: float, do: Do) -> Timer:
        """Do it once, so many seconds from now."""
        timer = Timer(now() + seconds, do)
        heapq.heappush(self._timers, (timer.moment, next(self._count), timer))
        return timer

    def run(self) -> None:
        """Until it is over."""
        while not self.is_over:
            self.turn()

    def turn(self, longest: float = math.inf) -> None:
        """Wait for the next event, and deal with all that is due by then; not longer than so many seconds."""
        wait = min(longest, max(0.0, self._timers[0][0] - now()) if self._timers else math.inf)
        for descriptor, _ in self._poll.poll(None if math.isinf(wait) else wait):
            # one that was dealt with before it may have closed this one
            if do := self._descriptors.get(descriptor):
                do()
        while self._timers and self._timers[0][0] <= now():
            timer = heapq.heappop(self._timers)[2]
            if not timer.is_off:
                timer.do()
