"""The view that this node decides by, made of what it knows."""

from __future__ import annotations

from typing import Any

from opensvc_core.api import Status
from opensvc_daemon.monitor.knowledge import Knowledge, LeaseTold, Peer
from opensvc_daemon.monitor.telling import PROTOCOL, protocol_of, read_fields, read_state
from opensvc_daemon.orchestration.states import NodeState
from opensvc_daemon.orchestration.view import InstanceView, NodeView, Reach, ServiceView, View

# Of a peer that is heard and has not yet told anything: whatever it is, it is not to be started elsewhere.
_UNTOLD = InstanceView(Status.UNDEF)


def view_of(known: Knowledge) -> View:
    """All that the node knows at this moment."""
    gone = known.gone()
    nodes = {known.me: _own(known)}
    nodes |= {peer.name: _peer(known, peer, is_gone=peer.name in gone) for peer in known.peers.values()}
    services = {path: _service(known, path) for path in known.seen_services()}
    return View(known.me, nodes, services, known.arbitrators, known.settings, known.awake_since, known.generation)


def _own(known: Knowledge) -> NodeView:
    return NodeView(
        known.me,
        state=known.state,
        state_since=known.state_since,
        is_frozen=known.is_frozen,
        is_overloaded=known.is_overloaded,
        load=known.load,
        score=known.score,
        merged=known.generation,
        can_be_fenced=known.me in known.fenceable,
        version=PROTOCOL,
    )


def _peer(known: Knowledge, peer: Peer, *, is_gone: bool) -> NodeView:
    node = NodeView(
        peer.name,
        Reach.GONE if is_gone and peer.reach is not Reach.BEATING else peer.reach,
        peer.reach_since,
        merged=peer.merged,
        is_told=peer.is_told,
        untold_since=peer.untold_since or 0.0,
        fencing=peer.fencing,
        fencing_since=peer.fencing_since,
        can_be_fenced=peer.name in known.fenceable,
        links=peer.links,
    )
    if not peer.data:
        return node._replace(state=NodeState.INIT) if peer.reach is Reach.BEATING else node
    told = peer.node
    return node._replace(
        # a new life whose data has not come yet is looking at its services, as far as we know
        state=read_state(told) if peer.is_merged or peer.reach is not Reach.BEATING else NodeState.INIT,
        state_since=peer.state_seen,
        is_frozen=told.get("frozen") is True,
        is_overloaded=told.get("overloaded") is True,
        load=_number(told.get("load")),
        score=int(_number(told.get("score"))),
        version=protocol_of(told),
    )


def _number(told: object) -> float:
    return float(told) if isinstance(told, (int, float)) else 0.0


def fields_for(known: Knowledge, path: str) -> dict[str, Any]:
    """What the service's file says: the one here, else that of the peer that tells of it and is heard best."""
    if path in known.files and known.files[path].fields:
        return dict(known.files[path].fields)
    told = [(peer.reach is not Reach.BEATING, peer.name, peer.branch(path).get("config")) for peer in known.peers.values()]
    return next((found for _, _, config in sorted(told, key=lambda each: each[:2]) if (found := read_fields(config))), {})


def _service(known: Knowledge, path: str) -> ServiceView:
    fields = fields_for(known, path)
    nodes = fields.pop("nodes", ())
    instances = {peer.name: peer.instances[path] for peer in known.peers.values() if path in peer.instances}
    for peer in known.peers.values():
        if peer.reach is Reach.BEATING and peer.name in nodes and not peer.data:
            instances[peer.name] = _UNTOLD
    if path in known.instances:
        instances[known.me] = known.instances[path]
    if not fields:  # no file that can be read tells what is wanted of it
        fields = {"is_disabled": True}
    lease, since, wait = known.leases.get(path, LeaseTold())
    return ServiceView(path, nodes, instances, lease=lease, lease_since=since, lease_wait=wait, **fields)
