"""The view of a node in the model: flags become moments that have passed, or have not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from opensvc_core.api import Status
from opensvc_daemon.exploration.model import NAMES, RESOURCE, SERVICE, Model
from opensvc_daemon.exploration.world import Node, Peer, Said
from opensvc_daemon.orchestration.states import NodeState
from opensvc_daemon.orchestration.view import (
    ACTIVE,
    Guard,
    InstanceView,
    NodeView,
    Reach,
    ResourceView,
    ServiceView,
    Settings,
    View,
)

NOW = 1_000_000.0
# Longer ago than the delay of a fence, shorter than a maintenance.
_BETWEEN = 30.0


def moment(*, is_over: bool) -> float:
    """A moment from which a period is over, or has just begun."""
    return 0.0 if is_over else NOW


def view_of(model: Model, me: int, node: Node) -> View:
    """All that a node knows."""
    names = NAMES[: model.nodes]
    gone = {index for index, _ in gone_lives(node)}
    settings = Settings(has_quorum_rule=model.has_quorum_rule, split_action=model.split_action)
    nodes = {name: _peer(model, node, index, gone) if index != me else _own(model, node, name) for index, name in enumerate(names)}
    services = {SERVICE: _service(model, me, node)} if node.has_file else {}
    return View(NAMES[me], nodes, services, (), settings, moment(is_over=node.is_awake), 1)


def gone_lives(node: Node) -> Iterator[tuple[int, int]]:
    """The lives that run nothing any more: known here, or to a peer that is heard."""
    yield from known_gone(node)
    for peer in node.peers:
        if peer is not None and peer.reach is Reach.BEATING and peer.said is not None:
            for index, life in peer.said.gone:
                other = node.peers[index]
                if other is not None and life == (other.said.life if other.said else life):
                    yield index, life


def known_gone(node: Node) -> Iterator[tuple[int, int]]:
    """The lives that are confirmed here to run nothing, and those that said so as their last word."""
    for index, peer in enumerate(node.peers):
        if peer is not None and (peer.is_gone or (peer.said is not None and _is_farewell(peer.said))):
            yield index, peer.said.life if peer.said else 0


def _is_farewell(said: Said) -> bool:
    return said.state is NodeState.SHUTTING and not InstanceView(said.avail, said.monitor).may_be_active


def _own(model: Model, node: Node, name: str) -> NodeView:
    return NodeView(
        name,
        state=node.state,
        state_since=moment(is_over=node.is_rejoin_over),
        is_frozen=node.is_frozen,
        merged=1,
        can_be_fenced=_fences(model),
    )


def _fences(model: Model) -> bool:
    return model.guard is Guard.FENCE


def _peer(model: Model, node: Node, index: int, gone: set[int]) -> NodeView:
    peer = node.peers[index]
    assert peer is not None
    is_gone = peer.reach is not Reach.BEATING and index in gone
    view = NodeView(
        NAMES[index],
        Reach.GONE if is_gone else peer.reach,
        _since(peer),
        load=float(model.is_biased),
        merged=int(peer.has_ours),
        fencing=peer.fencing,
        fencing_since=moment(is_over=peer.is_retry_over),
        can_be_fenced=_fences(model),
    )
    return view._replace(state=peer.said.state, is_frozen=peer.said.is_frozen) if peer.said else view


def _since(peer: Peer) -> float:
    if peer.is_grace_over:
        return 0.0
    return NOW - _BETWEEN if peer.is_delay_over else NOW


def _service(model: Model, me: int, node: Node) -> ServiceView:
    return ServiceView(
        SERVICE,
        tuple(NAMES[: model.nodes]),
        _instances(model, me, node),
        topology=model.topology,
        flex_target=model.flex_target,
        orchestrate=model.orchestrate,
        placement="load avg" if model.is_biased else "nodes order",
        guard=model.guard,
        has_data_at_stake=model.has_data,
        monitor_action=model.monitor_action,
        lease=node.lease,
        lease_since=moment(is_over=node.is_lease_retry_over),
    )


def _instances(model: Model, me: int, node: Node) -> Mapping[str, InstanceView]:
    found = {NAMES[me]: _mine(model, node)}
    for index, peer in enumerate(node.peers):
        if peer is not None and peer.said is not None and peer.said.has_file:
            found[NAMES[index]] = _theirs(peer.said)
    return found


def _mine(model: Model, node: Node) -> InstanceView:
    status = Status.UP if node.avail in ACTIVE else Status.DOWN
    resource = ResourceView(RESOURCE, status, is_monitored=bool(model.monitor_action), restarts_left=node.restarts_left)
    return InstanceView(
        node.avail,
        node.monitor,
        moment(is_over=node.is_ready_over),
        1,
        node.rank,
        is_frozen=node.is_instance_frozen,
        is_provisioned=node.is_provisioned,
        expects_up=node.expects_up,
        served=node.served,
        failed_action=node.failed_action,
        resources=(resource,) if model.monitor_action or model.restarts else (),
        request=node.request,
    )


def _theirs(said: Said) -> InstanceView:
    return InstanceView(
        *(said.avail, said.monitor, 0.0, 1, said.rank),
        is_frozen=said.is_instance_frozen,
        is_provisioned=said.is_provisioned,
        expects_up=said.expects_up,
        served=said.served,
        request=said.request,
    )
