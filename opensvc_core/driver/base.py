"""The base class of resource drivers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from opensvc_core.config.keywords import Declares
from opensvc_core.driver.context import Context
from opensvc_core.model.status import Observation, Status

_LOOK_LIMIT: Final = 10.0


class Resource(Declares):
    """A part of a service that a driver knows how to handle.

    A driver is a subclass with an `id` (`fs.ext4`), keywords, `status()` and the capabilities that it has.
    It may read the host at any time and changes it only by the operations that it yields.

    Class attributes:
        id: `group.type`; the first part is the group, which says when it starts and where it is shown.
        older_sections: section prefixes of the older dialect that mean this driver (`vg`).
        needs_below: its status can only be seen while the resources of the groups before it are up; it is
            `down` without being asked when they are not.
        assumed: set on a resource while a plan is made: what the plan's earlier steps will have made of it.
        settle_seconds: how long after a start or a stop its status may take to follow.
    """

    id: ClassVar[str]
    older_sections: ClassVar[tuple[str, ...]] = ()
    needs_below: ClassVar[bool] = False
    settle_seconds: float = 0.0
    assumed: Status | None = None

    def __init__(self, context: Context, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.context = context

    @property
    def rid(self) -> str:
        """Its name in the service file: `fs#1`."""
        return self.context.rid

    @property
    def cgroup(self) -> str:
        """The control group that its processes are in; empty for a resource that leaves none behind.

        It is made, with the limits of the file, before a `start` or a `run`.
        """
        return ""

    def status(self) -> Status | Observation:
        """What is to be seen of it on this node, now. It changes nothing, and never waits long."""
        raise NotImplementedError

    def look_limit(self) -> float:
        """How many seconds `status` may take before who looks at many services gives it up, and the resource is `undef`."""
        return _LOOK_LIMIT

    def seen(self) -> Status:
        """Its status, for the decisions of `start` and `stop`; in a plan, what the steps before will have made of it."""
        if self.assumed is not None:
            return self.assumed
        seen = self.status()
        return seen.status if isinstance(seen, Observation) else seen

    def settle(self, _verb: str) -> float:
        """How many seconds its status may take to follow a `start` or a `stop`."""
        return self.settle_seconds

    def seen_alone(self) -> Status | Observation:
        """What is to be seen of it while the resources below are not up; only asked of those that need what is below."""
        return Status.DOWN

    def label(self) -> str:
        """What it is, in a few words, for the tree layout."""
        return self.id

    def classic_label(self) -> str:
        """The same for the classic layout, where it differs."""
        return self.label()

    def occupies(self) -> str:
        """The path that it makes available to others (a mount point, a directory), or an empty text."""
        return ""

    def is_there(self, path: str) -> bool:
        """Whether a path exists; in a plan, as the steps before will have left it."""
        return path in self.context.planned_paths or (path not in self.context.planned_gone and os.path.lexists(path))

    def position(self) -> int:
        """A number that orders it inside its subset, for older files that number their applications."""
        return 0

    def is_provisioned(self) -> bool | None:
        """Whether what it needs exists, as seen on the host; None where that can't be seen."""
        return None

    @classmethod
    def host_problem(cls) -> str:
        """Why this host can't run the driver (a missing tool, a kernel without …) and the remedy, or an empty text."""
        return ""
