"""Programs in the background: detached, with their own name in the list of processes, ended by a signal."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import syslog
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from opensvc_core.errors import OpensvcError

# In the environment of a program that takes the place of the one that runs.
REPLACES: Final = "OPENHA_REPLACES"
_SETUP_ERROR = 1


def detached(prepare: Callable[[], Callable[[threading.Event], None]], shown: Sequence[str], *, nice: int = 0) -> int:
    """Run a program in the background; its exit code for who called it: 0 once it is prepared.

    `prepare` opens what it needs, and returns what then runs until the event is set. `shown` is its command line in the list
    of processes. Raises OpensvcError with what kept it from being prepared.
    """
    reading, writing = os.pipe()
    if os.fork():
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            answer = pipe.read()
        if answer != b"ok":
            raise OpensvcError(answer.decode("utf-8", "replace") or f"{shown[0]} died while it started")
        return 0
    os.close(reading)
    os.setsid()
    os.chdir("/")  # no file system is kept from being unmounted because somebody stood in it
    code = _SETUP_ERROR
    try:
        code = _run(prepare, shown, writing, nice)
    finally:
        os._exit(code)


def _run(prepare: Callable[[], Callable[[threading.Event], None]], shown: Sequence[str], pipe: int, nice: int) -> int:
    name = Path(shown[0]).name
    syslog.openlog(name, syslog.LOG_PID | syslog.LOG_CONS, syslog.LOG_DAEMON)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: ended.set())
    try:
        with contextlib.suppress(PermissionError):
            os.nice(nice)
        run = prepare()
    except (OpensvcError, OSError) as error:
        os.write(pipe, f"{name}: {error}".encode())
        return _SETUP_ERROR
    _show(shown)
    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(null, stream)
    os.close(null)
    os.write(pipe, b"ok")
    os.close(pipe)
    syslog.syslog(syslog.LOG_INFO, f"{name} starting ...")
    try:
        run(ended)
    except Exception as error:  # noqa: BLE001 - the one place where a program ends
        syslog.syslog(syslog.LOG_CRIT, f"{name} ends: {type(error).__name__}: {error}")
        return _SETUP_ERROR
    syslog.syslog(syslog.LOG_INFO, "SIGTERM received, exiting gracefully ...")
    return 0


def _show(words: Sequence[str]) -> None:
    """Have the list of processes show these words instead of the interpreter's. Where that can't be, it shows those.

    Source: proc_pid_stat(5), arg_start and arg_end: the words stand in this process's own memory.
    """
    with contextlib.suppress(OSError, ValueError, IndexError):
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        start, end = int(fields[45]), int(fields[46])
        shown = b"\0".join(os.fsencode(word) for word in words) + b"\0"
        if 0 < start < end and len(shown) <= end - start:
            ctypes.memmove(start, shown.ljust(end - start, b"\0"), end - start)
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(Path(words[0]).name)


def log(priority: int, text: str) -> None:
    """A line to the system's log, of programs in the background and of commands."""
    syslog.syslog(priority, text)


def complain(text: str) -> None:
    """A line to a person, on the error stream."""
    print(text, file=sys.stderr)
