"""The lock of an instance: one action at a time, until the last command of that action has ended.

It is a flock(2): it belongs to the open file, which the commands of an action inherit, so that an `e2fsck` whose agent
was killed still holds it. The file tells who took it, and is never deleted.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from opensvc_core.errors import ActionRefused, LockTimeout, OpensvcError
from opensvc_core.model.process import ProcessId
from opensvc_core.system.clock import Clock, SystemClock
from opensvc_core.system.processes import KILL_PATIENCE, all_pids, identify, is_alive, send

# A reader looks whether the lock is free by taking it for a moment: no wait is shorter than that moment.
_LEAST_WAIT = 0.03


class Holder(NamedTuple):
    """Who took a lock: a process (0: the note is not written yet), for which action, since when (UTC, seconds)."""

    pid: int = 0
    started: int = 0
    action: str = ""
    since: float = 0.0

    @property
    def process(self) -> ProcessId:
        """Who took it, told apart from a later process of the same number."""
        return ProcessId(self.pid, self.started)

    def __str__(self) -> str:
        if not self.pid:
            return "another process holds the lock"
        moment = time.strftime("%H:%M:%S", time.localtime(self.since))
        if is_alive(self.process):
            return f"'{self.action}' by pid {self.pid} holds the lock since {moment}"
        return f"a command that '{self.action}' by pid {self.pid} left running holds the lock since {moment}"


class InstanceLock:
    """The lock of one instance. `fd` is what the commands of the action inherit, None while we don't hold it.

    Parameters: `path` is the file; `name` is how messages call the instance (default: the name of the file's folder).
    """

    def __init__(self, path: Path, *, name: str = "", clock: Clock | None = None) -> None:
        self.path = path
        self.name = name or path.parent.name
        self.fd: int | None = None
        self._clock: Clock = clock or SystemClock()

    def acquire(self, action: str, *, wait: float) -> None:
        """Take the lock, waiting up to `wait` seconds.

        Raises LockTimeout when it is held for longer, ActionRefused when we may not write the file, RuntimeError when
        this lock holds it already.
        """
        if self.fd is not None:
            raise RuntimeError(f"{self.name}: this process holds the lock already")
        until = self._clock.monotonic() + max(wait, _LEAST_WAIT)
        pause = 0.001
        while (descriptor := self._try()) is None:
            left = until - self._clock.monotonic()
            if left <= 0:
                raise LockTimeout(f"{self.name}: {self.holder() or Holder()}; --waitlock waits longer, --force ends it")
            self._clock.sleep(min(pause, left))
            pause = min(pause * 1.5, 0.1)
        self._write_note(descriptor, action)
        self.fd = descriptor

    def release(self, *, is_left_to_commands: bool = False) -> None:
        """Give the lock back. What ordinary commands left behind (a FUSE daemon) does not hold it on.

        `is_left_to_commands`: a command could not be ended; the lock is free when it has.
        """
        if self.fd is None:
            return
        if not is_left_to_commands:
            os.ftruncate(self.fd, 0)
            fcntl.flock(self.fd, fcntl.LOCK_UN)
        os.close(self.fd)
        self.fd = None

    def holder(self) -> Holder | None:
        """Who holds the lock, None when nobody does or the file is not ours to read; does not wait."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _parse_note(os.pread(descriptor, 4096, 0))
        finally:
            os.close(descriptor)
        return None

    def end_holder(self, grace: float) -> None:
        """End the action that holds the lock, and all of its commands; the lock is free then, and may be taken.

        The process that took it gets SIGTERM and `grace` seconds to end its commands itself (where it has ended, they
        get the SIGTERM), then it and all that hold the lock get SIGKILL. Raises LockTimeout when a process can't be
        ended, ActionRefused when it is not ours to end.
        """
        if self.fd is not None:
            raise RuntimeError(f"{self.name}: this process holds the lock itself")
        holder = self.holder()
        if holder is None:
            return
        if holder.pid == os.getpid():
            raise LockTimeout(f"{self.name}: {holder}, in this process; it can't be ended without ending what asks for it")
        try:
            if not send(holder.process, signal.SIGTERM):
                self._signal_all(signal.SIGTERM)
            if not self._is_free_within(grace):
                send(holder.process, signal.SIGKILL)
                self._kill_all()
        except PermissionError as exc:
            raise ActionRefused(f"{self.name}: {holder}; it is another user's and not ours to end") from exc

    def _try(self) -> int | None:
        descriptor = self._open()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Somebody may have removed the file meanwhile: a lock on it would be seen by nobody.
            if os.path.samestat(os.fstat(descriptor), self.path.stat()):
                return descriptor
        except (BlockingIOError, FileNotFoundError):
            pass
        os.close(descriptor)
        return None

    def _open(self) -> int:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Readable for us alone: whoever can open a file can lock it.
            return os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except PermissionError as exc:
            raise ActionRefused(f"{self.name}: cannot lock {self.path}: {exc.strerror}; {_way_out(self.path)}") from exc
        except OSError as exc:
            raise OpensvcError(f"{self.name}: cannot lock {self.path}: {exc.strerror}") from exc

    def _write_note(self, descriptor: int, action: str) -> None:
        process = identify(os.getpid()) or ProcessId(os.getpid(), 0)
        import json  # noqa: PLC0415 - a status takes no lock

        note = Holder(process.pid, process.started, action, self._clock.now())
        # A full disk must not prevent a stop: the note only informs.
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(note._asdict()).encode(), 0)

    def _is_free_within(self, seconds: float) -> bool:
        until = self._clock.monotonic() + seconds
        while self.holder() is not None:
            if self._clock.monotonic() >= until:
                return False
            self._clock.sleep(0.02)
        return True

    def _kill_all(self) -> None:
        until = self._clock.monotonic() + KILL_PATIENCE
        while self._clock.monotonic() < until:
            self._signal_all(signal.SIGKILL)
            if self._is_free_within(0.05):
                return
        pids = ", ".join(str(process.pid) for process in self._holding())
        raise LockTimeout(
            f"{self.name}: pid {pids or '(not visible from here)'} holds the lock and can't be ended; it waits for the kernel"
        )

    def _signal_all(self, number: int) -> None:
        for process in self._holding():
            send(process, number)

    def _holding(self) -> Iterator[ProcessId]:
        found = (identify(pid) for pid in all_pids() if pid not in (1, os.getpid()) and _holds(pid, self.path))
        return (process for process in found if process)


def _way_out(path: Path) -> str:
    """Who may lock a file that this user may not."""
    import pwd  # noqa: PLC0415 - asks the name services

    number = 0
    for place in (path, *path.parents):
        with contextlib.suppress(OSError):
            number = place.stat().st_uid
            break
    try:
        owner = pwd.getpwuid(number).pw_name
    except KeyError:
        owner = str(number)
    return "do it as root, or by sudo" if owner == "root" else f"it is {owner}'s: do it as {owner}, or by 'sudo -u {owner}'"


def _holds(pid: int, path: Path) -> bool:
    """The process has a descriptor that the lock belongs to; one that only waits for it has none."""
    try:
        numbers = [each.name for each in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:
        return False
    return any(_is_locked(pid, number, os.path.realpath(path)) for number in numbers)


def _is_locked(pid: int, number: str, path: str) -> bool:
    with contextlib.suppress(OSError):
        # readlink, for stat hangs on a descriptor of a dead file server
        if str(Path(f"/proc/{pid}/fd/{number}").readlink()) == path:
            # proc(5): fdinfo has a line `lock: 1: FLOCK ADVISORY WRITE …` for a lock of this open file
            return "FLOCK" in Path(f"/proc/{pid}/fdinfo/{number}").read_text(encoding="ascii")
    return False


def _parse_note(text: bytes) -> Holder:
    import json  # noqa: PLC0415

    try:
        note = json.loads(text)
        return Holder(int(note["pid"]), int(note["started"]), str(note["action"]), float(note["since"]))
    except (ValueError, KeyError, TypeError):
        return Holder()
