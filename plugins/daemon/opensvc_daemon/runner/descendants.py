"""Descendants: what a process has started, ended with it."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path


def kill_with_descendants(pid: int) -> None:
    """SIGKILL to a process, and to all that it has started, without waiting for their end.

    What the kernel holds ends when it lets go. Parents before children, so that none starts another.
    """
    parents = dict(_parents())
    wave = {pid}
    while wave:
        for each in wave:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(each, signal.SIGKILL)
        wave = {child for child, parent in parents.items() if parent in wave}


def _parents() -> list[tuple[int, int]]:
    """The parent of each process, see proc(5), stat."""
    found: list[tuple[int, int]] = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with suppress(OSError, ValueError):
                fields = Path(f"/proc/{entry.name}/stat").read_bytes().rpartition(b")")[2].split()
                found.append((int(entry.name), int(fields[1])))
    return found
