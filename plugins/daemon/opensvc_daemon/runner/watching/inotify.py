"""inotify(7) by the C library: the standard library of Python has no door to it."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Callable
from typing import Final, NamedTuple

from opensvc_daemon.runner.loop import Loop

# sys/inotify.h
MODIFY, ATTRIBUTES, WRITTEN, MOVED_FROM, MOVED_TO, CREATED, DELETED = 0x2, 0x4, 0x8, 0x40, 0x80, 0x100, 0x200
SELF_DELETED, SELF_MOVED, UNMOUNTED, OVERFLOW, IGNORED = 0x400, 0x800, 0x2000, 0x4000, 0x8000
ONLY_DIRECTORY = 0x01000000
_HEADER: Final = struct.Struct("=iIII")


class Notice(NamedTuple):
    """What happened: on which watch (-1: notices were lost), how, and to which name in the directory that is watched."""

    watch: int
    mask: int
    name: str


class Inotify:
    """One descriptor for any number of files."""

    def __init__(self, loop: Loop, tell: Callable[[Notice], None]) -> None:
        self._library = ctypes.CDLL(None, use_errno=True)
        self._loop, self._tell = loop, tell
        self._file = self._library.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        if self._file < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        loop.attend(self._file, self._read)

    def add(self, path: str, mask: int) -> int:
        """The number of the watch; that of an earlier one where the path is the same file. Raises OSError."""
        found: int = self._library.inotify_add_watch(self._file, os.fsencode(path), mask)
        if found < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), path)
        return found

    def remove(self, watch: int) -> None:
        """No more; one that has ended by itself is no error."""
        self._library.inotify_rm_watch(self._file, watch)

    def close(self) -> None:
        """Free the descriptor."""
        self._loop.leave(self._file)
        os.close(self._file)

    def _read(self) -> None:
        data = os.read(self._file, 1 << 16)
        while data:
            watch, mask, _, length = _HEADER.unpack_from(data)
            name = data[_HEADER.size : _HEADER.size + length].rstrip(b"\0")
            data = data[_HEADER.size + length :]
            self._tell(Notice(watch, mask, os.fsdecode(name)))
