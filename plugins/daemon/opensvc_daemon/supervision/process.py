"""A process, told apart from a later one of the same number by when it started (proc(5), /proc/PID/stat)."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import NamedTuple


class Process(NamedTuple):
    """Its number, and when it started, in ticks since the boot."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> Process | None:
        """The process that has the number now, unless it has ended and only waits for its parent."""
        facts = _facts(pid)
        return None if facts is None or facts[1] in (b"Z", b"X", b"x") else facts[0]

    @classmethod
    def child(cls, pid: int) -> Process:
        """A child of ours that was not waited for yet: it has its number, also when it has ended."""
        facts = _facts(pid)
        return facts[0] if facts else cls(pid, 0)

    @property
    def is_alive(self) -> bool:
        """It has not ended."""
        return Process.of(self.pid) == self

    def open(self) -> int | None:
        """A descriptor that becomes readable when it ends; None: it has ended."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except OSError:
            return None
        if self.is_alive:  # compared after the descriptor is open: from here on the number can't pass to another unseen
            return descriptor
        os.close(descriptor)
        return None

    def send(self, number: int) -> bool:
        """Send a signal to it and to nothing else; False: it has ended. Raises PermissionError."""
        descriptor = self.open()
        if descriptor is None:
            return False
        try:
            signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(descriptor)
        return True

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended; False: it has not, in that time."""
        import select  # noqa: PLC0415 - most of our time nobody waits

        descriptor = self.open()
        if descriptor is None:
            return True
        try:
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            return bool(poll.poll(seconds * 1000))
        finally:
            os.close(descriptor)


def _facts(pid: int) -> tuple[Process, bytes] | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - pathlib would be most of this process' memory
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return Process(pid, int(fields[19])), fields[0]


def reap(pid: int) -> int | None:
    """How a child of ours ended: its exit code, or minus its signal; None for one that is not our child, or has not ended."""
    with suppress(ChildProcessError):
        found, status = os.waitpid(pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if found else None
    return None
