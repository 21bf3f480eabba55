"""Groups: the control groups that the processes of a service are in, and what limits them."""

from __future__ import annotations

from collections.abc import Mapping

from opensvc_core.config.limits import LimitKeywords
from opensvc_core.config.sections import DEFAULT, Section
from opensvc_core.config.vocabulary import ResourceKeywords, ServiceKeywords, SubsetKeywords
from opensvc_core.driver.context import System
from opensvc_core.model.limits import ProcessGroup


def groups_of(
    service_group: str,
    section: Section,
    policy: ResourceKeywords,
    *,
    service: ServiceKeywords,
    subsets: Mapping[str, SubsetKeywords],
) -> tuple[ProcessGroup, ...]:
    """The control groups that a resource is in, the outermost first: the service's, its subset's where that has a section, its own."""
    ids = [f"{name}:{policy.subset}" if policy.subset else name for name in (section.driver, section.group)]
    subset = next((name for name in ids if name in subsets), "")
    named: list[tuple[str, str, LimitKeywords]] = [("", DEFAULT, service), ("", section.rid, policy)]
    if subset:
        named.insert(1, (f"subset.{subset}", f"subset#{subset}", subsets[subset]))
    path, found = service_group, list[ProcessGroup]()
    for name, owner, keywords in named:
        own = name or ("" if owner == DEFAULT else owner)
        path = f"{path}/{own}" if path and own else path
        found.append(ProcessGroup(path, owner, keywords.limits()))
    return tuple(found)


def leave_group(system: System, cgroup: str) -> None:
    """Remove the control groups of a service that has no process left."""
    if cgroup and not system.group_processes(cgroup):
        system.remove_group(cgroup)
