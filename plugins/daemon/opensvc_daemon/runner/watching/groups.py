"""Control groups: that one has become empty is told by its file cgroup.events (cgroups(7)), where the host has version 2."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from opensvc_daemon.runner.loop import Loop
from opensvc_daemon.runner.watching import inotify
from opensvc_daemon.runner.watching.inotify import Inotify, Notice
from opensvc_daemon.runner.watching.pids import Pids
from opensvc_daemon.runner.watching.source import Changed


class Group(NamedTuple):
    """A control group: its directory where that is of version 2, else the processes (number and start time) that are in it."""

    directory: Path | None
    processes: tuple[str, ...] = ()


class Groups:
    """A source for `cgroup`: targets are names of control groups of ours; `find` tells what one is.

    Version 1 tells of no end: there the end of any process that was in the group when it was looked at counts.
    """

    def __init__(self, loop: Loop, changed: Changed, find: Callable[[str], Group]) -> None:
        self._changed, self._find = changed, find
        self._inotify = Inotify(loop, self._noticed)
        self._pids = Pids(loop, self._ended)
        self._files: dict[int, tuple[str, Path]] = {}
        self._processes: dict[str, tuple[str, ...]] = {}

    def add(self, target: str, since: float) -> bool:
        if any(target == name for name, _ in self._files.values()):
            return False
        group = self._find(target)
        if group.directory is None:
            return self._add_processes(target, group.processes, since)
        file = group.directory / "cgroup.events"
        try:
            self._files[self._inotify.add(str(file), inotify.MODIFY)] = (target, file)
        except OSError:  # there is none: nothing was started, or it has ended
            return False
        return not is_populated(file)

    def remove(self, target: str) -> None:
        for watch in [watch for watch, (name, _) in self._files.items() if name == target]:
            del self._files[watch]
            self._inotify.remove(watch)
        self._leave(self._processes.pop(target, ()))

    def close(self) -> None:
        self._inotify.close()
        self._pids.close()

    def _add_processes(self, target: str, processes: tuple[str, ...], since: float) -> bool:
        before = self._processes.get(target, ())
        self._processes[target] = processes
        self._leave(set(before) - set(processes))
        return any([self._pids.add(process, since) for process in processes])

    def _leave(self, processes: Iterable[str]) -> None:
        for process in processes:
            if not any(process in others for others in self._processes.values()):
                self._pids.remove(process)

    def _noticed(self, notice: Notice) -> None:
        target, file = self._files.get(notice.watch, ("", Path()))
        if target and not is_populated(file):
            self.remove(target)
            self._changed(target)

    def _ended(self, process: str) -> None:
        for target in [target for target, processes in self._processes.items() if process in processes]:
            self._changed(target)


def is_populated(file: Path) -> bool:
    """Whether the group has processes, as its cgroup.events says."""
    try:
        return bool(re.search(r"^populated 1$", file.read_text(encoding="ascii"), re.MULTILINE))
    except OSError:
        return False
