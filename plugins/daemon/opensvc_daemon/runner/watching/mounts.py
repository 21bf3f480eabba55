"""Mounts: /proc/self/mountinfo tells by POLLPRI that it has changed (proc(5)); what has is found by comparing."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from opensvc_daemon.runner.loop import URGENT, Loop
from opensvc_daemon.runner.watching.source import Changed, Recent

_FILE = "/proc/self/mountinfo"


class Mounts:
    """A source for `mount`: targets are mount points."""

    def __init__(self, loop: Loop, changed: Changed) -> None:
        self._loop, self._changed = loop, changed
        self._targets: set[str] = set()
        self._recent = Recent()
        self._file = os.open(_FILE, os.O_RDONLY | os.O_CLOEXEC)
        self._seen = self._read()
        loop.attend(self._file, self._look, URGENT)

    def add(self, target: str, since: float) -> bool:
        self._targets.add(target)
        return self._recent.has(target, since)

    def remove(self, target: str) -> None:
        self._targets.discard(target)

    def close(self) -> None:
        self._loop.leave(self._file)
        os.close(self._file)

    def _look(self) -> None:
        before, self._seen = self._seen, self._read()
        for point in before.keys() | self._seen.keys():
            if before.get(point) != self._seen.get(point):
                self._recent.note(point)
                if point in self._targets:
                    self._changed(point)

    def _read(self) -> Mapping[str, tuple[str, ...]]:
        os.lseek(self._file, 0, os.SEEK_SET)
        parts: list[bytes] = []
        while part := os.read(self._file, 1 << 16):
            parts.append(part)
        return points(b"".join(parts).decode("utf-8", "surrogateescape"))


def points(text: str) -> dict[str, tuple[str, ...]]:
    """The lines of a mountinfo file by mount point: those of one point in their order."""
    found: dict[str, tuple[str, ...]] = {}
    for line in text.split("\n"):
        fields = line.split(" ", 5)
        if len(fields) == 6:
            point = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), fields[4])
            found[point] = (*found.get(point, ()), line)
    return found
