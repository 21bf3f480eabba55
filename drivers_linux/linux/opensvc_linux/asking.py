"""Questions that may never be answered (a dead server, a dead disk): asked by a process that can be left behind."""

from __future__ import annotations

import mmap
import os
import select
import signal
import stat
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

_BLOCK = 4096
_DESCRIPTORS = 1 << 20


def ask(question: Callable[[], str], limit: float) -> str:
    """The answer, a short text. Raises TimeoutError after `limit` seconds, OSError as the question does.

    Who waits in the kernel can't be ended, and would keep a whole process with all of its threads from ending; so the
    question is asked by a child, which ends when it can. It holds nothing of ours: no lock, no pipe of an output.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _answer(question, writer)
    os.close(writer)
    try:
        if not select.select([reader], [], [], limit)[0]:
            raise TimeoutError(f"no answer within {limit:g}s")
        code, _, said = os.read(reader, 1 << 16).decode("utf-8", "surrogateescape").partition(" ")
    finally:
        os.close(reader)
        _leave(child)
    if code != "0":
        raise OSError(int(code or 0), os.strerror(int(code)) if code else "the question could not be asked")
    return said


def stat_of(path: str) -> str:
    """User, group and mode, as numbers with blanks between them; the server of a network file system is asked, not the memory of it."""
    os.statvfs(path)
    found = os.stat(path)  # noqa: PTH116 - a child makes no detours
    return f"{found.st_uid} {found.st_gid} {stat.S_IMODE(found.st_mode)}"


def first_block(device: str) -> str:
    """Read the first block of a device, past all caches."""
    block = mmap.mmap(-1, _BLOCK)  # aligned, as such a read wants it
    source = os.open(device, os.O_RDONLY | os.O_DIRECT | os.O_CLOEXEC)
    try:
        return str(os.readv(source, [block]))
    finally:
        os.close(source)


def _leave(child: int) -> None:
    """It has told all it knows, or hangs."""
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(child, 0 if _has_ended(child) else os.WNOHANG)


def _has_ended(child: int) -> bool:
    """Whether it ends at once when it is killed."""
    descriptor = os.pidfd_open(child)
    try:
        return bool(select.select([descriptor], [], [], 0.2)[0])
    finally:
        os.close(descriptor)


def _answer(question: Callable[[], str], writer: int) -> NoReturn:
    """The life of the child: it never comes back into the code of the agent."""
    said = ""
    try:
        os.closerange(0, writer)
        os.closerange(writer + 1, _DESCRIPTORS)
        said = f"0 {question()}"
    except OSError as error:
        said = f"{error.errno} "
    finally:
        os.write(writer, said.encode("utf-8", "surrogateescape"))
        os._exit(0)
