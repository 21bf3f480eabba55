"""One process, told apart from a later one that has the same number."""

from __future__ import annotations

from typing import NamedTuple


class ProcessId(NamedTuple):
    """One process for good: a number may be used again, number and start time (clock ticks since boot) are not."""

    pid: int
    started: int
