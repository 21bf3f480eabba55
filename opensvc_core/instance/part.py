"""A part: a resource of a service with what the core knows of it, also when its driver could not be had."""

from __future__ import annotations

from typing import NamedTuple

from opensvc_core.config.vocabulary import ResourceKeywords
from opensvc_core.driver.base import Resource
from opensvc_core.model.names import Rid
from opensvc_core.plan.item import Item

# Groups that `avail` doesn't count: they don't make the service available.
ASIDE = frozenset({"sync", "hb", "task"})
# Groups whose resources are made by somebody before they can be started.
PROVISIONED_GROUPS = frozenset({"ip", "volume", "disk", "fs", "share", "container"})


class Part(NamedTuple):
    """One resource.

    `resource` is None where no driver could be had, or the section can't be used; `problem` then says why.
    """

    rid: Rid
    item: Item
    policy: ResourceKeywords
    resource: Resource | None
    problem: str = ""
    is_service_disabled: bool = False

    @property
    def group(self) -> str:
        """The driver group."""
        return self.item.group

    @property
    def is_disabled(self) -> bool:
        """The file says to leave it alone."""
        return self.policy.disable or self.is_service_disabled

    @property
    def is_optional(self) -> bool:
        """Its failure is a warning only. Synchronisation and tasks are so unless the file says otherwise."""
        declared = self.policy.optional
        return declared if declared is not None else self.group in ("sync", "task") or "noaction" in self.policy.tags

    @property
    def is_standby(self) -> bool:
        """It is kept up on nodes that don't run the service."""
        return bool(self.policy.standby)

    @property
    def counts_for_avail(self) -> bool:
        """Its status is part of `avail`."""
        return self.group not in ASIDE and not self.is_optional and self.is_counted

    @property
    def is_counted(self) -> bool:
        """Its status is part of any merge."""
        return not self.is_disabled and not self.policy.encap
