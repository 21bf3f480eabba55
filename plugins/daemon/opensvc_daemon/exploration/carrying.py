"""Carrying out: what becomes of a node by each order of its decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from opensvc_daemon.exploration.messaging import learned
from opensvc_daemon.exploration.model import NAMES
from opensvc_daemon.exploration.world import Node, Work, with_peer
from opensvc_daemon.orchestration.orders import Do, Order
from opensvc_daemon.orchestration.requests import Progress
from opensvc_daemon.orchestration.states import STATE_OF, TRANSITIONS, MonitorState
from opensvc_daemon.orchestration.view import ACTIVE, Fencing, Lease


class Carried(NamedTuple):
    """A node after an order, and what it does to the rest of the world: `announces`, `releases`, `leaves`."""

    node: Node
    effects: frozenset[str] = frozenset()
    complaints: tuple[str, ...] = ()


def carry(node: Node, order: Order) -> Carried:
    """Carry out one order. An order that was carried out already changes nothing."""
    return _HANDS[order.do](node, order)


def _nothing(node: Node, _order: Order) -> Carried:
    return Carried(node)


def _announce(node: Node, order: Order) -> Carried:
    assert order.state is not None
    if node.monitor is order.state:
        return Carried(node)
    is_allowed = order.state.value in TRANSITIONS[node.monitor] or (order.state is MonitorState.IDLE and node.monitor.is_failed)
    complaints = () if is_allowed else (f"contract: from {node.monitor.value} no state follows by '{order.state.value}'",)
    after = node._replace(monitor=order.state, rank=order.rank, is_ready_over=False)
    if order.state is not MonitorState.READY:
        return Carried(after._replace(rank=0), frozenset(), complaints)
    for index, peer in enumerate(after.peers):
        if peer is not None:
            after = with_peer(after, index, has_ours=False)
    return Carried(after, frozenset({"announces"}), complaints)


def _act(node: Node, order: Order) -> Carried:
    if order.action not in TRANSITIONS[node.monitor]:
        return Carried(node, frozenset(), (f"contract: from {node.monitor.value} no state follows by '{order.action}'",))
    complaints = (
        (f"contract: {order.action} while {node.work.action} is under way",)
        if node.work and node.work.is_ordered and node.work.action != "resource"
        else ()
    )
    keeps_up = order.action == "provision" and node.is_up
    work = Work(order.action, tuple(sorted(order.confirmed_down)), order.request, keeps_up=keeps_up)
    return Carried(node._replace(monitor=STATE_OF[order.action], work=work, rank=0, is_ready_over=False), frozenset(), complaints)


def _restart_resource(node: Node, order: Order) -> Carried:
    if node.work is not None:
        return Carried(node)
    meanwhile = MonitorState.RESTARTING if node.monitor is MonitorState.READY else node.monitor
    return Carried(node._replace(work=Work("resource"), monitor=meanwhile, rank=0, is_ready_over=False))


def _ask_lease(node: Node, _order: Order) -> Carried:
    if node.lease in {Lease.ASKED, Lease.HELD}:
        return Carried(node)
    return Carried(node._replace(lease=Lease.ASKED, is_lease_retry_over=False))


def _release_lease(node: Node, _order: Order) -> Carried:
    is_used = node.is_up or (node.work is not None and node.work.action in {"start", "restart", "resource", "provision"})
    complaints = ("3: the lease is given back while the service is active or starting",) if is_used else ()
    return Carried(node._replace(lease=Lease.NONE), frozenset({"releases"}), complaints)


def _fence(node: Node, order: Order) -> Carried:
    index = NAMES.index(order.node)
    peer = node.peers[index]
    assert peer is not None
    if peer.shot:
        return Carried(with_peer(node, index, fencing=Fencing.RUNNING))
    life = peer.said.life if peer.said else 0
    return Carried(with_peer(node, index, fencing=Fencing.RUNNING, is_retry_over=False, shot=1, shot_life=life))


def _leave(node: Node, order: Order) -> Carried:
    if order.action != "stop":
        return Carried(node, frozenset({"leaves"}))
    if node.avail in ACTIVE and not node.is_instance_frozen and not node.monitor.is_acting:
        return _act(node, Order(Do.ACT, order.service, "stop"))
    return Carried(node)


def _node_state(node: Node, order: Order) -> Carried:
    assert order.node_state is not None
    return Carried(node._replace(state=order.node_state, is_rejoin_over=False))


def _end_request(node: Node, order: Order) -> Carried:
    request = node.request
    if request is None or request.id != order.request or not request.is_active:
        return Carried(node)
    return Carried(learned(node, request.ended(order.progress or Progress.DONE)))


_HANDS: Mapping[Do, Callable[[Node, Order], Carried]] = {
    Do.NOTHING: _nothing,
    Do.RUN: _nothing,
    Do.INTERRUPT: _nothing,  # it fails then, as any start may
    Do.ANNOUNCE: _announce,
    Do.ACT: _act,
    Do.RESTART_RESOURCE: _restart_resource,
    Do.ASK_LEASE: _ask_lease,
    Do.RELEASE_LEASE: _release_lease,
    Do.FENCE: _fence,
    Do.LEAVE: _leave,
    Do.NODE_STATE: _node_state,
    Do.END_REQUEST: _end_request,
}
