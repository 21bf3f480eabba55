"""The backing file: what a loop device has attached; made by `provision`, and removed only where that has made it."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

from opensvc_core.api import ActionFailed, Call
from opensvc_driver_loop.devices import attached

SECTOR = 512


class BackingFile:
    """A file, and the note of having made it."""

    def __init__(self, path: str, note: Path) -> None:
        self.path, self._note = Path(path), note

    def length(self) -> int:
        """Its length in bytes; 0 where it is missing or can't be seen."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def problem(self) -> str:
        """Why it can't be attached, or an empty text. `losetup` would say so in its own way, or attach nothing at all."""
        try:
            found = self.path.stat()
        except OSError as error:
            is_missing = isinstance(error, FileNotFoundError)
            return f"{self.path} is missing; 'provision' makes one of the size given" if is_missing else f"{self.path}: {error.strerror}"
        if not stat.S_ISREG(found.st_mode):
            return f"{self.path} is no regular file; a block device is used as it is, without a loop device"
        if found.st_size and found.st_size < SECTOR:
            return f"{self.path} has {found.st_size} bytes, less than a sector: it is no image of a disk; is it the right file?"
        return "" if found.st_size else f"{self.path} is empty; 'provision' gives it its size"

    def making(self, size: int) -> Call:
        """Make it, sparse, of this many bytes rounded up to whole sectors."""
        length = -(-size // SECTOR) * SECTOR
        return Call(f"truncate -s {length} {shlex.quote(str(self.path))}", lambda: self._make(length), undo=self.removal())

    def removal(self) -> Call:
        """Remove it."""
        return Call(f"rm {shlex.quote(str(self.path))}", self._remove)

    def is_ours(self) -> bool:
        """It is the one that was made here."""
        try:
            return self._note.read_text(encoding="utf-8") == self._mark(self.path.lstat())
        except OSError:
            return False

    def _make(self, length: int) -> None:
        """Give an empty file its length; its mode is as strict as that of a disk."""
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
        try:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode) or found.st_size:
                raise ActionFailed(f"{self.path} holds something by now, and stays as it is")
            self._note.parent.mkdir(parents=True, exist_ok=True)
            self._note.write_text(self._mark(found), encoding="utf-8")
            os.ftruncate(handle, length)
            os.fsync(handle)
        finally:
            os.close(handle)

    def _remove(self) -> None:
        if devices := attached(str(self.path)):
            raise ActionFailed(f"{self.path} is attached at {devices[0].path}, and stays")
        if self.is_ours():
            self.path.unlink()
        self._note.unlink(missing_ok=True)

    def _mark(self, found: os.stat_result) -> str:
        return f"{found.st_ino} {self.path}\n"
