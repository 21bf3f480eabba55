"""Inotify: folders whose changes wake the monitor, see inotify(7)."""

from __future__ import annotations

import asyncio
import ctypes
import os
from collections.abc import Callable, Collection
from pathlib import Path

_CLOSE_WRITE, _MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x8, 0x40, 0x80, 0x100, 0x200
_CHANGES = _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE
_BUFFER = 65536


class Inotify:
    """Some folders. `changed` is called in the loop after something in one of them was written, moved, made or removed."""

    def __init__(self, loop: asyncio.AbstractEventLoop, changed: Callable[[], None]) -> None:
        self._loop, self._changed = loop, changed
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor: int = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        self._folders: dict[Path, int] = {}
        self.is_complete = False
        if self._descriptor >= 0:
            loop.add_reader(self._descriptor, self._read)

    def watch(self, folders: Collection[Path]) -> None:
        """Watch these and no others. One that can't be watched is left out, and has to be polled: `is_complete` is false then."""
        if self._descriptor < 0:
            return
        self.is_complete = True
        for folder in [one for one in self._folders if one not in folders]:
            self._libc.inotify_rm_watch(self._descriptor, self._folders.pop(folder))
        for folder in [one for one in folders if one not in self._folders]:
            number = self._libc.inotify_add_watch(self._descriptor, os.fsencode(folder), _CHANGES)
            if number >= 0:
                self._folders[folder] = number
            elif folder.exists():
                self.is_complete = False

    def _read(self) -> None:
        try:
            os.read(self._descriptor, _BUFFER)
        except BlockingIOError:
            return
        self._changed()

    def close(self) -> None:
        """End it."""
        if self._descriptor >= 0:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1
