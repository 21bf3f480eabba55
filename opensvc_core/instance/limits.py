"""Limits: put on the control groups of what an action starts, and told where the host does not hold them."""

from __future__ import annotations

from collections.abc import Sequence

from opensvc_core.config.converters import print_size
from opensvc_core.driver.base import Resource
from opensvc_core.instance.executors import Executor
from opensvc_core.instance.journal import Journal
from opensvc_core.model.events import Level
from opensvc_core.model.limits import ProcessGroup, Unmet, doubt
from opensvc_core.model.operations import Call

_SIZES = frozenset({"pg_mem_limit", "pg_vmem_limit"})


class Limiting:
    """Puts the limits on the groups of the resources that an action starts; what the host does not hold is told once."""

    def __init__(self, executor: Executor, journal: Journal) -> None:
        self._executor, self._journal = executor, journal
        self._told: set[str] = set()

    def limit(self, resource: Resource) -> None:
        """Limit what the resource is about to start, and what of it runs. Raises ActionFailed or ActionRefused for a group not made."""
        groups, cgroup, system = resource.context.groups, resource.cgroup, resource.context.system
        self._tell(resource, _unmet(groups, cgroup))
        chain = [group for group in groups if cgroup and f"{cgroup}/".startswith(f"{group.path}/")]
        if any(group.limits for group in chain) or any(system.has_limits(group.path) for group in chain):
            shown = "; ".join(filter(None, map(_shown, chain))) or f"none for {resource.rid}"
            unmet = self._executor.execute(Call(f"limits: {shown}", lambda: system.limit_group(cgroup, chain), is_quiet=True), resource.rid)
            self._tell(resource, unmet or ())

    def _tell(self, resource: Resource, unmet: Sequence[Unmet]) -> None:
        if self._executor.is_rehearsal:
            return
        for one in unmet:
            if str(one) not in self._told:
                self._told.add(str(one))
                self._journal.say(str(one), rid=resource.rid if one.owner == resource.rid else "", level=Level.WARNING, name="limits")


def _unmet(groups: Sequence[ProcessGroup], cgroup: str) -> list[Unmet]:
    """What of the limits can't be held whatever the host is."""
    found = [Unmet(group.owner, "pg_vmem_limit", reason) for group in groups if (reason := doubt(group.limits))]
    if groups and not groups[0].path:
        reason = "create_pg is false"
    elif groups and not cgroup:
        reason, groups = "it leaves no process behind", groups[-1:]
    else:
        return found
    return [*found, *(Unmet(group.owner, keyword, reason) for group in groups for keyword in group.limits)]


def _shown(group: ProcessGroup) -> str:
    words = [f"{name} = {print_size(value) if name in _SIZES else value}" for name, value in group.limits.items()]
    return f"{group.owner} {', '.join(words)}" if words else ""
