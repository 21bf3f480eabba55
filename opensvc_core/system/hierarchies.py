"""Hierarchies: the trees of control groups that this host has mounted, and where in them ours may stand.

From cgroups(7) and proc(5).
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final, NamedTuple

# Of the version 1 hierarchies, those where a new group takes processes without settings of its own.
_VERSION_1: Final = ("pids", "freezer", "name=systemd")
_CONTROLLERS: Final = frozenset(
    "blkio cpu cpuacct cpuset debug devices freezer hugetlb memory misc net_cls net_prio perf_event pids rdma".split()  # noqa: SIM905
)


class Hierarchy(NamedTuple):
    """A mounted hierarchy: `root` is the group that is seen at `mount_point`; version 1 has `labels`: its controllers, or its name."""

    version: int
    labels: frozenset[str]
    root: str
    mount_point: str


class Tree(NamedTuple):
    """A hierarchy as we use it: our groups are below `base`; `controllers` are those of version 1, or that version 2 may enable."""

    base: Path
    version: int
    controllers: frozenset[str]
    is_top: bool = True

    @property
    def is_plain(self) -> bool:
        """A new group takes processes without settings of its own."""
        return self.version == 2 or not self.controllers.isdisjoint(_VERSION_1)


def hierarchies(mountinfo: str) -> list[Hierarchy]:
    """All hierarchies of /proc/self/mountinfo, each once, those fit for all our groups first and the best of them at the head."""
    found = [each for each in map(_parse_mount, mountinfo.splitlines()) if each]
    once = {each.labels: each for each in reversed(found)}
    return sorted(once.values(), key=_rank)


def own_group(proc_cgroup: str, hierarchy: Hierarchy) -> str:
    """The path, below the mount point, of the group named in /proc/self/cgroup (`4:pids:/a/b`); empty: the top."""
    for line in proc_cgroup.splitlines():
        number, labels, path = line.split(":", 2)
        is_it = number == "0" if hierarchy.version == 2 else not hierarchy.labels.isdisjoint(labels.split(","))
        if is_it:
            return path.removeprefix(hierarchy.root.rstrip("/")).strip("/")
    return ""


def usable_trees() -> list[Tree]:
    """The hierarchies of this host where we may make groups, the best for all our groups first."""
    try:
        mountinfo = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
        own = Path("/proc/self/cgroup").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return []
    return [tree for each in hierarchies(mountinfo) if (tree := _tree_of(each, own))]


def _rank(hierarchy: Hierarchy) -> int:
    if hierarchy.version == 2:
        return 0
    return next((rank for rank, label in enumerate(_VERSION_1, 1) if label in hierarchy.labels), len(_VERSION_1) + 1)


def _parse_mount(line: str) -> Hierarchy | None:
    before, _, after = line.partition(" - ")
    fields, (kind, _, options) = before.split(), after.split(maxsplit=2)
    root, mount_point = _unescape(fields[3]), _unescape(fields[4])
    if kind == "cgroup2":
        return Hierarchy(2, frozenset(), root, mount_point)
    labels = frozenset(word for word in options.split(",") if word in _CONTROLLERS or word.startswith("name="))
    return Hierarchy(1, labels, root, mount_point) if kind == "cgroup" and labels else None


def _tree_of(hierarchy: Hierarchy, own: str) -> Tree | None:
    """How we use a hierarchy: at its top, else below our own group; None where neither is ours to change."""
    top = Path(hierarchy.mount_point)
    below = top / own_group(own, hierarchy)
    base = next((each for each in (top, below) if _is_ours_to_change(each)), None)
    if base is None:
        return None
    labels = hierarchy.labels if hierarchy.version == 1 else _enabled(base)
    return Tree(base, hierarchy.version, labels, base == top)


def _enabled(base: Path) -> frozenset[str]:
    """The controllers that a group of version 2 may give to those below it."""
    try:
        return frozenset((base / "cgroup.controllers").read_text(encoding="ascii").split())
    except OSError:
        return frozenset()


def _unescape(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


def _is_ours_to_change(directory: Path) -> bool:
    return os.access(directory, os.W_OK | os.X_OK) and os.access(directory / "cgroup.procs", os.W_OK)
