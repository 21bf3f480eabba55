"""Cleans up behind a process that was killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def survived_by(clean: Callable[[], object]) -> Iterator[None]:
    """Where this process is killed in here (kill -9), another one, which no ^C reaches, cleans up behind it."""
    reading, writing = os.pipe()
    parent, caretaker = os.getpid(), os.fork()
    if not caretaker:
        os.close(writing)
        _care(clean, parent, reading)
    os.close(reading)
    try:
        yield
    finally:
        os.write(writing, b".")
        os.close(writing)
        os.waitpid(caretaker, 0)


def _care(clean: Callable[[], object], parent: int, reading: int) -> None:
    try:
        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if not os.read(reading, 1):
            while os.getppid() == parent:
                time.sleep(0.05)
            clean()
    finally:
        # nothing of the parent's: neither its buffers nor its own cleaning up
        os._exit(0)
