"""Knowledge: all that this node knows of itself, its services and its peers, at this moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from opensvc_daemon.heartbeat.replica import Replica
from opensvc_daemon.monitor.shown import Shown
from opensvc_daemon.orchestration.states import NodeState
from opensvc_daemon.orchestration.view import Arbitrator, Fencing, InstanceView, Lease, Reach, Settings

Json = dict[str, Any]


@dataclass
class ServiceFile:
    """A service's file as it was read last.

    Parameters:
        fields: of a ServiceView.
        digest, generations: its descent, the digest a SHA-256 in hexadecimal; `place`: where it is below `etc`.
        updated: when it was written, in seconds since 1970-01-01 UTC.
        error: why it can't be used; `fields` are those of the last text that could.
        meets_constraints: this node does.
        is_settled: its descent is known, and noted where it had to be.
    """

    fields: Mapping[str, Any]
    digest: str
    generations: Mapping[str, int]
    place: str
    updated: float = 0.0
    error: str = ""
    meets_constraints: bool = True
    is_settled: bool = True


@dataclass
class Picture:
    """What was last seen of an instance beside what decisions need.

    Parameters:
        began: when the look at it began; below zero: never.
        shown: what is kept of the status as the runner told it; `values`: what of it is for the InstanceView, when no action runs.
        messages: what this monitor has to say of the instance.
    """

    began: float = -1.0
    shown: Shown = field(default_factory=Shown)
    messages: dict[str, str] = field(default_factory=dict)
    values: Json = field(default_factory=dict)


@dataclass
class Peer:
    """Another member. Moments are of this node's clock.

    Parameters:
        incarnation: the life that is believed; 0: none was heard.
        announced: the generation of its data that its beats tell of.
        merged: the generation of ours that it had, as of the data of it that is merged here.
        lateness: of its beats, by link: see `opensvc_daemon.heartbeat.lateness`.
        secrets: the ids of those that it holds, and of the one that it seals with.
        untold_since: when `is_told` was found to be untrue; None: it is true.
        state_seen: when its present state was first seen here.
        instances: with the moments at which they were first seen so.
        confirmed: the life that a guard or a person confirmed to run nothing; None: none.
    """

    name: str
    reach: Reach = Reach.UNSEEN
    reach_since: float = 0.0
    last_heard: float | None = None
    incarnation: int = 0
    announced: int = 0
    merged: int = 0
    links: Mapping[str, bool] = field(default_factory=dict)
    finding: str = ""
    lateness: Json = field(default_factory=dict)
    secrets: Json = field(default_factory=dict)
    replica: Replica = field(default_factory=Replica)
    untold_since: float | None = None
    state_seen: float = 0.0
    instances: dict[str, InstanceView] = field(default_factory=dict)
    fencing: Fencing = Fencing.NONE
    fencing_since: float = 0.0
    confirmed: int | None = None

    @property
    def data(self) -> Json:
        """What it says of itself, of its last life that was merged."""
        return self.replica.data

    @property
    def is_merged(self) -> bool:
        """The data here is of the life that is heard."""
        return bool(self.data) and self.replica.incarnation == self.incarnation

    @property
    def is_told(self) -> bool:
        """What it says by now, as its beats tell, has arrived here."""
        return self.is_merged and self.announced <= self.replica.generation

    @property
    def node(self) -> Json:
        """Its own branch of the data."""
        node = self.data.get("node")
        return node if isinstance(node, dict) else {}

    def branch(self, path: str) -> Json:
        """The branch of a service; empty where it has none."""
        found = self.data.get("services")
        branch = found.get(path) if isinstance(found, dict) else None
        return branch if isinstance(branch, dict) else {}

    def services(self) -> Iterator[tuple[str, Json]]:
        """The branches of its services."""
        found = self.data.get("services")
        for path, branch in (found if isinstance(found, dict) else {}).items():
            if isinstance(branch, dict):
                yield path, branch


class LeaseTold(NamedTuple):
    """A lease as beat tells it: see `ServiceView`."""

    lease: Lease = Lease.NONE
    since: float = 0.0
    wait: float = 0.0


@dataclass
class Knowledge:
    """Parameters:
    peers: the other members by name.
    instances: of this node, by service; `pictures` beside them.
    files: the services' files that are here.
    leases: as beat tells them.
    gone: the lives of others that are known here to run nothing any more.
    """

    me: str
    state: NodeState = NodeState.INIT
    state_since: float = 0.0
    awake_since: float = 0.0
    generation: int = 1
    is_frozen: bool = False
    is_overloaded: bool = False
    load: float = 0.0
    score: int = 0
    settings: Settings = field(default_factory=Settings)
    fenceable: frozenset[str] = frozenset()
    members: tuple[str, ...] = ()
    cluster_name: str = "default"
    cluster_id: str = ""
    arbitrators: tuple[Arbitrator, ...] = ()
    peers: dict[str, Peer] = field(default_factory=dict)
    instances: dict[str, InstanceView] = field(default_factory=dict)
    pictures: dict[str, Picture] = field(default_factory=dict)
    files: dict[str, ServiceFile] = field(default_factory=dict)
    leases: dict[str, LeaseTold] = field(default_factory=dict)
    facts: Json = field(default_factory=dict)

    def own_gone(self) -> dict[str, int]:
        """Lives that run nothing any more, from this node's own knowledge: confirmed, or by their own last word."""
        confirmed = {peer.name: peer.confirmed for peer in self.peers.values() if peer.confirmed is not None}
        farewells = {peer.name: peer.incarnation for peer in self.peers.values() if _has_gone(peer)}
        return {**confirmed, **farewells}

    def gone(self) -> dict[str, int]:
        """The same, with what the peers know that are heard."""
        found: dict[str, int] = {}
        for peer in self.peers.values():
            said = peer.node.get("gone")
            if peer.reach is Reach.BEATING and peer.is_merged and isinstance(said, dict):
                found |= {name: life for name, life in said.items() if self._is_life(name, life)}
        return found | self.own_gone()

    def _is_life(self, name: str, life: object) -> bool:
        known = self.peers.get(name)
        return known is not None and isinstance(life, int) and known.incarnation in (0, life)

    def seen_services(self) -> set[str]:
        """Every service that this node or a peer knows."""
        return {*self.files, *self.instances, *(path for peer in self.peers.values() for path, _ in peer.services())}


def _has_gone(peer: Peer) -> bool:
    is_shutting = peer.is_merged and peer.node.get("state") == NodeState.SHUTTING.value
    return is_shutting and not any(one.may_be_active for one in peer.instances.values())
