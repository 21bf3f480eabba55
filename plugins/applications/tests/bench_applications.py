"""A bench for drivers of applications: real scripts, real processes, the engine's own executor; it takes all of it away again."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import pytest

from opensvc_core.api import Context, Observation, Operations, Resource, Rid, ServiceFacts, ServicePath
from opensvc_core.instance.executors import HostExecutor, Rehearsal
from opensvc_core.instance.host import Host
from opensvc_core.instance.journal import Journal
from opensvc_core.instance.walk import Walk, wait_for
from opensvc_core.model.events import Event, Level
from opensvc_core.system import processes
from opensvc_core.system.clock import SystemClock
from opensvc_core.system.commands import CommandRunner

NODE = "n1"


class Bench:
    """One service on one node."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.name, self.host = folder, f"t{uuid4().hex[:8]}", Host()
        self.events: list[Event] = []
        self.executor: HostExecutor | None = None
        self.journal = Journal(None, self.events.append, node=NODE, service=self.name, clock=SystemClock())
        self.cgroup = f"opensvc.tests/{self.name}"
        for name in ("launchers", "tmp"):
            (folder / name).mkdir()
        (folder / "tmp").chmod(0o700)

    def script(self, name: str, text: str, mode: int = 0o755) -> str:
        """A bash script; `text` without a first line gets one."""
        path = self.folder / name
        path.write_text(text if text.startswith("#!") else f"#!/bin/bash\n{textwrap.dedent(text)}")
        path.chmod(mode)
        return str(path)

    def make(
        self, cls: type[Resource], rid: str = "app#1", *, action: str = "", values: Mapping[str, str] | None = None, **more: str
    ) -> Resource:
        """A resource whose keywords have these texts."""
        known = cls.keywords()
        converted = {name: known[name].convert(text) for name, text in {**(values or {}), **more}.items()}
        facts = ServiceFacts(
            path=ServicePath(self.name),
            id="4711",
            launchers=self.folder / "launchers",
            run_dir=self.folder / "run",
            tmp_dir=self.folder / "tmp",
            cgroup=self.cgroup,
        )
        context = Context(Rid(rid), self.host, self.journal.of(rid), NODE, facts, self.folder / "var" / rid, action=action)
        return cls(context, converted)

    def follow(self, operations: Operations, rid: str = "app#1") -> Walk:
        """Carry out on this host, as the engine does it."""
        self.executor = HostExecutor(CommandRunner(groups=self.host.groups), self.journal)
        walk = Walk(self.executor, self.journal)
        try:
            walk.follow(operations, rid, keeps_undo=True)
        finally:
            self.walk = walk
        return walk

    def plan(self, operations: Operations) -> list[str]:
        """What would be carried out."""
        executor = Rehearsal()
        Walk(executor, self.journal).follow(operations, "app#1", keeps_undo=False)
        return [noted.text for noted in executor.noted]

    def executed(self) -> list[str]:
        """What the last `follow` met."""
        assert self.executor
        return [noted.text for noted in self.executor.noted]

    def settled(self, resource: Resource, status: str) -> bool:
        """Whether a resource comes to a status in the time that the engine gives it, and some for a busy machine."""
        from threading import Event as Flag

        return wait_for(lambda: seen(resource)[0] == status, resource.settle_seconds + 60, Flag())

    def lines(self, name: str = "", level: Level | None = None) -> list[str]:
        """The texts of the events of a name, of a level."""
        return [one.text for one in self.events if (not name or one.name == name) and (level is None or one.level is level)]

    def pids(self) -> list[int]:
        """What runs on behalf of the service."""
        marked = processes.find({"OPENSVC_SVCNAME": self.name})
        return sorted({one.pid for one in (*marked, *self.host.group_processes(self.cgroup))})

    def has_ended(self) -> bool:
        """Whether all of it ends, in a moment: who was told to end takes its time."""
        return self.comes(lambda: not self.pids())

    def comes(self, condition: Callable[[], object]) -> bool:
        """Whether something comes to be, in a time that is enough for a busy machine."""
        until = time.monotonic() + 60
        while not condition():
            if time.monotonic() > until:
                return False
            time.sleep(0.02)
        return True

    def close(self) -> None:
        """End what is left of it."""
        found = [processes.identify(pid) for pid in self.pids()]
        processes.end([one for one in found if one], 0.0, tree=True)
        for one in filter(None, found):
            with contextlib.suppress(ChildProcessError):
                os.waitpid(one.pid, os.WNOHANG)
        self.host.remove_group(self.cgroup)


def seen(resource: Resource) -> tuple[str, list[str]]:
    """The status of a resource, and its messages."""
    status = resource.status()
    if not isinstance(status, Observation):
        return str(status), []
    return str(status.status), [message.text for message in status.messages]


@pytest.fixture
def bench() -> Iterator[Bench]:
    """A bench in a folder that other users can enter."""
    folder = Path(tempfile.mkdtemp(prefix="opensvc-apps-"))
    folder.chmod(0o755)
    made = Bench(folder)
    yield made
    made.close()
    shutil.rmtree(folder)


@pytest.fixture
def is_root() -> None:
    """Only root runs commands as others."""
    if os.geteuid() != 0:
        pytest.skip("needs root: commands are run as another user")
