"""The turn: one docker daemon after the other starts on a node.

A daemon that starts makes anew the chains of the packet filter that all of them share; two at once find them gone.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_FILE: Final = "/run/opensvc-docker.lock"
# Longer than a daemon may take; after that it is tried all the same.
_PATIENCE: Final = 60.0


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait for the turn and keep it. Who may not write there starts no daemon, and needs none."""
    try:
        descriptor = os.open(_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        yield
        return
    try:
        _wait(descriptor)
        yield
    finally:
        os.close(descriptor)


def _wait(descriptor: int) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.05)
        else:
            return
