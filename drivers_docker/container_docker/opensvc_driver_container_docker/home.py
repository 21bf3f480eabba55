"""The home of a private daemon's data: the file system that it was on when the daemon last ran on this node.

Where that is not mounted, its mount point is an empty directory like any other. A daemon that was started there would begin a new
data directory, on the wrong disk, and keep the right one from being mounted.
"""

from __future__ import annotations

import os
from pathlib import Path

from opensvc_driver_container_docker.leftovers import Mount, mounts


class Home:
    """Where a data directory is; `record` is the file that remembers it."""

    def __init__(self, data_dir: str, record: Path) -> None:
        self._data_dir, self._record = data_dir, record

    def missing(self) -> str:
        """The mount point that the data directory was below, where nothing is mounted now; else an empty text."""
        try:
            data_dir, point = self._record.read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError):
            return ""
        return point if data_dir == self._data_dir and len(point) > len(self._point()) else ""

    def remember(self) -> None:
        """Note where it is."""
        self._record.parent.mkdir(parents=True, exist_ok=True)
        self._record.write_text(f"{self._data_dir}\n{self._point()}\n", encoding="utf-8")

    def _point(self) -> str:
        text = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
        return holder(os.path.realpath(self._data_dir), mounts(text))


def holder(path: str, found: list[Mount]) -> str:
    """The mount point of the file system that has a path; a directory bound onto itself, as dockerd does it, counts for its parent."""
    above = {mount.point for mount in found if path.startswith(mount.point.rstrip("/") + "/")}
    own = [mount for mount in found if mount.point == path and mount.root == "/"]
    return path if own else max(above, key=len, default="/")
