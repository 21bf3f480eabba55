"""The bench: a service with one resource under test on a node below a folder, and what is to be seen of it on the host."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from opensvc_core.driver.base import Resource
from opensvc_core.driver.capabilities import Provisionable
from opensvc_core.errors import OpensvcError
from opensvc_core.instance.executors import Noted, Watch
from opensvc_core.instance.node import Node
from opensvc_core.instance.request import Request
from opensvc_core.instance.service import Service
from opensvc_core.model.process import ProcessId
from opensvc_core.model.snapshot import ResourceStatus
from opensvc_core.model.status import Status
from opensvc_core.registry import lacks
from opensvc_core.system.processes import all_facts
from opensvc_core.testing.forks import Held, held, killed
from opensvc_core.testing.nodes import processes_of

Picture = tuple[tuple[str, ...], ...]
# Seconds that the host is given to show what an action has come to; one that is busy with other things takes long.
_PATIENCE = 20.0
_LOCK_WAIT = 30.0


@dataclass(frozen=True)
class Case:
    """What the suite needs to know of a driver. The suite gives `case()` an empty folder; what the driver makes should go there.

    Parameters:
        text: the configuration of a service with the resource under test.
        rid: the section of the resource under test.
        up: how it is shown after a start: Status.UP, or Status.NA for a driver that says nothing about the service being up.
        footprint: a comparable picture of all that the driver may touch on the host (files, mounts, devices, addresses), without
            what differs each time (process numbers, moments); None: the files in the folder. Processes, control groups, mounts below
            the folder and the service's own folders are looked at by the suite.
        remove: take something away behind the driver's back, so that it is no longer up (`umount`, `kill`); None: not tried.
        hanging: the configuration of a service whose start (or run) hangs, with its time limit; empty: not tried. A task that
            is not `optional = false` never fails its service.
        limit: seconds within which that start has to be given up, the end of its processes included.
        keeps_at_stop: stop leaves what start has made (a directory that may hold data): it is shown after a stop as before it,
            and only `unprovision` takes it away.
        settle: seconds that the host is given to show what an action has come to.
    """

    text: str
    rid: str
    up: Status = Status.UP
    footprint: Callable[[], object] | None = None
    remove: Callable[[Service], object] | None = None
    hanging: str = ""
    limit: float = 30.0
    keeps_at_stop: bool = False
    settle: float = _PATIENCE


@dataclass(frozen=True)
class Look:
    """What the service is on the host: the driver's own footprint, the files in its folder below `run`, its processes, mounts."""

    driver: object
    files: tuple[str, ...]
    processes: tuple[str, ...]
    mounts: tuple[str, ...] = ()

    def __str__(self) -> str:
        seen = f"footprint {self.driver}; files below run: {list(self.files)}; processes: {list(self.processes)}"
        return f"{seen}; mounts: {list(self.mounts)}"


class Bench:
    """A service of a case, made for one test.

    `first` is the look of the host before anything was done, `first_children` the children of this process then.
    """

    def __init__(self, node: Node, case: Case, folder: Path, *, name: str = "conformance") -> None:
        self.node, self.case, self.folder = node, case, folder
        self.service = node.create(name, case.text)
        self.cgroup = self.service.instance().facts.cgroup
        self.first, self.first_children = self.look(), children()

    def also(self, name: str, text: str) -> Bench:
        """Another service on the same node, of the same case but for its configuration."""
        return Bench(self.node, replace(self.case, text=text), self.folder, name=name)

    @property
    def resource(self) -> Resource:
        """The resource under test."""
        part = self.service.instance().part(self.case.rid)
        assert part.resource is not None, f"{self.case.rid} can't be had: {part.problem}"
        return part.resource

    def host_problem(self) -> str:
        """What this host lacks for the driver, as it says itself; empty where it says nothing, or can't be had."""
        resource = self.service.instance().part(self.case.rid).resource
        return lacks(type(resource))[0] if resource else ""

    @property
    def is_provisionable(self) -> bool:
        """The driver can make and take away what it needs."""
        return isinstance(self.resource, Provisionable)

    # -- actions

    def perform(self, action: str) -> tuple[Noted, ...]:
        """Carry out an action; what was done. Raises what became of it."""
        return self.service.perform(Request(action), lambda _event: None, wait_lock=_LOCK_WAIT)

    def planned(self, action: str) -> list[Noted]:
        """The changes that an action would make."""
        return changes(self.service.plan(action).operations)

    @property
    def cleaner(self) -> str:
        """The action that leads back to before the first start, as far as the driver's own actions do."""
        return "unprovision" if self.case.keeps_at_stop and self.is_provisionable else "stop"

    def clean(self) -> None:
        """As before the first start."""
        self.perform(self.cleaner)

    def attempt(self, action: str, watch: Watch | None = None) -> str:
        """Carry out an action; what it says that fails, and an empty text where it did not."""
        try:
            self.service.perform(Request(action), lambda _event: None, wait_lock=_LOCK_WAIT, watch=watch)
        except OpensvcError as error:
            return " ".join([str(error) or type(error).__name__, *getattr(error, "seen", ())])
        return ""

    def killed(self, action: str, point: int) -> bool:
        """Carry out an action in a process that is killed on the way; whether it came to that point, see `forks.killed`."""
        return killed(lambda watch: self.service.perform(Request(action), lambda _event: None, wait_lock=_LOCK_WAIT, watch=watch), point)

    def held(self, action: str, point: int) -> AbstractContextManager[Held]:
        """Carry out an action in a process that stands still on the way until this is left."""
        return held(lambda watch: self.attempt(action, watch), point)

    # -- what is to be seen

    def seen(self) -> ResourceStatus:
        """The resource under test in the status of the service, without the error that a look ends with."""
        return next(one for one in self.service.status(shows_disabled=True).local.resources if one.rid == self.case.rid)

    def status(self) -> Status:
        """How the resource under test is shown."""
        return self.seen().status

    def processes(self) -> list[ProcessId]:
        """The living processes that the service has started."""
        return processes_of(self.service)

    def look(self) -> Look:
        """What the service is on the host, without what differs each time."""
        return self._look(self.processes())

    def everything(self) -> tuple[object, ...]:
        """All that could have been changed, with the moments of the last change."""
        processes = self.processes()
        top = self.node.paths.etc.parent
        return self._look(processes), processes, picture(top, is_dated=True), picture(self.folder, is_dated=True)

    def _look(self, processes: Sequence[ProcessId]) -> Look:
        footprint = self.case.footprint or (lambda: picture(self.folder))
        run = self.node.paths.run / self.service.path.state_path
        files = tuple(sorted(str(file.relative_to(run)) for file in run.rglob("*") if not file.is_dir()))
        return Look(footprint(), files, tuple(sorted(command_line(process) for process in processes)), self._mounts())

    def _mounts(self) -> tuple[str, ...]:
        """What is mounted below the folder of the case and that of the node."""
        places = (f"{self.folder}/", f"{self.node.paths.etc.parent}/")
        mounts = psutil.disk_partitions(all=True)
        return tuple(sorted(f"{one.mountpoint} ({one.fstype})" for one in mounts if one.mountpoint.startswith(places)))

    def settles(self, condition: Callable[[], bool]) -> bool:
        """Whether a condition holds now, or within the seconds that the case gives the host to settle."""
        end = time.monotonic() + max(self.case.settle, self.resource.settle_seconds)
        while not condition():
            if time.monotonic() >= end:
                return False
            time.sleep(0.02)
        return True


def changes(operations: Sequence[Noted]) -> list[Noted]:
    """Those that change the host."""
    return [operation for operation in operations if operation.is_change]


def children() -> set[ProcessId]:
    """The living processes that this one has started and nobody has taken over."""
    return {facts.id for facts in all_facts() if facts.parent == os.getpid()}


def open_files() -> dict[int, str]:
    """The descriptors of this process, each with what it is open on."""
    found = {}
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the one that reads this very folder
            found[int(entry.name)] = str(entry.readlink())
    return found


def picture(folder: Path, *, is_dated: bool = False) -> Picture:
    """What is in a folder: each entry's path, kind with mode, owner, group and content; with `is_dated`, when it was changed."""
    return tuple(sorted(_entry(path, folder, is_dated=is_dated) for path in folder.rglob("*")))


def _entry(path: Path, folder: Path, *, is_dated: bool) -> tuple[str, ...]:
    found = path.lstat()
    moment = (str(found.st_mtime_ns),) if is_dated else ()
    return str(path.relative_to(folder)), f"{found.st_mode:o}", f"{found.st_uid}:{found.st_gid}", _content(path), *moment


def _content(path: Path) -> str:
    if path.is_symlink():
        return str(path.readlink())
    return path.read_bytes().decode(errors="backslashreplace") if path.is_file() else ""


def command_line(process: ProcessId) -> str:
    """What a process runs."""
    try:
        return Path(f"/proc/{process.pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return "(ended)"
