"""The few things that a driver is given to work with; never the service itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

from opensvc_core.driver.sight import Sight
from opensvc_core.model.limits import ProcessGroup, Unmet
from opensvc_core.model.names import Rid, ServicePath
from opensvc_core.model.operations import CommandResult, Setting
from opensvc_core.model.process import ProcessId
from opensvc_core.model.remote import RemoteShell

T = TypeVar("T")


class System(Protocol):
    """What a driver may ask of the host without changing it, and the means that its calls may use."""

    def query(self, argv: Sequence[str], *, timeout: float = 10.0, setting: Setting | None = None) -> CommandResult:
        """Run a command that only reads. A missing program is code 127, a time-out code 124 with what was running in stderr."""
        ...

    def find_processes(self, environment: Mapping[str, str]) -> Sequence[ProcessId]:
        """The living processes that were started with all these variables, the oldest first."""
        ...

    def group_processes(self, cgroup: str) -> Sequence[ProcessId]:
        """The living processes in a control group of ours; none where the host has no such groups."""
        ...

    def end_processes(self, processes: Sequence[ProcessId], *, grace: float, tree: bool = False) -> Sequence[ProcessId]:
        """End them: TERM, then KILL after `grace` seconds, with their descendants if asked. Returns those still there."""
        ...

    def remove_group(self, cgroup: str) -> None:
        """Remove an empty control group of ours; one that is not empty stays."""
        ...

    def group_path(self, cgroup: str) -> str:
        """The path of a control group of ours from the top of every hierarchy, as container engines are told it; empty: there is none."""
        ...

    def has_limits(self, cgroup: str) -> bool:
        """Whether a control group of ours has, or may have, limits that were set before."""
        ...

    def limit_group(self, cgroup: str, chain: Sequence[ProcessGroup]) -> Sequence[Unmet]:
        """Make a control group of ours, and set the limits of it and of those above it. Returns what this host does not hold."""
        ...

    def boot_id(self) -> str:
        """The identity of the running boot."""
        ...

    def is_root(self) -> bool:
        """The agent may do everything."""
        ...


class Log(Protocol):
    """The log of the service, as far as a driver writes to it; each line is known to be the resource's."""

    def debug(self, text: str, **fields: Any) -> None:
        """Write a line of this level."""
        ...

    def info(self, text: str, **fields: Any) -> None:
        """Write a line of this level."""
        ...

    def warning(self, text: str, **fields: Any) -> None:
        """Write a line of this level."""
        ...

    def error(self, text: str, **fields: Any) -> None:
        """Write a line of this level."""
        ...


class ServiceFacts(NamedTuple):
    """What a driver may know of its service.

    `is_older`: its file is of the older generation (`.env`). `file` is its file of configuration, `cluster_nodes` are the
    members of the cluster, `peer_shell` is the way to the other nodes. `prkey` is this node's key for reservations of
    disks, where node.conf gives it one.
    """

    path: ServicePath
    id: str = ""
    nodes: tuple[str, ...] = ()
    launchers: Path = Path("/etc/opensvc")
    run_dir: Path = Path("/run/opensvc")
    tmp_dir: Path = Path("/var/tmp/opensvc")
    cgroup: str = ""
    is_older: bool = False
    file: Path = Path("/etc/opensvc")
    drpnodes: tuple[str, ...] = ()
    cluster_nodes: tuple[str, ...] = ()
    peer_shell: RemoteShell = RemoteShell()
    prkey: str = ""

    def beside(self) -> list[Path]:
        """What stands beside its file and belongs to it: the link to its command, its launchers or the link to them, their folder."""
        base = os.path.splitext(self.file)[0]  # noqa: PTH122 - a name may have dots
        links = [Path(base)] if Path(base).is_symlink() else []
        return [*links, *(path for path in (Path(f"{base}.d"), Path(f"{base}.dir")) if os.path.lexists(path))]


class Context(NamedTuple):
    """What the core hands to a driver.

    `groups` are the control groups that the resource is in, with their limits: the service's, that of its subset where the file has a
    section for it, its own. `var_dir` is the resource's own directory for state; the driver makes it when it first writes there.
    `confirmed_down` are nodes known to be dead, by a guard or by the administrator's word. `action` is what is being
    done (empty for a status); `is_forced`: the administrator asked for `--force`.
    `patience`: the seconds that a preflight may ask others, where a service is waited for; None: as long as it takes to be sure.
    `is_handed_over`: one node gives the service to another, and the daemons of all nodes know it: what is stopped is about to be
    started elsewhere, what is started was told to be down everywhere by those who had it.
    `planned_paths`, in a plan, are what its earlier steps will have made available (see `Resource.occupies`, `ExposesDevices`),
    `planned_gone` the devices that they will have taken away.
    `shared`, in a status, is kept by all resources of one look: a report that tells of several is asked for once; None in actions.
    `sight` is what `once` and `look_anew` go by.
    """

    rid: Rid
    system: System
    log: Log
    node: str
    service: ServiceFacts
    var_dir: Path
    confirmed_down: frozenset[str] = frozenset()
    action: str = ""
    is_forced: bool = False
    planned_paths: frozenset[str] | set[str] = frozenset()
    planned_gone: frozenset[str] | set[str] = frozenset()
    shared: dict[str, Any] | None = None
    groups: tuple[ProcessGroup, ...] = ()
    patience: float | None = None
    is_handed_over: bool = False
    sight: Sight | None = None

    @property
    def cgroup(self) -> str:
        """The resource's own control group; empty where the service has none."""
        if self.groups:
            return self.groups[-1].path
        return f"{self.service.cgroup}/{self.rid}" if self.service.cgroup else ""

    def once(self, key: str, see: Callable[[], T]) -> T:
        """What `see` finds, which may be costly: all resources of a look, or of a plan, call it once (more often side by side).

        In an action nothing is kept beyond an operation, and each start, stop, provision and unprovision begins with a look of its own:
        what another node may have changed is decided on by that. What tells of the whole host (a report of LVM) belongs here; `key` is
        its name.
        """
        return self.sight.once(key, see) if self.sight else see()

    def look_anew(self) -> None:
        """Let nothing be taken for so that was seen before: who waits for a change that others make looks again and again."""
        if self.sight:
            self.sight.forget()

    def environment(self) -> dict[str, str]:
        """What the commands of the resource find in their environment: whose they are, and for which action."""
        return {**service_environment(self.service, self.action), "OPENSVC_RID": self.rid}


def service_environment(service: ServiceFacts, action: str) -> dict[str, str]:
    """What the commands of a service (triggers) find in their environment."""
    path = service.path
    known = {
        "OPENSVC_SVCPATH": str(path),
        "OPENSVC_SVCNAME": path.name,
        "OPENSVC_NAME": path.name,
        "OPENSVC_SVC_ID": service.id,
        "OPENSVC_KIND": path.kind,
        "OPENSVC_NAMESPACE": path.namespace,
        "OPENSVC_ACTION": action,
    }
    return {name: value for name, value in known.items() if value}
