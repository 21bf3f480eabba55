"""Waits of threads that another thread can end."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock


class Waker:
    """Ends waits. Each thread that waits has an eventfd of its own, so that none takes the wake-up of another."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: set[int] = set()
        self.is_closed = False

    @contextmanager
    def waiting(self) -> Iterator[int]:
        """The descriptor that becomes readable when `wake` is called."""
        woken = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        with self._lock:
            self._waiting.add(woken)
        try:
            yield woken
        finally:
            with self._lock:  # nobody writes to a descriptor that is another one by then
                self._waiting.discard(woken)
                os.close(woken)

    def wake(self) -> None:
        """End the waits of now."""
        with self._lock:
            for woken in self._waiting:
                os.eventfd_write(woken, 1)

    def close(self) -> None:
        """End the waits for good."""
        self.is_closed = True
        self.wake()


def readable(files: Sequence[int], seconds: float) -> frozenset[int]:
    """Those of some descriptors that can be read, waiting for one at most so long; eventfds among them are emptied by `drain`."""
    poll = select.poll()
    for file in files:
        poll.register(file, select.POLLIN)
    return frozenset(file for file, _ in poll.poll(max(0.0, seconds) * 1000))


def drain(woken: int) -> None:
    """Forget the wake-ups of a descriptor."""
    try:
        os.eventfd_read(woken)
    except BlockingIOError:
        return
