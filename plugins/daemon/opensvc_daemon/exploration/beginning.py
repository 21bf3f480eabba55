"""The beginning: the first state of a model."""

from __future__ import annotations

from opensvc_core.api import Status
from opensvc_daemon.exploration.happening import begun
from opensvc_daemon.exploration.messaging import said_by
from opensvc_daemon.exploration.model import Model
from opensvc_daemon.exploration.world import NOBODY, Facts, Node, Peer
from opensvc_daemon.orchestration.view import Guard, Lease, Reach


def beginning(model: Model) -> tuple[list[Node], Facts]:
    """The nodes, and what is outside of them."""
    nodes = [_first(model, index) for index in range(model.nodes)]
    if model.is_cold:
        return nodes, Facts()
    said = [said_by(node) for node in nodes]
    places = range(model.nodes)
    heard = [
        node._replace(peers=tuple(Peer(said[other], Reach.BEATING) if other != me else None for other in places))
        for me, node in enumerate(nodes)
    ]
    user = 0 if model.is_made else NOBODY
    return heard, Facts(user if model.guard is Guard.LEASE else NOBODY, user if model.guard is Guard.EXCLUSIVE else NOBODY)


def _first(model: Model, index: int) -> Node:
    peers = tuple(Peer() if other != index else None for other in range(model.nodes))
    node = Node(peers=peers, restarts_left=model.restarts)
    if model.is_cold:
        return begun(model, node._replace(life=0, lives=0))
    if not model.is_made:
        return node._replace(is_provisioned=False)
    if index < (1 if model.topology == "failover" else model.flex_target):
        lease = Lease.HELD if model.guard is Guard.LEASE else Lease.NONE
        return node._replace(is_up=True, avail=Status.UP, expects_up=True, lease=lease)
    return node
