"""A cluster as it is configured, in the few words that a simulation needs."""

from __future__ import annotations

from typing import NamedTuple

from opensvc_daemon.lease.terms import LeaseTerms
from opensvc_daemon.orchestration.view import Guard, Settings


class ResourceSetup(NamedTuple):
    """A resource. `is_exclusive`: it refuses to be active on two nodes, and can be taken from a node that is known to be down."""

    rid: str
    is_monitored: bool = False
    is_standby: bool = False
    is_exclusive: bool = False
    restart: int = 0
    restart_delay: float = 0.0


class ServiceSetup(NamedTuple):
    """A service: the fields of a ServiceView that come from its file, its resources, and how many seconds its actions take.

    `unfit`: the nodes that don't meet its constraints. `is_made`: it is provisioned when all begins.
    """

    path: str
    nodes: tuple[str, ...]
    topology: str = "failover"
    orchestrate: str = "ha"
    placement: str = "nodes order"
    flex_min: int = 1
    flex_max: int = 0
    flex_target: int = 1
    priority: int = 100
    parents: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    hard_affinity: tuple[str, ...] = ()
    hard_anti_affinity: tuple[str, ...] = ()
    soft_affinity: tuple[str, ...] = ()
    soft_anti_affinity: tuple[str, ...] = ()
    guard: Guard = Guard.NONE
    has_data_at_stake: bool = True
    monitor_action: tuple[str, ...] = ()
    pre_monitor_action: str = ""
    split_resolution: str = "freeze"
    is_disabled: bool = False
    is_managed: bool = False
    is_rolled_back: bool = True
    starts: float = 1.0
    stops: float = 1.0
    unfit: tuple[str, ...] = ()
    is_made: bool = True
    resources: tuple[ResourceSetup, ...] = (ResourceSetup("fs#1"), ResourceSetup("app#1"))

    @property
    def is_failover(self) -> bool:
        """On one node at a time."""
        return self.topology == "failover"

    @property
    def is_guarded(self) -> bool:
        """It must never be active twice."""
        return self.is_failover and self.guard in GUARDED


GUARDED = frozenset({Guard.FENCE, Guard.LEASE, Guard.EXCLUSIVE})
# The fields of ServiceSetup that ServiceView has under the same name.
SHARED = tuple(ServiceSetup._fields[: ServiceSetup._fields.index("starts")])


class NodeSetup(NamedTuple):
    """A node. `rate`: of its clock. `fence`: whether an agent can power it off. `score`: for services that go by it."""

    name: str
    rate: float = 1.0
    fence: bool = True
    weight: int = 1
    score: int = 0


class ClusterSetup(NamedTuple):
    """The whole cluster.

    Parameters:
        links: its heartbeats.
        watchdog: seconds of the device in each node; 0: none.
        hearing: how nodes hear each other: `plain` values, the `rooms` of the heartbeat's own code, or those with each beat `sealed`.
    """

    nodes: tuple[NodeSetup, ...]
    services: tuple[ServiceSetup, ...]
    arbitrators: tuple[str, ...] = ()
    links: tuple[str, ...] = ("hb#1",)
    settings: Settings = Settings()
    terms: LeaseTerms = LeaseTerms()
    watchdog: float = 2.0
    hearing: str = "plain"

    @property
    def names(self) -> tuple[str, ...]:
        """Of its nodes."""
        return tuple(node.name for node in self.nodes)
