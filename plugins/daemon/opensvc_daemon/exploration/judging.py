"""Judging a decision: what must hold of every order, and of what is left undone, whatever the rest of the cluster is like."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from opensvc_core.api import Status
from opensvc_daemon.exploration.model import SERVICE, Model
from opensvc_daemon.exploration.world import Node
from opensvc_daemon.orchestration.orders import Decision, Do, Order
from opensvc_daemon.orchestration.reasons import Reason
from opensvc_daemon.orchestration.states import AWAITED, MonitorState, NodeState
from opensvc_daemon.orchestration.view import Guard, Lease, NodeView, Reach, View

_RAISING = frozenset({"start", "restart", "provision"})
_LOOKING = frozenset({NodeState.INIT, NodeState.MAINTENANCE, NodeState.UPGRADE})
_LOWERING = frozenset({"stop", "switch", "freezestop"})


def judge(model: Model, node: Node, view: View, decision: Decision) -> Iterator[str]:
    """What is wrong with a decision, each line beginning with the number of the invariant."""
    for order in decision.orders:
        yield from _on_reasons(view, order)
        if node.state in _LOOKING and order.do not in {Do.NOTHING, Do.RELEASE_LEASE} and order.state is not MonitorState.IDLE:
            yield f"8: {order}, though the daemon is in {node.state.value}"
        if order.do in {Do.ACT, Do.RESTART_RESOURCE}:
            yield from _on_its_own(node, view, order)
        if _raises(order) and model.topology == "failover":
            yield from _on_guard(model, view, order)
        if order.state is MonitorState.READY:
            yield from _on_ready(model, view, order)
        if order.do is Do.FENCE:
            yield from _on_fencing(view, order)
    if not node.has_file:
        return
    mine = view.services[SERVICE].instances[view.me]
    if not mine.is_active and not any(_tells(order) for order in decision.orders):
        yield "6: it is not up here and no reason is given"


def _on_reasons(view: View, order: Order) -> Iterator[str]:
    if not order.reasons:
        yield f"6: no reason is given for '{order}'"
    for reason in order.reasons:
        if not _TRUE.get(reason.code, _always)(view, reason):
            yield f"6: '{reason}' is not true"


def _tells(order: Order) -> bool:
    """Whether an order is about the service. A fence names it in its reason."""
    return order.service == SERVICE or order.do is Do.LEAVE or any(SERVICE in reason.facts for reason in order.reasons)


def _raises(order: Order) -> bool:
    return order.do is Do.RESTART_RESOURCE or (order.do is Do.ACT and order.action in _RAISING)


def _on_its_own(node: Node, view: View, order: Order) -> Iterator[str]:
    """A frozen instance is left alone; what a person orders thaws it first, a stop freezes it first."""
    action = order.action or "restart"
    if action == "start" and node.is_instance_frozen:
        yield "2: a frozen instance is started"
    if order.request or action not in _RAISING | _LOWERING:
        return
    # who drains a frozen node means what is up there
    if node.is_instance_frozen or (node.is_frozen and node.state is not NodeState.DRAINING):
        yield f"2: a frozen instance is told to {action}"
    if action == "stop" and node.state is NodeState.IDLE and _is_where_it_may_be(view):
        yield "5: it is stopped where it is allowed to be"


def _is_where_it_may_be(view: View) -> bool:
    """Whether nothing says that the instance, which is up, should go away from here."""
    service = view.services[SERVICE]
    has_lease = service.guard is not Guard.LEASE or service.lease is Lease.HELD
    is_kept = service.is_failover and service.instances[view.me].avail is Status.UP
    return is_kept and has_lease and (not view.settings.has_quorum_rule or _has_majority(view))


def _has_majority(view: View) -> bool:
    mine, total = _weights(view)
    return mine * 2 > total


def _weights(view: View) -> tuple[int, int]:
    """The votes that are with this node, and all of them."""
    counted = [node for node in view.nodes.values() if node.name == view.me or node.reach is not Reach.GONE]
    return sum(node.weight for node in counted if node.name == view.me or node.reach is Reach.BEATING), sum(node.weight for node in counted)


def _silent(view: View) -> list[NodeView]:
    return [node for name, node in view.nodes.items() if name != view.me and node.reach not in {Reach.BEATING, Reach.GONE}]


def _is_awaited(node: NodeView) -> bool:
    return node.state in AWAITED and node.reach_since > 0


def _on_guard(model: Model, view: View, order: Order) -> Iterator[str]:
    """Where the service may be active on a silent peer, the guard has to have spoken."""
    if order.action != "start" and view.services[SERVICE].instances[view.me].is_active:
        return  # what is active here is restarted here, where nobody else could have started it
    if view.awake_since > 0:
        yield f"3: {order}, though this node has just woken up"
    if model.has_quorum_rule and not _has_majority(view):
        yield f"3: {order}, though this part has no majority"
    for node in _silent(view):
        yield from _on_silent(model, node, order)
    if model.guard is Guard.LEASE and view.services[SERVICE].lease is not Lease.HELD:
        yield f"3: {order} without a lease"
    for name in order.confirmed_down:
        if view.nodes[name].reach is Reach.BEATING and not _says_down(view, name):
            yield f"3: {order} takes {name} to be down, which beats and does not say so"


def _says_down(view: View, name: str) -> bool:
    """Whether a node that beats has looked, has it down, and nobody has stopped it there: what it left may be taken over."""
    instance = view.services[SERVICE].instances[name]
    has_looked = view.nodes[name].state is not NodeState.INIT
    return has_looked and instance.avail is Status.DOWN and (instance.expects_up or instance.is_left) and not instance.monitor.is_acting


def _on_silent(model: Model, node: NodeView, order: Order) -> Iterator[str]:
    if _is_awaited(node):
        yield f"3: {order}, though {node.name} is awaited"
    if model.guard is Guard.FENCE:
        yield f"3: {order}, though {node.name} is silent and not confirmed to be down"
    if model.guard is Guard.NONE and model.has_data:
        yield f"3: {order}, though {node.name} is silent and there is no guard"


def _on_ready(model: Model, view: View, order: Order) -> Iterator[str]:
    """Nobody announces in vain what another node could do."""
    if model.guard is Guard.NONE and model.has_data and model.topology == "failover" and _silent(view):
        yield f"4: {order}, though nothing will ever allow the start"


def _on_fencing(view: View, order: Order) -> Iterator[str]:
    mine, total = _weights(view)
    if view.nodes[order.node].reach is Reach.BEATING:
        yield f"3: {order.node} is fenced, though it beats"
    if _is_awaited(view.nodes[order.node]):
        yield f"3: {order.node} is fenced, though it is awaited"
    if mine * 2 < total:
        yield f"3: {order.node} is fenced by the smaller part"
    if view.nodes[view.me].state is not NodeState.IDLE:
        yield f"3: {order.node} is fenced by a node that is {view.nodes[view.me].state.value}"


def _always(_view: View, _reason: Reason) -> bool:
    return True


def _reaches(reach: Reach) -> Callable[[View, Reason], bool]:
    return lambda view, reason: view.nodes[reason.node].reach is reach


def _is_active(view: View, reason: Reason) -> bool:
    return view.services[SERVICE].instances[reason.node].is_active


def _monitor(state: MonitorState) -> Callable[[View, Reason], bool]:
    return lambda view, reason: view.services[SERVICE].instances[reason.node].monitor is state


def _is_uncertain(view: View, reason: Reason) -> bool:
    return view.nodes[reason.node].reach in {Reach.SILENT, Reach.HEARD, Reach.UNSEEN}


# What a reason claims, where that can be seen in the view. The others claim what cannot be told apart from the rule itself.
_TRUE: Mapping[str, Callable[[View, Reason], bool]] = {
    "node.silent": _reaches(Reach.SILENT),
    "node.unseen": _reaches(Reach.UNSEEN),
    "node.gone": _reaches(Reach.GONE),
    "node.frozen": lambda view, reason: view.nodes[reason.node].is_frozen,
    "node.init": lambda view, reason: view.nodes[reason.node].state is NodeState.INIT,
    "instance.missing": lambda view, reason: reason.node not in view.services[SERVICE].instances,
    "instance.frozen": lambda view, reason: view.services[SERVICE].instances[reason.node].is_frozen,
    "instance.failed": lambda view, reason: view.services[SERVICE].instances[reason.node].monitor.is_failed,
    "service.up": _is_active,
    "service.warn": _is_active,
    "service.wanted": lambda view, _: (
        not any(
            instance.is_active and (name == view.me or view.nodes[name].reach is Reach.BEATING)
            for name, instance in view.services[SERVICE].instances.items()
        )
    ),
    "service.acting": lambda view, reason: view.services[SERVICE].instances[reason.node].monitor.is_acting,
    "ready.contest": _monitor(MonitorState.READY),
    "ready.unheard": lambda view, reason: view.nodes[reason.node].merged < 1,
    "split": lambda view, reason: all(
        view.services[SERVICE].instances[name].avail in {Status.UP, Status.WARN} for name in reason.facts[0].split()
    ),
    "fence.confirmed": _reaches(Reach.GONE),
    "peer.left": lambda view, reason: _says_down(view, reason.node),
    "fence": _is_uncertain,
    "fence.unable": lambda view, reason: not view.nodes[reason.node].can_be_fenced,
    "guard.none": _is_uncertain,
    "guard.probe": _is_uncertain,
    "guard.accept": _is_uncertain,
    "guard.exclusive": _is_uncertain,
    "lease.held": lambda view, _: view.services[SERVICE].lease is Lease.HELD,
    "lease.asked": lambda view, _: view.services[SERVICE].lease is Lease.ASKED,
    "lease.refused": lambda view, _: view.services[SERVICE].lease is Lease.REFUSED,
    "awaited": lambda view, reason: view.nodes[reason.node].state in AWAITED,
    "peer.shutting": lambda view, reason: view.nodes[reason.node].state is NodeState.SHUTTING,
    "self.state": lambda view, reason: view.nodes[reason.node].state.value == reason.facts[0],
    "rejoin.complete": lambda view, _: all(node.reach in {Reach.BEATING, Reach.GONE} for node in view.nodes.values()),
}
