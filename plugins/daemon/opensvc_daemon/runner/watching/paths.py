"""Paths: files and directories that are made, written, removed, or given another owner, told by inotify of the directory above."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import Final, NamedTuple

from opensvc_daemon.clock import now
from opensvc_daemon.runner.loop import Loop
from opensvc_daemon.runner.watching import inotify
from opensvc_daemon.runner.watching.inotify import Inotify, Notice
from opensvc_daemon.runner.watching.source import Changed

_MASK: Final = (
    inotify.ATTRIBUTES
    | inotify.WRITTEN
    | inotify.MOVED_FROM
    | inotify.MOVED_TO
    | inotify.CREATED
    | inotify.DELETED
    | inotify.SELF_DELETED
    | inotify.SELF_MOVED
    | inotify.ONLY_DIRECTORY
)
_GONE: Final = inotify.SELF_DELETED | inotify.SELF_MOVED | inotify.UNMOUNTED | inotify.IGNORED
# Seconds by which the times of files may lag behind the clock: a tick of the kernel.
_TICK: Final = 0.02


class _Place(NamedTuple):
    """Where a path is waited for: the watch of the nearest directory that is there, and the name below it that leads to the path."""

    watch: int
    name: str


class Paths:
    """A source for `path`. `knows_absent` false: nothing follows of one that is not there when it is added."""

    def __init__(self, loop: Loop, changed: Changed, *, knows_absent: bool = True) -> None:
        self._changed, self._knows_absent = changed, knows_absent
        self._inotify = Inotify(loop, self._noticed)
        self._places: dict[str, _Place] = {}
        self._targets: dict[int, set[str]] = {}

    def add(self, target: str, since: float) -> bool:
        return target not in self._places and self._settle(target) and self._has_changed(target, since)

    def remove(self, target: str) -> None:
        place = self._places.pop(target, None)
        if place is not None:
            left = self._targets[place.watch]
            left.discard(target)
            if not left:
                del self._targets[place.watch]
                self._inotify.remove(place.watch)

    def close(self) -> None:
        self._inotify.close()

    def _has_changed(self, target: str, since: float) -> bool:
        """Whether the path has changed since; one that is not there, whether something in the directory above has."""
        moment = time.time() - (now() - since) - _TICK
        for path in (target, os.path.dirname(target) if self._knows_absent else ""):  # noqa: PTH120 - a text as it came
            with suppress(OSError):
                return os.lstat(path).st_ctime >= moment
        return False

    def _settle(self, target: str) -> bool:
        """Wait at the nearest directory above; False: it can't be waited for."""
        folder, name = os.path.split(target)
        while True:
            try:
                watch = self._inotify.add(folder, _MASK)
            except (FileNotFoundError, NotADirectoryError):
                folder, name = os.path.split(folder)
            except OSError:  # the limit of watches, a file system without
                return False
            else:
                self._places[target] = _Place(watch, name)
                self._targets.setdefault(watch, set()).add(target)
                return True

    def _noticed(self, notice: Notice) -> None:
        if notice.mask & inotify.OVERFLOW:
            concerned = set(self._places)
        else:
            is_gone = bool(notice.mask & _GONE)
            concerned = {one for one in self._targets.get(notice.watch, ()) if is_gone or self._places[one].name == notice.name}
        for target in concerned:
            self.remove(target)  # what was made may be a directory on the way
            self._settle(target)
            self._changed(target)
