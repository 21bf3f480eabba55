"""What a node does as a whole: rejoin, drain, shutdown, and leaving the game when it lost the quorum."""

from __future__ import annotations

from opensvc_daemon.orchestration.evaluation import Evaluation
from opensvc_daemon.orchestration.keeping import lower
from opensvc_daemon.orchestration.orders import Do, Order
from opensvc_daemon.orchestration.raising import Orders, act, nothing
from opensvc_daemon.orchestration.reasons import Reason
from opensvc_daemon.orchestration.states import NodeState
from opensvc_daemon.orchestration.view import Reach, ServiceView


def node_orders(e: Evaluation) -> Orders:
    """What is to be done with the node's own state."""
    if e.node.state is NodeState.REJOIN:
        return _rejoin(e)
    if e.node.state is NodeState.DRAINING and not _active_and_free(e):
        return (Order(Do.NODE_STATE, node_state=NodeState.IDLE, reasons=(Reason("drain.done"),)),)
    if e.settings.split_action != "stop" and has_lost(e) and _active_and_free(e):
        return (Order(Do.LEAVE, action=e.settings.split_action, reasons=(Reason("quorum.missing", "", e.votes.texts),)),)
    return ()


def _rejoin(e: Evaluation) -> Orders:
    """The cluster begins, or this node comes back to it: how long are others waited for?"""
    others = [node for node in e.view.nodes.values() if node.name != e.me and node.reach is not Reach.GONE]
    absent = [node.name for node in others if node.reach is not Reach.BEATING or node.state is NodeState.INIT]
    running = [node.name for node in others if node.reach is Reach.BEATING and node.state is NodeState.IDLE]
    if not absent:
        why = Reason("rejoin.complete")
    elif running:
        why = Reason("rejoin.running", running[0])
    elif e.timer.has_passed(e.node.state_since, e.settings.rejoin_grace_period):
        why = Reason("rejoin.over")
    else:
        left = e.timer.left(e.node.state_since, e.settings.rejoin_grace_period)
        return (Order(Do.NOTHING, node=e.me, reasons=(Reason("rejoin.waiting", "", (" ".join(absent), left)),)),)
    return (Order(Do.NODE_STATE, node_state=NodeState.IDLE, reasons=(why,)),)


def has_lost(e: Evaluation) -> bool:
    """Whether this node runs in a part of the cluster that has no majority, and has to leave the game.

    A frozen node ignores the split.
    """
    return e.settings.has_quorum_rule and e.node.state is NodeState.IDLE and not e.node.is_frozen and not e.votes.is_majority


def _active_and_free(e: Evaluation) -> bool:
    mine = (service.instances.get(e.me) for service in e.view.services.values() if not service.is_managed)
    return any(instance is not None and instance.may_be_active and not instance.is_frozen for instance in mine)


def leave(e: Evaluation, service: ServiceView) -> Orders:
    """The quorum is lost: an instance that is up here stops."""
    return act(e, service, "stop", Reason("quorum.missing", "", e.votes.texts))


def drained(e: Evaluation, service: ServiceView) -> Orders:
    """The node is being drained: what is up here stops, so that others take over."""
    if e.mine(service).is_frozen:
        return nothing(service, Reason("drain.frozen"))
    return lower(e, service, "stop", Reason("drain"), is_here=True)


def shut(e: Evaluation, service: ServiceView) -> Orders:
    """The node is being shut down: everything stops, in order, what is frozen too."""
    return lower(e, service, "shutdown", Reason("shutdown"), is_here=True)
