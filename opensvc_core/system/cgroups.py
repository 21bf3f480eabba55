"""Control groups: they hold all processes of a resource, also those that left its session.

One hierarchy, of version 2 where there is one, has all our groups; in those of version 1 that hold limits (see `limiting`) stand
only the groups that need it. They stand at the top of the hierarchy, because a group below that of an ssh session or of a systemd
unit ends with it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Self

from opensvc_core.errors import ActionFailed, ActionRefused
from opensvc_core.model.process import ProcessId
from opensvc_core.system.hierarchies import Tree, usable_trees
from opensvc_core.system.processes import KILL_PATIENCE, identify, is_alive, send

# The kernel's files in a group are named CONTROLLER.FILE: a group of such a name gets an underscore, as systemd does it.
_KERNEL_WORDS: Final = frozenset(
    {"cgroup", "cpu", "cpuacct", "cpuset", "devices", "freezer", "hugetlb", "io", "irq", "memory", "misc", "pids"}
)


def safe_name(name: str) -> str:
    """A name for the file system: `opensvc/svc/app#1` → `opensvc/svc/app.1`; `/` separates groups."""
    return "/".join(_safe_part(part) for part in name.split("/") if part)


class ControlGroups:
    """The groups that we make below one directory of the host, and below those of `others`, where they are asked for."""

    def __init__(self, base: Path, others: Sequence[Tree] = (), *, main: Tree | None = None) -> None:
        self.base, self.others = base, tuple(others)
        self.main = main or Tree(base, 2, frozenset())

    @classmethod
    def find(cls) -> Self | None:
        """The place for our groups; None where this host (a container, say) lets us make none."""
        trees = usable_trees()
        main = next((tree for tree in trees if tree.is_plain), None)
        return cls(main.base, [tree for tree in trees if tree is not main], main=main) if main else None

    @property
    def trees(self) -> tuple[Tree, ...]:
        """All hierarchies, that of all groups first."""
        return self.main, *self.others

    def directory(self, name: str) -> Path:
        """Where the group is, or would be."""
        return self.base / safe_name(name)

    def absolute(self, name: str) -> str:
        """Its path from the top of every hierarchy, as container engines are told it; empty where our groups are not at the top."""
        return f"/{safe_name(name)}" if all(tree.is_top for tree in self.trees) else ""

    def entrances(self, name: str) -> list[Path]:
        """Where a process enters the group: its directory in each hierarchy that has it."""
        return [path for tree in self.trees if (path := tree.base / safe_name(name)).is_dir()]

    def make(self, name: str) -> Path:
        """Make the group, and those above it, where missing; in other hierarchies too if they have one of those above.

        The first part of a name is common to all services, and counts for none of them. Raises ActionRefused or ActionFailed.
        """
        directory = self.directory(name)
        try:
            _make_all(directory)
            above = Path(safe_name(name)).parents
            for tree in self.others:
                if any((tree.base / part).is_dir() for part in above if len(part.parts) > 1):
                    make_in(tree, Path(safe_name(name)))
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
        """Remove the group, those below it, and those above it that are left empty; False: it holds processes.

        The kernel keeps a group for the processes that are about to end, which it lists no more: these are waited for.
        """
        until = time.monotonic() + KILL_PATIENCE
        while not all([_remove_in(tree.base, tree.base / safe_name(name)) for tree in (*self.others, self.main)]):
            if self.pids(name) or time.monotonic() >= until:
                break
            time.sleep(0.01)
        return not self.directory(name).exists()

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


def make_in(tree: Tree, place: Path) -> Path:
    """Make a group, and those above it, in one hierarchy; `place` is relative to our groups there. Raises OSError."""
    directory = tree.base / place
    _make_all(directory)
    if "cpuset" in tree.controllers and tree.version == 1:
        _fill_cpusets(tree.base, directory)
    return directory


def _safe_part(part: str) -> str:
    text = re.sub(r"[^A-Za-z0-9_.:@-]", ".", part)
    word, dot, _ = text.partition(".")
    return f"_{text}" if text[0] in "._" or (dot and word in _KERNEL_WORDS) else text


def _make_all(directory: Path) -> None:
    # An action on a neighbour may remove the empty group above between our two steps: then once more.
    for attempt in range(3):
        try:
            directory.mkdir(parents=True, exist_ok=True)
            return
        except FileNotFoundError:
            if attempt == 2:
                raise


def _fill_cpusets(base: Path, directory: Path) -> None:
    """Give groups without processors or memory nodes those of their parent: a cpuset of version 1 takes no process before."""
    chain = [directory, *directory.parents]
    for group in reversed(chain[: chain.index(base)]):
        for file in ("cpuset.cpus", "cpuset.mems"):
            if not (group / file).read_text(encoding="ascii").strip():
                (group / file).write_text((group.parent / file).read_text(encoding="ascii"), encoding="ascii")


def _remove_in(base: Path, directory: Path) -> bool:
    """Remove a group where that is possible; False: the kernel says that it is busy."""
    is_busy = False
    for each in (*_tree(directory), directory):
        try:
            each.rmdir()
        except OSError as exc:
            is_busy = is_busy or exc.errno == errno.EBUSY
    if directory.exists():
        return not is_busy
    for above in directory.parents:
        if above == base:
            break
        with contextlib.suppress(OSError):
            above.rmdir()
    return True


def _tree(directory: Path) -> Iterator[Path]:
    """The group and those below it, the deepest first."""
    return (Path(path) for path, _, _ in os.walk(directory, topdown=False))


def _pids_in(directory: Path) -> list[int]:
    try:
        return [int(line) for line in (directory / "cgroup.procs").read_text(encoding="ascii").split()]
    except OSError:
        return []
