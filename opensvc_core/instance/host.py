"""What a driver may ask of this host."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Final

from opensvc_core.errors import ActionTimeout, OpensvcError
from opensvc_core.model.limits import ProcessGroup, Unmet
from opensvc_core.model.operations import Command, CommandResult, Setting
from opensvc_core.model.process import ProcessId
from opensvc_core.system import host
from opensvc_core.system import processes as table
from opensvc_core.system.cgroups import ControlGroups
from opensvc_core.system.commands import CommandRunner

# Members of a parallel subset are threads, with groups above them in common.
_TURN: Final = threading.Lock()


class Host:
    """The `System` that drivers are given: this host."""

    def __init__(self) -> None:
        self._groups: ControlGroups | None = None
        self._has_looked = False

    @property
    def groups(self) -> ControlGroups | None:
        """Where control groups are made; None where this host allows none."""
        if not self._has_looked:
            self._groups, self._has_looked = ControlGroups.find(), True
        return self._groups

    def query(self, argv: Sequence[str], *, timeout: float = 10.0, setting: Setting | None = None) -> CommandResult:
        try:
            return CommandRunner().run(Command(argv, timeout=timeout, setting=setting))
        except ActionTimeout as error:
            return CommandResult(124, stderr=str(error), seconds=timeout)
        except OpensvcError as error:
            return CommandResult(126, stderr=str(error))

    def find_processes(self, environment: Mapping[str, str]) -> Sequence[ProcessId]:
        return sorted(table.find(environment), key=lambda process: process.started)

    def group_processes(self, cgroup: str) -> Sequence[ProcessId]:
        return self.groups.processes(cgroup) if self.groups else []

    def end_processes(self, processes: Sequence[ProcessId], *, grace: float, tree: bool = False) -> Sequence[ProcessId]:
        return table.end(processes, grace, tree=tree)

    def remove_group(self, cgroup: str) -> None:
        if self.groups:
            self.groups.remove(cgroup)

    def group_path(self, cgroup: str) -> str:
        return self.groups.absolute(cgroup) if self.groups else ""

    def has_limits(self, cgroup: str) -> bool:
        from opensvc_core.system.limiting import Limiter  # noqa: PLC0415 - a status limits nothing

        return self.groups is not None and Limiter(self.groups).has_limits(cgroup)

    def limit_group(self, cgroup: str, chain: Sequence[ProcessGroup]) -> Sequence[Unmet]:
        from opensvc_core.system.limiting import Limiter  # noqa: PLC0415 - a status limits nothing

        if self.groups:
            with _TURN:
                return Limiter(self.groups).apply(chain, cgroup)
        reason = "this host lets us make no control group"
        return [Unmet(group.owner, keyword, reason) for group in chain for keyword in group.limits]

    def boot_id(self) -> str:
        return host.boot_id()

    def is_root(self) -> bool:
        return host.is_root()


class Glance(Host):
    """A host as one look at several services sees it: which processes are ours is found out once."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host
        self._marked: dict[ProcessId, frozenset[bytes]] | None = None

    @property
    def groups(self) -> ControlGroups | None:
        return self._host.groups

    def find_processes(self, environment: Mapping[str, str]) -> Sequence[ProcessId]:
        if not all(name.startswith(table.MARK) for name in environment):
            return super().find_processes(environment)
        if self._marked is None:
            self._marked = table.marked()
        wanted = table.entries(environment)
        found = [process for process, marks in self._marked.items() if wanted <= marks and table.is_alive(process)]
        return sorted(found, key=lambda process: process.started)
