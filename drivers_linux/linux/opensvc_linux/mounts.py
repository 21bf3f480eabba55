"""Mounts: what the kernel says is mounted where (proc_pid_mountinfo(5))."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

# What a mount or a file system shows that takes no writes (the last two: ext4 after an error, or shut down).
_READ_ONLY: Final = frozenset({"ro", "emergency_ro", "shutdown"})
# File systems whose top directory is always in memory: to stat it never waits for a disk or a server.
_IN_MEMORY: Final = {
    "bpf", "cgroup", "cgroup2", "debugfs", "devpts", "devtmpfs", "hugetlbfs", "mqueue", "overlay", "proc", "ramfs", "securityfs",
    "sysfs", "tmpfs", "tracefs",
}  # fmt: skip
_ON_DISKS: Final = {"btrfs", "erofs", "exfat", "ext2", "ext3", "ext4", "f2fs", "iso9660", "jfs", "squashfs", "udf", "vfat", "xfs"}


class Mount(NamedTuple):
    """A mount as one mount namespace sees it.

    Parameters:
        device: major and minor number of the file system; major 0 where it stands on no block device.
        root: the directory of the file system that is mounted (`/`, for a bind mount what was bound).
        point: where, with links resolved. source: what was given to mount (a device, `server:/path`, any word).
        options: of the mount; super_options: of the file system.
    """

    id: int
    parent: int
    device: tuple[int, int]
    root: str
    point: str
    options: frozenset[str]
    type: str
    source: str
    super_options: frozenset[str]

    @property
    def is_read_only(self) -> bool:
        """It takes no writes, by its own option or because the file system doesn't."""
        return bool(_READ_ONLY & (self.options | self.super_options))

    def __str__(self) -> str:
        return f"{self.type} {self.source} on {self.point}"


def parse(text: str) -> list[Mount]:
    """The mounts in the text of a `mountinfo` file, in the order in which they were made; lines cut short are left out."""
    return [mount for line in text.split("\n") if (mount := _mount(line))]


def read(pid: int | str = "self") -> list[Mount]:
    """The mounts that a process sees; none where it has ended."""
    try:
        # names are bytes: those that are no UTF-8 come through as surrogates, as everywhere in os
        return parse(Path(f"/proc/{pid}/mountinfo").read_bytes().decode("utf-8", "surrogateescape"))
    except OSError:
        return []


def at(point: str, mounts: Sequence[Mount]) -> list[Mount]:
    """The mounts at a mount point (a path without links), the one that is seen last."""
    here = [mount for mount in mounts if mount.point == point]
    by_parent = {mount.parent: mount for mount in here}
    ids = {mount.id for mount in here}
    found = next((mount for mount in here if mount.parent not in ids), None)
    ordered: list[Mount] = []
    while found and found not in ordered:
        ordered.append(found)
        found = by_parent.get(found.id)
    return ordered


def below(point: str, mounts: Sequence[Mount]) -> list[Mount]:
    """The mounts below a path, in the order in which they were made."""
    return [mount for mount in mounts if is_below(mount.point, point)]


def is_below(path: str, directory: str) -> bool:
    """Whether a path stands below a directory, by its name."""
    return path.startswith(directory.rstrip("/") + "/") and path != directory


def holding(path: str, mounts: Sequence[Mount]) -> Mount | None:
    """The mount that a path (without links) stands in: the longest mount point above it, the topmost there."""
    points = [mount.point for mount in mounts if mount.point == path or is_below(path, mount.point)]
    return at(max(points, key=len), mounts)[-1] if points else None


def inside(path: str, mounts: Sequence[Mount]) -> tuple[tuple[int, int], str] | None:
    """A path (without links) as its file system knows it: the device, and the path from the file system's own root."""
    mount = holding(path, mounts)
    if mount is None:
        return None
    rest = path[len(mount.point.rstrip("/")) :]
    return mount.device, (mount.root.rstrip("/") + rest).rstrip("/") or "/"


def may_hang(path: str, mounts: Sequence[Mount]) -> bool:
    """Whether a look at a path may wait for a server or for a process: some mount on the way is no local file system."""
    return any(mount.type not in _IN_MEMORY | _ON_DISKS for mount in mounts if mount.point == path or is_below(path, mount.point))


def namespaces() -> Iterator[tuple[int, list[Mount]]]:
    """The mounts of every other mount namespace that can be seen, with the number of a process that lives there.

    Nothing of the other file systems is touched. A process with a root of its own sees less of its namespace, and counts apart.
    """
    seen = {_view("self")}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and (view := _view(entry.name)) and view not in seen:
            seen.add(view)
            if found := read(entry.name):
                yield int(entry.name), found


def _view(pid: str) -> tuple[str, str] | None:
    try:
        return os.readlink(f"/proc/{pid}/ns/mnt"), os.readlink(f"/proc/{pid}/root")  # noqa: PTH115 - thousands of them
    except OSError:
        return None


def _mount(line: str) -> Mount | None:
    left, mark, right = line.partition(" - ")
    fields, tail = left.split(" "), right.split(" ")
    if not mark or len(fields) < 6 or len(tail) < 3:
        return None
    major, _, minor = fields[2].partition(":")
    return Mount(
        id=int(fields[0]),
        parent=int(fields[1]),
        device=(int(major), int(minor)),
        root=_plain(fields[3]),
        point=_plain(fields[4]),
        options=frozenset(fields[5].split(",")),
        type=_plain(tail[0]),
        source=_plain(tail[1]),
        super_options=frozenset(_plain(tail[2]).split(",")),
    )


def _plain(word: str) -> str:
    """Blanks, tabs, newlines, backslashes and `#` stand as octal escapes: `\\040`."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), word) if "\\" in word else word
