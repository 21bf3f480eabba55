"""A world: one state of the model. All values, so that equal states are found again."""

from __future__ import annotations

from typing import NamedTuple

from opensvc_core.api import Status
from opensvc_daemon.orchestration.requests import Request
from opensvc_daemon.orchestration.states import MonitorState, NodeState
from opensvc_daemon.orchestration.view import Fencing, Lease, Reach

NOBODY = -1
# Added to a node's number in `Facts.token`: it holds the lease by its former life.
DEAD = 10


class Said(NamedTuple):
    """What a node says of itself. `gone`: lives of other nodes that it knows to run nothing, as (node, life)."""

    life: int
    state: NodeState
    is_frozen: bool
    avail: Status
    monitor: MonitorState
    rank: int
    is_instance_frozen: bool
    request: Request | None
    served: str
    expects_up: bool
    is_provisioned: bool
    has_file: bool
    gone: tuple[tuple[int, int], ...]


class Peer(NamedTuple):
    """What a node knows of another one.

    Moments are flags: `is_delay_over` and `is_grace_over` count from the change of `reach`. `has_ours`: it acknowledged our
    latest announcement; `has_theirs`: we have its latest one. `shot`: a fence agent is at work (1), has hit (2).
    """

    said: Said | None = None
    reach: Reach = Reach.UNSEEN
    has_ours: bool = False
    has_theirs: bool = False
    is_delay_over: bool = False
    is_grace_over: bool = False
    is_gone: bool = False
    fencing: Fencing = Fencing.NONE
    is_retry_over: bool = False
    shot: int = 0
    shot_life: int = 0


class Work(NamedTuple):
    """An action under way. `is_ordered`: the daemon that ordered it still lives. `keeps_up`: a provision of what was up before."""

    action: str
    confirmed_down: tuple[str, ...] = ()
    request: str = ""
    is_ordered: bool = True
    keeps_up: bool = False


class Node(NamedTuple):
    """A node: its machine, its disk, and what its daemon knows. `life` is 0 while no daemon runs.

    `is_up` is whether the instance is truly active, `avail` what the daemon last saw of it.
    """

    is_on: bool = True
    is_up: bool = False
    work: Work | None = None
    lives: int = 1
    is_frozen: bool = False
    is_instance_frozen: bool = False
    expects_up: bool = False
    is_provisioned: bool = True
    has_file: bool = True
    request: Request | None = None
    served: str = ""
    life: int = 1
    state: NodeState = NodeState.IDLE
    avail: Status = Status.DOWN
    monitor: MonitorState = MonitorState.IDLE
    rank: int = 0
    failed_action: str = ""
    restarts_left: int = 0
    is_ready_over: bool = False
    is_rejoin_over: bool = False
    is_awake: bool = True
    lease: Lease = Lease.NONE
    is_lease_retry_over: bool = False
    peers: tuple[Peer | None, ...] = ()


class Message(NamedTuple):
    """A beat with the whole data. `heard`: the life of the receiver that the sender has heard."""

    said: Said
    heard: int
    has_yours: bool
    is_latest: bool


class Facts(NamedTuple):
    """What is outside the nodes: the lease as a token, and who has the exclusive resource."""

    token: int = NOBODY
    holder: int = NOBODY


class World(NamedTuple):
    """One state. `budget`: how much may still happen, by the order of the model. `mail`: messages under way, by sender and receiver."""

    nodes: tuple[int, ...]
    facts: Facts
    budget: tuple[int, ...]
    asks: int = 0
    mail: tuple[int, ...] = ()


def with_peer(node: Node, index: int, **values: object) -> Node:
    """A node that knows something else of a peer."""
    peer = node.peers[index]
    assert peer is not None
    return node._replace(peers=(*node.peers[:index], peer._replace(**values), *node.peers[index + 1 :]))  # type: ignore[arg-type] # names are checked by _replace
