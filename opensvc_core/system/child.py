"""A child: the process of a command, its output, and its end."""

from __future__ import annotations

import contextlib
import math
import os
import select
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from opensvc_core.errors import ActionFailed
from opensvc_core.model.operations import CommandResult
from opensvc_core.model.process import ProcessId
from opensvc_core.system.output import Lines, OnLine, PipeReader, Reader, TailReader, open_output
from opensvc_core.system.processes import send, session_of

# How often a file is looked at for new lines.
_TAIL_INTERVAL: Final = 0.05
# How often the child is looked at, where the kernel tells its end by no descriptor.
_LOOK_INTERVAL: Final = 0.02


class Child:
    """A process that leads its own session. It is reaped by `close` only, so that its number stays its own until then."""

    def __init__(self, process: subprocess.Popen[bytes], readers: Sequence[Reader]) -> None:
        self.pid = process.pid
        self._process, self._readers = process, readers
        self._pidfd = _pidfd(process.pid)
        self._tails = [reader for reader in readers if reader.descriptor is None]
        self._interval = min(_LOOK_INTERVAL if self._pidfd is None else math.inf, _TAIL_INTERVAL if self._tails else math.inf)
        self._poll = select.poll()
        self._by_descriptor = {reader.descriptor: reader for reader in readers if reader.descriptor is not None}
        for descriptor in (*self._by_descriptor, *(() if self._pidfd is None else (self._pidfd,))):
            self._poll.register(descriptor, select.POLLIN)

    def attend(self, seconds: float) -> bool:
        """Wait up to so many seconds for output or the end, pass the output on. True: the child has ended.

        What others that have its pipe write after its end is not waited for.
        """
        wait = max(0.0, min(seconds, self._interval))
        ready = self._poll.poll(None if math.isinf(wait) else math.ceil(wait * 1000))
        if self.has_ended():
            for reader in self._readers:
                reader.read()
            return True
        for descriptor, _ in ready:
            if descriptor in self._by_descriptor and not self._by_descriptor[descriptor].read():
                self._poll.unregister(descriptor)
        for tail in self._tails:
            tail.read()
        return False

    def has_ended(self) -> bool:
        """Whether its process has ended. It can still be waited for."""
        try:
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:
            return True

    def signal_group(self, number: int) -> None:
        """Send a signal to all of its process group at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def signal_until_ended(self, others: Callable[[], set[ProcessId]], number: int, patience: float) -> list[ProcessId]:
        """Signal its session, and the others; return those that have not ended after `patience` seconds."""
        until = time.monotonic() + patience
        self.signal_group(number)
        told: set[ProcessId] = set()
        while left := {*session_of(self.pid), *others()}:
            for process in left - told:
                with contextlib.suppress(PermissionError):
                    send(process, number)
            # SIGTERM once, for a second one makes some programs stop cleaning up; SIGKILL to all that is born meanwhile
            told |= left
            if time.monotonic() >= until:
                break
            self.attend(0)
            time.sleep(0.01)
        self.attend(0)  # its last words
        return sorted(left)

    def close(self) -> None:
        """Reap it if it has ended, pass on a last line without an end, read no more."""
        if self.has_ended():
            self._process.wait()
        else:
            # It is left to go on: keeps Popen from warning of that.
            self._process.returncode = 0
        with contextlib.ExitStack() as stack:
            if self._pidfd is not None:
                stack.callback(os.close, self._pidfd)
            for reader in self._readers:
                stack.callback(reader.close)
                stack.callback(reader.lines.finish)

    def result(self, seconds: float) -> CommandResult:
        """What it came to, after `close`."""
        texts = {reader.lines.stream: reader.lines.text for reader in self._readers}
        return CommandResult(self._process.returncode, texts.get("stdout", ""), texts.get("stderr", ""), seconds, self.pid)


@contextlib.contextmanager
def output_file(path: str, on_line: OnLine | None, keep: int) -> Iterator[tuple[int, list[Reader]]]:
    """Where an application writes, and the reader of what it adds there; without a path its output is dropped.

    A file and not a pipe, for an application outlives us, and a pipe without a reader ends who writes to it.
    """
    if not path:
        yield subprocess.DEVNULL, []
        return
    with contextlib.ExitStack() as opened:
        try:
            descriptor = open_output(Path(path), keep)
            opened.callback(os.close, descriptor)
            reader = TailReader(Path(path), Lines("stdout", on_line, keep))
        except OSError as exc:
            raise ActionFailed(f"cannot write {path}: {exc.strerror}") from exc
        try:
            yield descriptor, [reader]
        except BaseException:
            reader.close()
            raise


def pipe_readers(process: subprocess.Popen[bytes], on_line: OnLine | None, keep: int) -> list[Reader]:
    """The readers of the pipes that a process was started with."""
    pipes = {"stdout": process.stdout, "stderr": process.stderr}
    return [PipeReader(pipe, Lines(stream, on_line, keep)) for stream, pipe in pipes.items() if pipe]


def _pidfd(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except OSError:  # older kernels (< 5.3) and sandboxes have none
        return None
