"""Waits of tests: for a condition, up to a limit that only what is broken reaches."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")
# Seconds for what takes a moment on a quiet machine.
PATIENCE: Final = 60.0
_PAUSE: Final = 0.02


def wait_for(condition: Callable[[], T], what: object = "it does not come", *, seconds: float = PATIENCE) -> T:
    """What a condition comes to, once it holds.

    Raises AssertionError after so many seconds, with `what`; where that can be called, with what it tells then.
    """
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() >= end:
            raise AssertionError(f"in vain for {seconds:g} s: {what() if callable(what) else what}")
        time.sleep(_PAUSE)
    return found
