"""Processes: their end is told by pidfds (pidfd_open(2)), also of those that are nobody's children here."""

from __future__ import annotations

import contextlib
import os
from functools import partial
from pathlib import Path

from opensvc_daemon.runner.loop import Loop
from opensvc_daemon.runner.watching.source import Changed


class Pids:
    """A source for `pid`: targets are number and start time, as field 22 of /proc/PID/stat has it."""

    def __init__(self, loop: Loop, changed: Changed) -> None:
        self._loop, self._changed = loop, changed
        self._open: dict[str, int] = {}

    def add(self, target: str, since: float) -> bool:
        if target in self._open:
            return False
        pid, started = map(int, target.split())
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return True
        except OSError:  # older kernels (< 5.3) and sandboxes have no such descriptors
            return False
        if started_at(pid) != started:  # compared after the descriptor is open: the number is another's by now
            os.close(descriptor)
            return True
        self._open[target] = descriptor
        self._loop.attend(descriptor, partial(self._ended, target))
        return False

    def remove(self, target: str) -> None:
        if (descriptor := self._open.pop(target, None)) is not None:
            self._loop.leave(descriptor)
            os.close(descriptor)

    def close(self) -> None:
        for target in list(self._open):
            self.remove(target)

    def _ended(self, target: str) -> None:
        self.remove(target)
        self._changed(target)


def started_at(pid: int) -> int | None:
    """When a process was started, in clock ticks since boot; None where it has gone."""
    with contextlib.suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[19])
    return None
