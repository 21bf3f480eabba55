"""Threads that do several things side by side, and are waited for also when the wait is interrupted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final

# A thread that has not begun after so many seconds never will: the interruption came before its start.
_BEGINNING: Final = 1.0


class _Worker(threading.Thread):
    """A thread that tells when it has ended; `join` does not, once it was interrupted (Python issue 89437)."""

    def __init__(self, name: str, task: Callable[[], None]) -> None:
        super().__init__(name=name)
        self._task, self._ended = task, threading.Event()

    def run(self) -> None:
        try:
            self._task()
        finally:
            self._ended.set()

    def wait(self) -> None:
        """Wait for its end, if it has begun."""
        while not self._ended.wait(_BEGINNING) and self.ident is not None:
            pass


def do_all(tasks: Sequence[tuple[str, Callable[[], None]]], interrupt: Callable[[], None]) -> None:
    """Do named tasks, each in a thread, and return when all have ended; they raise nothing.

    A KeyboardInterrupt meanwhile calls `interrupt`, which has to make them end, and is raised again when they have.
    """
    workers = [_Worker(name, task) for name, task in tasks]
    try:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.wait()
    except KeyboardInterrupt:
        interrupt()
        for worker in workers:
            worker.wait()
        raise
