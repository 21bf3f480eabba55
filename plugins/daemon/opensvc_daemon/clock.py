"""The clock of the daemon: seconds since the node booted, time asleep included, the same for all its processes."""

from __future__ import annotations

import time


def now() -> float:
    """CLOCK_BOOTTIME in seconds: it never jumps, and counts while the machine is suspended; only differences mean something."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
