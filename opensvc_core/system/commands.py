"""Commands: run on this host, their output passed on as it comes, ended with all of their processes when it is time."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from opensvc_core.errors import ActionInterrupted, ActionTimeout
from opensvc_core.model.operations import Command, CommandResult, Setting
from opensvc_core.model.process import ProcessId
from opensvc_core.system.cgroups import ControlGroups
from opensvc_core.system.child import Child, output_file, pipe_readers
from opensvc_core.system.interruptions import HeldOff
from opensvc_core.system.launch import identity_of, launch_argv, why_not_started, why_refused
from opensvc_core.system.output import OnLine
from opensvc_core.system.processes import KILL_PATIENCE

if TYPE_CHECKING:
    import threading

# The processes that left the session of a command and are ended with it.
_Strays = Callable[[], set[ProcessId]]
# Seconds between SIGTERM and SIGKILL.
GRACE: Final = 2.0
_KEPT_OUTPUT: Final = 1 << 20
# What a query finds is parsed: half of it is worth nothing.
_KEPT_ANSWER: Final = 64 << 20
# How often the request to cancel is looked at.
_CANCEL_INTERVAL: Final = 0.1


class CommandRunner:
    """Runs the commands of one action.

    Parameters: `lock_fd` is the descriptor of the action's lock, which its commands inherit, but applications don't;
    `cancel`, when set, ends the command that runs and refuses the next; `groups` is where control groups are made
    (default: looked for when a command asks for one; a host that allows none runs it without).

    `has_left_processes` tells that a command could not be ended, and still runs when its time-out is reported.

    Each command raises the auditing event `opensvc.command` with its program, which `sys.addaudithook` hears.
    """

    def __init__(self, lock_fd: int | None = None, cancel: threading.Event | None = None, *, groups: ControlGroups | None = None) -> None:
        self.has_left_processes = False
        self._lock_fd, self._cancel, self._groups = lock_fd, cancel, groups

    def cancel(self) -> None:
        """End what runs, where this may be asked for."""
        if self._cancel is not None:
            self._cancel.set()

    def run(self, command: Command, on_line: OnLine | None = None) -> CommandResult:
        """Run a command to its end; `on_line(stream, line)` is called as the lines come.

        A program that is missing (127) or can't be executed (126) is a result. Output beyond 1 MiB of each stream is
        passed on, and not kept. A detached command is left after `command.watch` seconds, with code 0.

        Raises ActionTimeout when its time is up, ActionInterrupted on SIGINT or when cancelled, each after its processes
        were ended; ActionFailed and ActionRefused for a setting that can't be given.
        """
        return self._run(command, on_line, _KEPT_OUTPUT)

    def _run(self, command: Command, on_line: OnLine | None, keep: int) -> CommandResult:
        started = time.monotonic()
        if self._is_cancelled():
            raise ActionInterrupted(f"{command}: not started, the action is interrupted", has_begun=False)
        group = self._make_group(command.setting.cgroup if command.setting else "")
        before = set(self._group_processes(group))
        is_group_ours = command.starts_application or command.detached

        def strays() -> set[ProcessId]:
            return set(self._group_processes(group)) - before if is_group_ours else set()

        with HeldOff() as interruptions:
            child = self._start(command, group, on_line, keep)
            if isinstance(child, CommandResult):
                return child
            with contextlib.closing(child):
                self._attend(child, command, strays, interruptions)
        return child.result(time.monotonic() - started)

    def _attend(self, child: Child, command: Command, strays: _Strays, interruptions: HeldOff) -> None:
        """Wait for the end, or until a detached command is left. From here on an interruption ends it."""
        limit = command.watch if command.detached else command.timeout
        started = time.monotonic()
        try:
            interruptions.let_in()
            has_ended = self._has_ended_within(child, math.inf if limit is None else limit)
        except KeyboardInterrupt:
            seconds = time.monotonic() - started
            raise ActionInterrupted(f"{command}: interrupted after {seconds:.1f}s; {self._end(child, strays)}") from None
        except BaseException:  # the reader of the lines has failed
            self._end(child, strays)
            raise
        if not has_ended and not command.detached:
            raise ActionTimeout(f"{command}: not ended after {limit:g}s; {self._end(child, strays)}")

    def _has_ended_within(self, child: Child, limit: float) -> bool:
        until = time.monotonic() + limit
        while not child.attend(min(until - time.monotonic(), _CANCEL_INTERVAL if self._cancel else math.inf)):
            if self._is_cancelled():
                raise KeyboardInterrupt
            if time.monotonic() >= until:
                return False
        return True

    def _end(self, child: Child, strays: _Strays) -> str:
        """End the session of a command, and the strays; say what that came to."""
        try:
            if not child.signal_until_ended(strays, signal.SIGTERM, GRACE):
                return "its processes were ended"
            left = child.signal_until_ended(strays, signal.SIGKILL, KILL_PATIENCE)
        except BaseException:  # a second interrupt asks for haste
            child.signal_group(signal.SIGKILL)
            raise
        if not left:
            return "its processes were ended"
        self.has_left_processes = True
        return f"pid {', '.join(str(process.pid) for process in left)} waits for the kernel and can't be ended"

    def _start(self, command: Command, group: str, on_line: OnLine | None, keep: int) -> Child | CommandResult:
        sys.audit("opensvc.command", command.argv[0])
        setting = command.setting or Setting()
        is_application = command.starts_application or command.detached
        # LVM complains on stderr about descriptors that it did not open, such as the lock's.
        ours = {} if is_application else {"LC_ALL": "C", "LVM_SUPPRESS_FD_WARNINGS": "1"}
        environment = {**os.environ, **ours, **setting.environment}
        directories = [str(path) for path in self._groups.entrances(group)] if self._groups and group else []
        argv = launch_argv(setting, command.argv, cgroup_dirs=directories, identity=identity_of(setting))
        if len(argv) > len(command.argv) and (problem := why_not_started(command.argv[0], environment, setting.cwd)):
            return CommandResult(problem[0], stderr=problem[1])
        inherited = () if self._lock_fd is None or is_application else (self._lock_fd,)
        try:
            if not (is_application or command.output):
                with _input(command.stdin) as source:
                    process = _popen(argv, setting, environment, subprocess.PIPE, inherited, source=source)
                return Child(process, pipe_readers(process, on_line, keep))
            with output_file(command.output, on_line, keep) as (target, readers):
                return Child(_popen(argv, setting, environment, target, inherited), readers)
        except OSError as exc:
            code, reason = why_refused(exc, command.argv[0], environment, setting.cwd)
            return CommandResult(code, stderr=reason)

    def _make_group(self, name: str) -> str:
        if not name:
            return ""
        self._groups = self._groups or ControlGroups.find()
        if self._groups is None:
            return ""
        self._groups.make(name)
        return name

    def _group_processes(self, group: str) -> list[ProcessId]:
        return self._groups.processes(group) if self._groups and group else []

    def _is_cancelled(self) -> bool:
        return self._cancel is not None and self._cancel.is_set()


def query(argv: Sequence[str], timeout: float = 10) -> CommandResult:
    """Run a command that only reads the host. Raises ActionTimeout and ActionInterrupted as `CommandRunner.run`."""
    return CommandRunner()._run(Command(argv, timeout=timeout), None, _KEPT_ANSWER)


@contextlib.contextmanager
def _input(text: str) -> Iterator[int]:
    """A descriptor to read a text from; a file in memory, so that nobody has to write while others read."""
    if not text:
        yield subprocess.DEVNULL
        return
    descriptor = os.memfd_create("stdin", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, text.encode("utf-8", "surrogateescape"))
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


def _popen(
    argv: Sequence[str],
    setting: Setting,
    environment: Mapping[str, str],
    output: int,
    inherited: Collection[int],
    *,
    source: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        argv,
        stdin=source,
        stdout=output,
        stderr=output,
        bufsize=0,
        env=environment,
        cwd=setting.cwd or None,
        umask=-1 if setting.umask is None else setting.umask,
        start_new_session=True,
        pass_fds=inherited,
    )
