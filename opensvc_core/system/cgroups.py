"""Control groups: they hold all processes of a resource, also those that left its session.

Of cgroups(7), only the grouping is used: our groups are leaves, with no controller enabled. They stand at the top of
the hierarchy, because a group below that of an ssh session or of a systemd unit ends with it.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple, Self

from opensvc_core.errors import ActionFailed, ActionRefused
from opensvc_core.model.process import ProcessId
from opensvc_core.system.processes import KILL_PATIENCE, identify, is_alive, send

# Of the version 1 hierarchies, those where a new group takes processes without settings of its own.
_VERSION_1: Final = ("pids", "freezer", "name=systemd")
# The kernel's files in a group are named CONTROLLER.FILE: a group of such a name gets an underscore, as systemd does it.
_KERNEL_WORDS: Final = frozenset(
    {"cgroup", "cpu", "cpuacct", "cpuset", "devices", "freezer", "hugetlb", "io", "irq", "memory", "misc", "pids"}
)


class Hierarchy(NamedTuple):
    """A mounted hierarchy: `root` is the group that is seen at `mount_point`; `label` is empty for version 2."""

    version: int
    label: str
    root: str
    mount_point: str


def hierarchies(mountinfo: str) -> list[Hierarchy]:
    """The hierarchies fit for us, the best first, from the text of /proc/self/mountinfo (proc(5))."""
    found = (_parse_mount(line) for line in mountinfo.splitlines())
    ranks = {"": 0} | {label: rank for rank, label in enumerate(_VERSION_1, 1)}
    return sorted((each for each in found if each), key=lambda each: ranks[each.label])


def own_group(proc_cgroup: str, hierarchy: Hierarchy) -> str:
    """The path, below the mount point, of the group named in /proc/self/cgroup (`4:pids:/a/b`); empty: the top."""
    for line in proc_cgroup.splitlines():
        number, labels, path = line.split(":", 2)
        is_it = number == "0" if hierarchy.version == 2 else hierarchy.label in labels.split(",")
        if is_it:
            return path.removeprefix(hierarchy.root.rstrip("/")).strip("/")
    return ""


def safe_name(name: str) -> str:
    """A name for the file system: `opensvc/svc/app#1` → `opensvc/svc/app.1`; `/` separates groups."""
    return "/".join(_safe_part(part) for part in name.split("/") if part)


class ControlGroups:
    """The groups that we make below one directory of the host."""

    def __init__(self, base: Path) -> None:
        self.base = base

    @classmethod
    def find(cls) -> Self | None:
        """The place for our groups; None where this host (a container, say) lets us make none."""
        try:
            mountinfo = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
            own = Path("/proc/self/cgroup").read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return None
        found = hierarchies(mountinfo)
        tops = [Path(each.mount_point) for each in found]
        below = [Path(each.mount_point, own_group(own, each)) for each in found]
        return next((cls(base) for base in (*tops, *below) if _is_ours_to_change(base)), None)

    def directory(self, name: str) -> Path:
        """Where the group is, or would be."""
        return self.base / safe_name(name)

    def make(self, name: str) -> Path:
        """Make the group, and those above it, where missing. Raises ActionRefused or ActionFailed."""
        directory = self.directory(name)
        try:
            _make_all(directory)
        except PermissionError as exc:
            raise ActionRefused(f"control group {directory}: {exc.strerror}") from exc
        except OSError as exc:
            raise ActionFailed(f"control group {directory}: {exc.strerror}") from exc
        return directory

    def pids(self, name: str) -> list[int]:
        """The processes in the group and in those below it; empty when there is no such group."""
        return sorted({pid for directory in _tree(self.directory(name)) for pid in _pids_in(directory)})

    def processes(self, name: str) -> list[ProcessId]:
        """The same, without those that have ended and wait for their parent."""
        found = (identify(pid) for pid in self.pids(name))
        return [process for process in found if process and is_alive(process)]

    def end(self, name: str, grace: float) -> list[ProcessId]:
        """End everything in the group: SIGTERM, then SIGKILL to what is left after `grace` seconds.

        Returns the processes that are still there, stuck in the kernel.
        """
        for process in self._others(name):
            send(process, signal.SIGTERM)
        if not self._is_empty_within(name, grace):
            until = time.monotonic() + KILL_PATIENCE
            self._kill(name)
            # one more round for each that was being started meanwhile
            while not self._is_empty_within(name, 0.05) and time.monotonic() < until:
                self._kill(name)
        return self._others(name)

    def remove(self, name: str) -> bool:
        """Remove the group, those below it, and those above it that are left empty; False: it holds processes."""
        directory = self.directory(name)
        for each in (*_tree(directory), directory):
            with contextlib.suppress(OSError):
                each.rmdir()
        if directory.exists():
            return False
        for above in directory.parents:
            if above == self.base:
                break
            with contextlib.suppress(OSError):
                above.rmdir()
        return True

    def _others(self, name: str) -> list[ProcessId]:
        return [process for process in self.processes(name) if process.pid != os.getpid()]

    def _is_empty_within(self, name: str, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while self._others(name):
            if time.monotonic() >= until:
                return False
            time.sleep(0.02)
        return True

    def _kill(self, name: str) -> None:
        # cgroup.kill (Linux 5.14) ends all at once, so that none can start another; it would end us as well.
        file = self.directory(name) / "cgroup.kill"
        if file.exists() and os.getpid() not in self.pids(name):
            file.write_text("1", encoding="ascii")
            return
        for process in self._others(name):
            send(process, signal.SIGKILL)


def _parse_mount(line: str) -> Hierarchy | None:
    before, _, after = line.partition(" - ")
    fields, (kind, _, options) = before.split(), after.split(maxsplit=2)
    root, mount_point = _unescape(fields[3]), _unescape(fields[4])
    if kind == "cgroup2":
        return Hierarchy(2, "", root, mount_point)
    label = next((each for each in _VERSION_1 if each in options.split(",")), None)
    return Hierarchy(1, label, root, mount_point) if kind == "cgroup" and label else None


def _unescape(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


def _safe_part(part: str) -> str:
    text = re.sub(r"[^A-Za-z0-9_.:@-]", ".", part)
    word, dot, _ = text.partition(".")
    return f"_{text}" if text[0] in "._" or (dot and word in _KERNEL_WORDS) else text


def _is_ours_to_change(directory: Path) -> bool:
    return os.access(directory, os.W_OK | os.X_OK) and os.access(directory / "cgroup.procs", os.W_OK)


def _make_all(directory: Path) -> None:
    # An action on a neighbour may remove the empty group above between our two steps: then once more.
    for attempt in range(3):
        try:
            directory.mkdir(parents=True, exist_ok=True)
            return
        except FileNotFoundError:
            if attempt == 2:
                raise


def _tree(directory: Path) -> Iterator[Path]:
    """The group and those below it, the deepest first."""
    return (Path(path) for path, _, _ in os.walk(directory, topdown=False))


def _pids_in(directory: Path) -> list[int]:
    try:
        return [int(line) for line in (directory / "cgroup.procs").read_text(encoding="ascii").split()]
    except OSError:
        return []
