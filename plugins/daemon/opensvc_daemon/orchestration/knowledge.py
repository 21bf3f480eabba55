"""What may be active elsewhere: for each other node of a service, what is known of it before the service is started here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from opensvc_core.api import Status
from opensvc_daemon.orchestration.evaluation import Evaluation
from opensvc_daemon.orchestration.reasons import Reason
from opensvc_daemon.orchestration.requests import REMOVALS
from opensvc_daemon.orchestration.states import AWAITED, REMOVING, MonitorState, NodeState
from opensvc_daemon.orchestration.view import InstanceView, NodeView, Reach, ServiceView

_WHOLLY_DOWN = frozenset({Status.DOWN, Status.STDBY_DOWN})


class Elsewhere(NamedTuple):
    """The other nodes of a service.

    Parameters:
        blocking: why nobody may start it now: it is active there, or may be within a moment.
        uncertain: nodes that are silent and may have it active: a guard is needed for each.
        down: nodes that are known to have it down because they are gone.
        left: nodes that beat and have it down, though nobody stopped it there: a tag or a reservation may be left of it.
    """

    blocking: tuple[Reason, ...]
    uncertain: tuple[str, ...]
    down: tuple[str, ...]
    left: tuple[str, ...] = ()


def elsewhere(e: Evaluation, service: ServiceView) -> Elsewhere:
    """Look at every other node that may run it."""
    blocking: list[Reason] = []
    uncertain: list[str] = []
    down: list[str] = []
    left: list[str] = []
    for name in e.others(service):
        node, instance = e.view.nodes.get(name), service.instances.get(name)
        if node is not None and node.reach is Reach.GONE:
            down.append(name)
        elif node is not None and node.reach is Reach.BEATING:
            blocking += _said(node, instance)
            left += [name] if _has_left(instance) else []
        elif node is not None and node.reach is Reach.HEARD and (said := tuple(_said(node, instance))):
            # alive, by its own word: nobody takes from it what it has
            blocking += said
        elif node is not None and _is_awaited(e, node):
            blocking.append(
                Reason("awaited", name, (node.state.value, e.timer.left(node.reach_since, e.settings.maintenance_grace_period)))
            )
        else:
            uncertain.append(name)
    return Elsewhere(tuple(blocking), tuple(uncertain), tuple(down), tuple(left))


def _has_left(instance: InstanceView | None) -> bool:
    """Whether a crash ended it there: it is down as a whole, and nobody stopped it.

    Only then is such a node named to the drivers: what a person starts there by hand at this moment is not taken away.
    """
    if instance is None or not (instance.is_left or instance.expects_up):
        return False
    return instance.avail in _WHOLLY_DOWN and not instance.monitor.is_acting


def _said(node: NodeView, instance: InstanceView | None) -> Iterator[Reason]:
    """What a node that beats says against a start."""
    if node.state is NodeState.INIT:
        # it has not told yet what it has
        yield Reason("node.init", node.name)
    elif instance is None:
        return
    elif instance.is_active:
        yield Reason("service.up", node.name)
    elif instance.may_be_active:
        yield Reason("service.acting", node.name, (instance.monitor.value,))
    if node.state is NodeState.SHUTTING:
        # it reboots, perhaps: for as long as a heartbeat is waited for, it may come back to its service
        yield Reason("peer.shutting", node.name)


def _is_awaited(e: Evaluation, node: NodeView) -> bool:
    return node.state in AWAITED and not e.timer.has_passed(node.reach_since, e.settings.maintenance_grace_period)


def may_remove(e: Evaluation, service: ServiceView, name: str) -> bool:
    """Whether a silent node may be removing what the service stands on: it said so, or has not said that it knows of anything later.

    What a daemon that has just begun knows tells nothing of what the one before it has begun: it has not looked yet.
    """
    node, instance, latest = e.view.nodes.get(name), service.instances.get(name), e.asked(service)
    if instance is not None and instance.monitor in REMOVING:
        return True
    if latest is None or not latest.last_removal:
        return False
    known = instance.request if instance is not None else None
    if known is None or node is None or node.state is NodeState.INIT:
        return True
    return known.sequence < latest.last_removal or (known.is_active and known.wish in REMOVALS)


def released_by(e: Evaluation, service: ServiceView, request: str) -> str:
    """The node that has stopped it for a request and told so, where every other one tells as well that it is down there; else empty.

    Only then need nobody be asked on the network: who had its addresses until now has let them go.
    """
    others = [(name, service.instances.get(name)) for name in e.others(service)]
    if not request or not all(_tells_down(e.view.nodes.get(name), instance) for name, instance in others):
        return ""
    return next((name for name, instance in others if instance is not None and instance.served == request), "")


def _tells_down(node: NodeView | None, instance: InstanceView | None) -> bool:
    is_heard = node is not None and node.reach is Reach.BEATING and node.is_told and node.state is not NodeState.INIT
    is_down = instance is not None and instance.avail in _WHOLLY_DOWN and instance.monitor.is_open
    return is_heard and is_down and instance is not None and not instance.expects_up and not instance.is_left


def contest(e: Evaluation, service: ServiceView, rank: int) -> Iterator[Reason]:
    """Peers that announced themselves as well, and come before `rank`: ranks decide that both nodes know."""
    for node, instance in e.present(service):
        if node != e.me and instance.monitor is MonitorState.READY and (instance.rank, node) < (rank, e.me):
            yield Reason("ready.contest", node)


def unheard(e: Evaluation, service: ServiceView) -> Iterator[Reason]:
    """Peers that have not yet acknowledged that this node is ready.

    A peer acknowledges with its own data of that moment. So of two nodes that are ready at the same time, at least one sees
    the other: no delay of messages makes both start.
    """
    announced = e.mine(service).monitor_generation
    for name in e.others(service):
        node = e.view.nodes.get(name)
        if node is not None and node.reach is Reach.BEATING and node.merged < announced:
            yield Reason("ready.unheard", name)
