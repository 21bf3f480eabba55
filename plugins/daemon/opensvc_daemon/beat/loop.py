"""The loop: waits for what can be read, for a moment, or for a thread that has news."""

from __future__ import annotations

import contextlib
import os
import selectors
from collections.abc import Callable
from math import inf


class Loop:
    """Calls are made in the thread that runs it."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._news = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.watch(self._news, self._heed)

    def watch(self, descriptor: int, call: Callable[[], None]) -> None:
        """Call this whenever there is something to be read."""
        self._selector.register(descriptor, selectors.EVENT_READ, call)

    def forget(self, descriptor: int) -> None:
        """No more; before it is closed."""
        with contextlib.suppress(KeyError):
            self._selector.unregister(descriptor)

    def wake(self) -> None:
        """End the wait that is under way, or the next one. For any thread, and for signals."""
        with contextlib.suppress(BlockingIOError):
            os.eventfd_write(self._news, 1)

    def wait(self, seconds: float) -> None:
        """Wait for so long at most, and make the calls that are due."""
        for key, _ in self._selector.select(None if seconds == inf else max(seconds, 0.0)):
            if key.fd in self._selector.get_map():  # a call before this one may have closed it
                key.data()

    def close(self) -> None:
        """Free what it has."""
        self._selector.close()
        os.close(self._news)

    def _heed(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._news)
