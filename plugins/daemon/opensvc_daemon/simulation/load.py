"""A load: what of a service truly runs on one node, whatever anybody knows of it."""

from __future__ import annotations

from opensvc_core.api import Status, merge
from opensvc_daemon.orchestration.view import ResourceView
from opensvc_daemon.simulation.cluster import ResourceSetup, ServiceSetup


class Load:
    """The resources that are up, those that are broken (a start of them fails), and how many restarts each has left."""

    def __init__(self, setup: ServiceSetup) -> None:
        self.setup = setup
        self.up: set[str] = set()
        self.broken: set[str] = set()
        self.tried: dict[str, tuple[int, float]] = {}

    @property
    def is_active(self) -> bool:
        """Something that must not run twice runs."""
        return any(one.rid in self.up for one in self.setup.resources if not one.is_standby)

    def avail(self) -> Status:
        """The status that counts."""
        return merge(self._status(one) for one in self.setup.resources)

    def resources(self) -> tuple[ResourceView, ...]:
        """Each resource, as a look at it finds it."""
        return tuple(self._resource(one) for one in self.setup.resources)

    def tries(self, rid: str, now: float) -> None:
        """Count a restart of a resource."""
        left, _ = self.tried.get(rid, (self._setup(rid).restart, 0.0))
        self.tried[rid] = (max(0, left - 1), now)

    def rids(self) -> list[str]:
        """In the order in which they start."""
        return [one.rid for one in self.setup.resources]

    def before(self, rid: str) -> list[str]:
        """What a resource may need: those that start earlier."""
        return self.rids()[: self.rids().index(rid)]

    def exclusive(self, rid: str) -> bool:
        """Whether a resource refuses to be active twice."""
        return self._setup(rid).is_exclusive

    def is_standby(self, rid: str) -> bool:
        """Whether a resource is kept up on every node."""
        return self._setup(rid).is_standby

    def _setup(self, rid: str) -> ResourceSetup:
        return next(one for one in self.setup.resources if one.rid == rid)

    def _status(self, one: ResourceSetup) -> Status:
        is_up = one.rid in self.up
        if one.is_standby:
            return Status.STDBY_UP if is_up else Status.STDBY_DOWN
        return Status.UP if is_up else Status.DOWN

    def _resource(self, one: ResourceSetup) -> ResourceView:
        left, at = self.tried.get(one.rid, (one.restart, None))
        return ResourceView(
            one.rid,
            self._status(one),
            is_monitored=one.is_monitored,
            is_standby=one.is_standby,
            restarts_left=left,
            restart_delay=one.restart_delay,
            tried_at=at,
        )
