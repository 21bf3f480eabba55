"""Waits of tests: for a condition, up to a limit that only what is broken reaches."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")
# Seconds for what takes a moment on a quiet machine.
PATIENCE: Final = 60.0
# Seconds between two looks: at least; a share of the time that has passed, up to the longest.
_PAUSE: Final = 0.02
_LONGEST: Final = 0.25
_SHARE: Final = 0.05


def wait_for(condition: Callable[[], T], what: object = "it does not come", *, seconds: float = PATIENCE) -> T:
    """What a condition comes to, once it holds.

    Raises AssertionError after so many seconds, with `what`; where that can be called, with what it tells then.

    At most a fifth of the time is spent on looking, and less of a long one: what is waited for needs the processors.
    """
    began = looked = time.monotonic()
    while not (found := condition()):
        now = time.monotonic()
        if now >= began + seconds:
            raise AssertionError(f"in vain for {seconds:g} s: {what() if callable(what) else what}")
        time.sleep(max(_PAUSE, 4 * (now - looked), min((now - began) * _SHARE, _LONGEST)))
        looked = time.monotonic()
    return found
