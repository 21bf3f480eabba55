"""A part of the daemon: one of its processes, begun, watched, and begun again when it ends."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from typing import Final

from opensvc_daemon.supervision.process import Process, reap

# How long until a part that ended is begun again: twice as long each time, and from the beginning once it has lived for a while.
SHORTEST: Final = 0.2
LONGEST: Final = 5.0
SETTLED: Final = 30.0
_TAIL: Final = 4096


class Part:
    """A process with what it is begun by.

    `log` is the file of its standard output and error, begun anew each time: what it says last is why it ended.
    """

    def __init__(self, name: str, argv: Sequence[str], log: str) -> None:
        self.name, self.log = name, log
        self.process: Process | None = None
        self.fd: int | None = None
        self.restarts = 0
        self.due: float | None = None
        self._argv = list(argv)
        self._pause, self._begun = SHORTEST, 0.0

    @property
    def is_alive(self) -> bool:
        """It was alive when it was last looked at."""
        return self.process is not None

    def begin(self, now: float) -> None:
        """Begin it, in a session of its own: a ^C on our terminal is ours."""
        os.makedirs(os.path.dirname(self.log), exist_ok=True)  # noqa: PTH103, PTH120 - pathlib costs more memory than all of this
        output = (os.POSIX_SPAWN_OPEN, 1, self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o640)
        pid = os.posix_spawn(
            self._argv[0],
            self._argv,
            os.environ,
            file_actions=[(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0), output, (os.POSIX_SPAWN_DUP2, 1, 2)],
            setsid=True,
            setsigmask=(),
            setsigdef=(signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD, signal.SIGPIPE),
        )
        try:
            self.process, self.fd = Process.child(pid), os.pidfd_open(pid)
        except OSError:  # no room for it now: nobody would know when it ends, and another one is begun later
            self.process = None
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise
        self._begun, self.due = now, None

    def adopt(self, process: Process, now: float) -> bool:
        """Take a process that an earlier supervisor has begun; False: it has ended."""
        descriptor = process.open()
        if descriptor is None:
            return False
        self.process, self.fd, self._begun = process, descriptor, now
        return True

    def ended(self, now: float) -> int | None:
        """Note that it has ended, and when it is due again; its exit code, None for one that was adopted."""
        assert self.process is not None
        code = reap(self.process.pid)
        if self.fd is not None:
            os.close(self.fd)
        if now - self._begun >= SETTLED:
            self._pause = SHORTEST
        self.process, self.fd, self.due = None, None, now + self._pause
        self._pause = min(self._pause * 2, LONGEST)
        return code

    def begin_again(self, now: float) -> None:
        """Begin it, and count that; where there is no process or no room for it now, it is due later."""
        self.restarts += 1
        try:
            self.begin(now)
        except OSError:
            self.due = now + self._pause
            self._pause = min(self._pause * 2, LONGEST)

    def last_words(self) -> str:
        """The last line that it wrote, or an empty text."""
        try:
            with open(self.log, "rb") as file:  # noqa: PTH123
                file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL))
                lines = [line.strip() for line in file.read().decode(errors="replace").splitlines()]
        except OSError:
            return ""
        return next((line for line in reversed(lines) if line), "")


def how(code: int | None) -> str:
    """How a process ended, in words."""
    if code is None:
        return "ended"
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def now() -> float:
    """Seconds on the clock by which parts are begun again."""
    return time.monotonic()
