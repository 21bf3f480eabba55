"""The cluster as one node knows it at one moment: an immutable picture, and all that a decision is made of.

Moments are seconds of this node's own monotonic clock: when *it* saw something. No clock of another node and no wall clock
takes part.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, unique
from typing import Final, NamedTuple

from opensvc_core.api import Status
from opensvc_daemon.orchestration.requests import Request
from opensvc_daemon.orchestration.states import MonitorState, NodeState


@unique
class Reach(Enum):
    """What this node hears of another one."""

    BEATING = "beating"  # it hears us and we hear it, by one link at least: what we know of it is what it says now
    HEARD = "heard"  # we hear it, it does not hear us: it is alive, and will not see what we announce
    SILENT = "silent"  # it was heard once: what we know of it was true then
    UNSEEN = "unseen"  # it was never heard since our daemon began
    GONE = "gone"  # known to run nothing: it said so as its last word, or a guard or a person confirmed it

    __hash__ = object.__hash__  # as in MonitorState


@unique
class Fencing(Enum):
    """How far the fencing of a node is."""

    NONE = "none"
    RUNNING = "running"
    CONFIRMED = "confirmed"
    FAILED = "failed"

    __hash__ = object.__hash__  # as in MonitorState


@unique
class Guard(Enum):
    """What makes sure that a silent peer has nothing active, before a service that may be active there is started."""

    NONE = "none"
    FENCE = "fence"
    LEASE = "lease"
    EXCLUSIVE = "exclusive"
    ACCEPT = "accept"

    __hash__ = object.__hash__  # as in MonitorState


@unique
class Lease(Enum):
    """This node's lease of a service."""

    NONE = "none"
    ASKED = "asked"
    REFUSED = "refused"
    HELD = "held"

    __hash__ = object.__hash__  # as in MonitorState


class Settings(NamedTuple):
    """Periods, in seconds, and policies of the cluster. The defaults are those of the configuration."""

    heartbeat_timeout: float = 5.0
    ready_period: float = 1.0
    maintenance_grace_period: float = 60.0
    rejoin_grace_period: float = 90.0
    fence_delay: float = 5.0
    fence_retry: float = 30.0
    lease_retry: float = 1.0
    has_quorum_rule: bool = False
    split_action: str = "stop"  # of a node that lost the quorum: stop, crash, reboot
    max_parallel: int = 10


class NodeView(NamedTuple):
    """One node.

    `state_since` is when its present state was first seen here; `reach_since` the same for `reach`. `merged` is the
    generation of our data that it says it has, `is_told` whether what it says by now has arrived here (and it has not since
    `untold_since`); `links` tells for each heartbeat whether it works in both directions.
    """

    name: str
    reach: Reach = Reach.BEATING
    reach_since: float = 0.0
    state: NodeState = NodeState.IDLE
    state_since: float = 0.0
    is_frozen: bool = False
    is_overloaded: bool = False
    load: float = 0.0
    score: int = 0
    version: int = 1
    merged: int = 0
    is_told: bool = True
    untold_since: float = 0.0
    fencing: Fencing = Fencing.NONE
    fencing_since: float = 0.0
    can_be_fenced: bool = False
    weight: int = 1
    links: Mapping[str, bool] = {}


class Arbitrator(NamedTuple):
    """Somebody outside the cluster with a vote. `is_answering`: it gave us its vote when it was last asked."""

    name: str
    weight: int = 1
    is_answering: bool = False


class ResourceView(NamedTuple):
    """A resource of this node's own instance, as far as the decision needs it.

    `restarts_left` counts down from its keyword `restart`; `tried_at` is when it was last started again.
    """

    rid: str
    status: Status
    is_monitored: bool = False
    is_standby: bool = False
    is_disabled: bool = False
    restarts_left: int = 0
    restart_delay: float = 0.0
    tried_at: float | None = None


# A standby resource is kept up wherever it is: it is tried again also where its file asks for no restarts.
_STANDBY_RESTARTS: Final = 2


def restarts_of(restart: int, *, is_standby: bool) -> int:
    """How often a resource is started again whose file says `restart`."""
    return max(restart, _STANDBY_RESTARTS) if is_standby else restart


class InstanceView(NamedTuple):
    """A service on one node, as that node says.

    Parameters:
        avail: the status that counts.
        monitor_generation: of this node's own instance: the generation of our data that announced `monitor`.
        rank: when ready, the place among the candidates with which it announced itself.
        expects_up: it was up and nobody stopped it, so resources that fail are started again.
        is_left: it was up when this node went down, and neither a start nor a stop has ended here since: a tag, a reservation
            may be left of it.
        is_alone: it is up, and was so while its node had no quorum.
        served: the id of the last request for which an action of its own has ended, well or not, or in which it took part to
            the end (`absence.served_at_end`).
        config: a digest of the file that the node has.
        failed_action: the monitor action that was tried and failed.
        is_incomplete: part of what it needs is there, and part is not.
        named: of this node's own instance: the nodes that the file names, and those that it has named and that may have it still.
    """

    avail: Status = Status.DOWN
    monitor: MonitorState = MonitorState.IDLE
    monitor_since: float = 0.0
    monitor_generation: int = 0
    rank: int = 0
    is_frozen: bool = False
    is_provisioned: bool = True
    meets_constraints: bool = True
    expects_up: bool = False
    is_alone: bool = False
    served: str = ""
    config: str = ""
    failed_action: str = ""
    last_start: float = 0.0
    resources: tuple[ResourceView, ...] = ()
    request: Request | None = None
    is_left: bool = False
    named: tuple[str, ...] = ()
    is_incomplete: bool = False

    @property
    def is_active(self) -> bool:
        """Something of it is up, or may be: what could not be seen counts as up."""
        return self.avail in ACTIVE

    @property
    def has_anything_up(self) -> bool:
        """It is active, or its standby resources are up: a shutdown takes them down too."""
        return self.is_active or self.avail is Status.STDBY_UP

    @property
    def may_be_active(self) -> bool:
        """It is active, or an action is under way that could make it so."""
        return self.avail in ACTIVE or self.monitor in MAY_ACTIVATE


ACTIVE = frozenset({Status.UP, Status.WARN, Status.UNDEF})
MAY_ACTIVATE = frozenset({state for state in MonitorState if state.is_acting} - {MonitorState.FREEZING, MonitorState.THAWING})


class ServiceView(NamedTuple):
    """One service: what its file says, the same on all nodes, and its instances by node.

    `lease`: this node's lease of it; of one that was refused, `lease_wait`: seconds after which it may be granted, by the word of those
    who refused, 0: they gave none. `split_resolution` is what happens with a failover service that is up twice: `freeze` or
    `quorum` (keep the one whose node had the quorum).
    """

    path: str
    nodes: tuple[str, ...]
    instances: Mapping[str, InstanceView]
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
    has_data_at_stake: bool = False
    monitor_action: tuple[str, ...] = ()
    pre_monitor_action: str = ""
    split_resolution: str = "freeze"
    is_disabled: bool = False
    is_managed: bool = False
    is_rolled_back: bool = True
    lease: Lease = Lease.NONE
    lease_since: float = 0.0
    lease_wait: float = 0.0

    @property
    def is_failover(self) -> bool:
        """On one node at a time."""
        return self.topology == "failover"


class View(NamedTuple):
    """All that node `me` knows.

    Parameters:
        nodes: the members of the cluster by name, this one among them.
        services: by path; those without an instance here are there for affinities, parents and children.
        awake_since: since when our own loop has run without a gap; what we know of others is no older than that.
        generation: of our own data.
    """

    me: str
    nodes: Mapping[str, NodeView]
    services: Mapping[str, ServiceView] = {}
    arbitrators: tuple[Arbitrator, ...] = ()
    settings: Settings = Settings()
    awake_since: float = float("-inf")
    generation: int = 0

    @property
    def self(self) -> NodeView:
        """This node."""
        return self.nodes[self.me]
