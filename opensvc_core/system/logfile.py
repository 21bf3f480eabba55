"""Log files: any number of processes append to one, and none grows beyond a limit: a full one is put aside, in the place of the one before.

The agent sees to that itself: what has to be installed, configured and run for it is missing on the node whose disk is full.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from typing import Final

# Bytes of a file, so twice as much of a log. A start of a service says about 2 kB.
LIMIT: Final = 4 * 1024 * 1024


def append(file: str | os.PathLike[str], text: str) -> None:
    """Append a text, with one write; folders are made when missing. Raises OSError."""
    descriptor = opened(file)
    try:
        os.write(descriptor, text.encode(errors="backslashreplace"))
    finally:
        os.close(descriptor)


def opened(file: str | os.PathLike[str]) -> int:
    """A descriptor that appends; a file that is full is put aside before. Raises OSError."""
    path = os.fspath(file)
    descriptor = _open(path)
    if os.fstat(descriptor).st_size < LIMIT:
        return descriptor
    try:
        with suppress(OSError):  # a log that is too large is better than none
            _put_aside(path, descriptor)
        return _open(path)
    finally:
        os.close(descriptor)


def before(file: str | os.PathLike[str]) -> str:
    """Where a file is put aside."""
    return f"{os.fspath(file)}.1"


def _open(path: str) -> int:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o640)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120 - pathlib would be all that the supervisor needs it for
        return os.open(path, flags, 0o640)


def _put_aside(path: str, descriptor: int) -> None:
    """Of several processes that find it full one does it; lines of the others end up in either file."""
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    full = os.fstat(descriptor)
    if not os.path.samestat(full, os.stat(path)):  # noqa: PTH116
        return  # somebody has just done it
    os.rename(path, before(path))  # noqa: PTH104
    fresh = _open(path)
    try:
        os.fchmod(fresh, full.st_mode & 0o777)
        os.fchown(fresh, full.st_uid, full.st_gid)
    finally:
        os.close(fresh)
