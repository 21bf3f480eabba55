"""The crew: the children of the runner, each forked from it with all that it has imported, and reaped when it has ended."""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import select
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from typing import Any, Final

from opensvc_daemon.channel import Channel
from opensvc_daemon.runner.loop import Loop

# What a child does, with its end of the channel to the runner; its exit code.
Work = Callable[[Channel], int]
_SIGNALS: Final = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
# More descriptors than programs expect: many processes are waited for. Children get the former limit back.
_FILES: Final = 65536


class Member:
    """A child: `ended` is called with its exit code (below zero: the signal that ended it), when it was reaped."""

    def __init__(self, pid: int, channel: Channel, ended: Callable[[int], None]) -> None:
        self.pid, self.channel, self.ended = pid, channel, ended

    def signal(self, number: int) -> None:
        """Send a signal to its process group. It is not reaped before we know: the number is its own."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def messages(self) -> list[dict[str, Any]]:
        """What it has told by now, without waiting for more."""
        poll = select.poll()
        poll.register(self.channel.fileno(), select.POLLIN)
        try:
            while poll.poll(0) and self.channel.pull():
                pass
        except ConnectionError:
            pass
        return list(self.channel.pending())


class Crew:
    """All children. Nothing but them is reaped."""

    def __init__(self, loop: Loop) -> None:
        self._loop, self._members = loop, dict[int, Member]()
        self._files = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._wake, wakened = socket.socketpair()
        for end in (self._wake, wakened):
            end.setblocking(False)
        self._wakened = wakened

    def begin(self) -> None:
        """Learn of children that end, and allow for many descriptors."""
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)  # a handler, so that the descriptor is written to
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        self._loop.attend(self._wakened.fileno(), self._reap)
        most = self._files[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(_FILES, most) if most != resource.RLIM_INFINITY else _FILES, most))

    def fork(self, work: Work, ended: Callable[[int], None]) -> Member:
        """Have a child do something, in a session of its own and with ordinary priority. Raises OSError."""
        ours, theirs = socket.socketpair()
        sys.stdout.flush()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            pid = os.fork()
            if pid == 0:
                self._work(work, theirs, before)
        except OSError:
            ours.close()
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            theirs.close()
        member = self._members[pid] = Member(pid, Channel(ours), ended)
        return member

    def _work(self, work: Work, socket_: socket.socket, mask: Any) -> None:
        """In the child: never returns."""
        code = 1
        try:
            os.setsid()
            signal.set_wakeup_fd(-1)
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            _close_all_but(socket_.fileno())
            resource.setrlimit(resource.RLIMIT_NOFILE, self._files)
            make_ordinary()
            gc.disable()  # it would touch, and so copy, all that is shared with the runner
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            code = work(Channel(socket_))
        except ConnectionError:
            code = 0  # the runner has gone
        except BaseException:  # noqa: BLE001 - the one catch-all of the child
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._wakened.recv(4096)
        for pid, member in list(self._members.items()):
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                del self._members[pid]
                member.ended(os.waitstatus_to_exitcode(status))
                member.channel.close()


def make_ordinary() -> None:
    """Give this process ordinary priority, and no protection from being ended for its memory: what it starts inherits both."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, 0)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:  # noqa: PTH123 - as proc(5) has it
        file.write("0")


def _close_all_but(kept: int) -> None:
    """Close what the runner has open: who is at the other end would not learn that it has gone.

    The objects that had the descriptors are still referred to by the callers of `fork`, so that none closes its number anew.
    """
    last = max(map(int, os.listdir("/proc/self/fd")))  # noqa: PTH208 - as numbers
    os.closerange(3, kept)
    os.closerange(kept + 1, last + 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
