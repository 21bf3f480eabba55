"""The control groups of a node: one in every hierarchy of the host, so that nothing in the node is forgotten."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import NamedTuple, Self

# the largest share of the processors: version 1, version 2
_MOST = {"cpu.shares": 262144, "cpu.weight": 10000}
# microseconds that processes of real time, as heartbeats are, get of each period: a group of version 1 has none of its own
_REAL_TIME = {"cpu.rt_period_us": 100_000, "cpu.rt_runtime_us": 3_000}
# what the super options of a mounted hierarchy hold beside its controllers
_NO_CONTROLLERS = ("rw", "ro", "xattr", "clone_children", "noprefix", "release_agent=", "nsdelegate", "memory_")


class Hierarchy(NamedTuple):
    """A mounted tree of control groups; `options` is what version 1 mounts it again with, empty for version 2."""

    mount: Path
    options: str


def hierarchies(mountinfo: str) -> list[Hierarchy]:
    """The hierarchies in the text of /proc/self/mountinfo, each once."""
    found: dict[str, Hierarchy] = {}
    for line in mountinfo.splitlines():
        left, right = line.split(" - ", 1)
        kind, _, options = (right.split(" ") + [""] * 3)[:3]
        if kind in {"cgroup", "cgroup2"}:
            one = Hierarchy(Path(left.split(" ")[4]), "" if kind == "cgroup2" else _controllers(options))
            found.setdefault(one.options, one)
    return list(found.values())


def _controllers(options: str) -> str:
    names = [name for name in options.split(",") if not name.startswith(_NO_CONTROLLERS)]
    return ",".join(["none", *names] if all(name.startswith("name=") for name in names) else names)


class Groups:
    """The groups of one name. The one of version 2 freezes and kills; the others only hold."""

    def __init__(self, name: str, trees: list[Hierarchy]) -> None:
        self.trees, self.folders = trees, [tree.mount / name for tree in trees]
        self._unified = next(folder for tree, folder in zip(trees, self.folders, strict=True) if not tree.options)

    @classmethod
    def of(cls, name: str) -> Self:
        """The groups of a name on this host."""
        return cls(name, hierarchies(Path("/proc/self/mountinfo").read_text(encoding="utf-8")))

    def make(self) -> None:
        """Make them."""
        for folder in self.folders:
            folder.mkdir(exist_ok=True)
            if (folder / "tasks").exists():  # of version 1
                self._open(folder)

    @staticmethod
    def _open(folder: Path) -> None:
        """Let processes of each kind in: a new group takes none where it has no processors and memory, and none of real time."""
        for name in ("cpuset.cpus", "cpuset.mems"):
            if (folder / name).exists():
                (folder / name).write_text((folder.parent / name).read_text())
                (folder / "cgroup.clone_children").write_text("1")
        for name, value in _REAL_TIME.items():
            if (folder / name).exists():
                with suppress(OSError):  # of very many nodes the last ones are as on a machine that grants no such priority
                    (folder / name).write_text(str(value))

    def prefer(self) -> None:
        """Let them have the processors before anybody else, where these are shared out by groups."""
        for folder, (name, most) in product(self.folders, _MOST.items()):
            if (folder / name).exists():
                (folder / name).write_text(str(most))

    def freeze(self, *, on: bool) -> None:
        """Stop or continue every process in them; what sleeps in the kernel follows when it wakes."""
        (self._unified / "cgroup.freeze").write_text(str(int(on)))
        self._wait("frozen", on=on, seconds=5)

    def kill(self, *, seconds: float = 60) -> None:
        """End every process in them, frozen ones too, and wait until they are gone."""
        with suppress(FileNotFoundError):
            self._kill_inner()
            # the processes are dead, but a group that stays frozen would take in no new one
            (self._unified / "cgroup.freeze").write_text("0")
            if not self._wait("populated", on=False, seconds=0.5):
                (self._unified / "cgroup.kill").write_text("1")
            if not self._wait("populated", on=False, seconds=seconds):
                raise TimeoutError(f"{self._unified}: processes do not end: {sorted(self.pids())}")

    def _kill_inner(self) -> None:
        """End those of inner PID namespaces. Their parents out here then reap them: an orphan would be left to the host's process 1."""
        for pid in self.pids():
            with suppress(OSError):
                is_outer = Path(f"/proc/{pid}/ns/pid").samefile("/proc/self/ns/pid")
                os.kill(pid, signal.SIGCONT if is_outer else signal.SIGKILL)

    def pids(self) -> set[int]:
        """The processes in them."""
        # not rglob: that fails where a group goes away meanwhile
        return {pid for folder, _, _ in os.walk(self._unified) for pid in _pids(Path(folder, "cgroup.procs"))}

    def remove(self, *, seconds: float = 60) -> None:
        """Remove them with what was made below them."""
        end = time.monotonic() + seconds
        while left := [folder for top in self.folders for folder in _tree(top) if not _is_removed(folder)]:
            if time.monotonic() > end:
                raise TimeoutError(f"{left[0]}: cannot be removed")
            for folder in left:
                _kill_in(folder)
            time.sleep(0.01)

    def _wait(self, event: str, *, on: bool, seconds: float) -> bool:
        end, wanted = time.monotonic() + seconds, f"{event} {int(on)}\n"
        while not (found := wanted in (self._unified / "cgroup.events").read_text()) and time.monotonic() < end:
            time.sleep(0.001)
        return found


def _tree(top: Path) -> Iterator[Path]:
    if top.is_dir():
        yield from (Path(folder) for folder, _, _ in os.walk(top, topdown=False))


def _is_removed(folder: Path) -> bool:
    with suppress(OSError):
        folder.rmdir()
    return not folder.exists()


def _kill_in(folder: Path) -> None:
    """What left the group of version 2 but stays in another: end it as well."""
    for pid in _pids(folder / "cgroup.procs"):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _pids(path: Path) -> list[int]:
    with suppress(OSError):
        # a process of a PID namespace outside this one is shown as 0
        return [int(line) for line in path.read_text().split() if line != "0"]
    return []
