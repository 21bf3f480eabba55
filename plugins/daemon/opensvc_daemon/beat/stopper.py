"""The stopper: runs the stop of services whose lease ends, each in a session of its own, again and again until they are down."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable
from math import inf
from typing import Final, NamedTuple

from opensvc_daemon.beat.loop import Loop

# Seconds between two tries.
AGAIN: Final = 0.5


class _Run(NamedTuple):
    pid: int
    pidfd: int
    limit: float


class Stopper:
    """`argv` gives the command that stops a service; it ends with 0 when the service is down."""

    def __init__(self, argv: Callable[[str], list[str]], loop: Loop) -> None:
        self._argv, self._loop = argv, loop
        self.limit = 5.0  # seconds that one try may take
        self._runs: dict[str, _Run] = {}
        self._due: dict[str, float] = {}
        self._ended: list[tuple[str, int]] = []

    def begin(self, service: str) -> None:
        """Stop this, beginning with the next `tick`."""
        self._due.setdefault(service, -inf)

    def tick(self, now: float) -> list[tuple[str, int]]:
        """Begin what is due, end what takes too long; returns the tries that have ended, with their codes."""
        ended, self._ended = self._ended, []
        for service, code in ended:
            if code == 0:
                self._due.pop(service, None)
            else:
                self._due[service] = now + AGAIN
        for service, due in list(self._due.items()):
            if now >= due and service not in self._runs:
                self._runs[service] = self._run(service, now)
        for run in self._runs.values():
            if now >= run.limit:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(run.pid, signal.SIGKILL)
        return ended

    def deadline(self) -> float:
        """When to tick next."""
        waiting = [due for service, due in self._due.items() if service not in self._runs]
        return min([*waiting, *(run.limit for run in self._runs.values())], default=inf)

    def _run(self, service: str, now: float) -> _Run:
        argv = self._argv(service)
        pid = os.posix_spawn(argv[0], argv, os.environ, setsid=True, setsigmask=(), setsigdef=(signal.SIGTERM, signal.SIGPIPE))
        pidfd = os.pidfd_open(pid)
        self._loop.watch(pidfd, lambda: self._reap(service))
        return _Run(pid, pidfd, now + self.limit)

    def _reap(self, service: str) -> None:
        run = self._runs.pop(service)
        self._loop.forget(run.pidfd)
        os.close(run.pidfd)
        _, status = os.waitpid(run.pid, 0)
        self._ended.append((service, os.waitstatus_to_exitcode(status)))
